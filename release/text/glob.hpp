// SPDX-License-Identifier: Apache-2.0
#pragma once

// Patterns over paths inside a source: '*' any characters but '/', '?' one of them, "**" any number
// of whole components. Time is at most pattern times path.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::release {

class Glob {
 public:
  explicit Glob(std::string_view pattern);
  bool matches(std::string_view path) const;
  // The same as a regular expression (PCRE) for '/' and a path, of a pattern that
  // check_serve_pattern() takes: without a backslash or quotation mark.
  std::string regex() const;

 private:
  std::vector<std::string> parts_;
};

}  // namespace sealift::release
