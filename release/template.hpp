// SPDX-License-Identifier: Apache-2.0
#pragma once

// Templates of configuration files: the language "mustache v1", a part of Mustache.
//   {{NAME}}                      the value; nothing is escaped, {{{NAME}}} and {{&NAME}} are the
//   same
//   {{#NAME}}..{{/NAME}}          kept where the value is true (a boolean)
//   {{^NAME}}..{{/NAME}}          kept where it is false
//   {{! a comment }}
// NAME is a key of the environment's and site's values, or release.name, release.version,
// environment, or image.WORD, the image whose repository ends with WORD. Everything else, such as
// nginx's $uri or single braces, is left as it is. Partials and other delimiters are refused.
// Rendering is pure; its input and output are bounded.

#include <string>
#include <string_view>
#include <vector>

#include "release/environment.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxTemplateBytes = 4U << 20;
inline constexpr std::size_t kMaxRenderedBytes = 16U << 20;

struct TemplateUse {
  std::string name;
  int line;
  bool section;  // used as a condition
};

// The values every template may use beside those of the environment.
Values builtin_values(const std::string& release, const std::string& version,
                      const std::string& environment);

class Template {
 public:
  // Throws Error{invalid_input} with every mistake, each "WHERE:LINE: ...".
  static Template parse(std::string_view text, const std::string& where);

  const std::vector<TemplateUse>& uses() const { return uses_; }
  // Throws Error{invalid_input} for a name without a value and for a condition that is no boolean.
  std::string render(const Values& values) const;

 private:
  Template() = default;
  std::string normal_;  // with every tag in one form
  std::string where_;
  std::vector<TemplateUse> uses_;
};

}  // namespace sealift::release
