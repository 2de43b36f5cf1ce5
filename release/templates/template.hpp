// SPDX-License-Identifier: Apache-2.0
#pragma once

// Templates of configuration files: the language "mustache v1", a part of Mustache with filters.
//   {{NAME}}                      the value; nothing is escaped, {{{NAME}}} and {{&NAME}} are the
//   same
//   {{NAME | json | shell}}       the value as filters write it; release/templates/filters.hpp
//   {{#NAME}}..{{/NAME}}          kept where the value is true, or repeated for each item of a list
//   {{^NAME}}..{{/NAME}}          kept where it is false, or a list without items
//   {{.}} {{FIELD}}               the item, or a field of it; {{#.first}} and {{#.last}} ask of it
//   {{"{{"}}                      a text in JSON's quotes, as it is
//   {{! a comment }}
// A section's tag or comment alone on its line takes the line with it. NAME is a key of the values;
// release/templates/expression.hpp has the others. Everything else, such as nginx's $uri or single
// braces, is left as it is. Partials and other delimiters are refused. Rendering is pure; its
// input, output and steps are bounded. docs/templates.md is for people.

#include <string>
#include <string_view>
#include <vector>

#include "release/templates/template_node.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxTemplateBytes = 4U << 20;
inline constexpr std::size_t kMaxRenderedBytes = 16U << 20;
inline constexpr std::uint64_t kMaxRenderSteps = 1'000'000;
// What every mistake in a template may mean.
inline constexpr std::string_view kBracesOfOthers =
    "where the braces are another program's, write {{\"{{\"}} for {{";

// The values every template may use beside those of the environment.
Values builtin_values(const std::string& release, const std::string& version,
                      const std::string& environment);

// Whether a name inside those sections may mean a field of a list's item: an item has it, or there
// is no item yet to tell by.
bool may_be_field(const std::string& name, const std::vector<std::string>& sections,
                  const Values& values);

class Template {
 public:
  // Throws Error{invalid_input} with every mistake, each "WHERE:LINE: ...".
  static Template parse(std::string_view text, const std::string& where);

  // Text in which braces mean nothing.
  static Template verbatim(std::string text, const std::string& where);

  const std::string& where() const { return where_; }
  const std::vector<TemplateUse>& uses() const { return uses_; }
  // The names of the sections around a use, the inner first.
  std::vector<std::string> sections_around(const TemplateUse& use) const;
  // Throws Error{invalid_input} with every mistake: a name without a value, a condition that is no
  // boolean and no list, a value that a filter refuses. At most `limit` bytes.
  std::string render(const Values& values, std::size_t limit = kMaxRenderedBytes) const;
  // Throws what render() would, but passes over what is not set yet.
  void check(const Values& values) const;

 private:
  Template() = default;
  std::string where_;
  std::vector<TemplateNode> nodes_;
  std::vector<TemplateUse> uses_;
};

}  // namespace sealift::release
