// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes HTML of texts that nobody can be trusted to have written well. Every text is made
// printable and escaped on its way in, and there is no other way in: names of elements and
// attributes are constants of ours. The language of templates escapes nothing, because what it
// writes is configuration; so it is not used here.

#include <string>
#include <string_view>
#include <vector>

namespace sealift::installer {

class Html {
 public:
  // `start` is the element's name and its attributes, such as "th scope=\"col\"".
  Html& open(std::string_view start);
  Html& close(std::string_view element);
  Html& text(std::string_view text);
  // An element with a text in it.
  Html& element(std::string_view start, std::string_view text);
  // A table with headings, which are constants; where it has no row a sentence that says so. On a
  // narrow screen each cell is told with its heading.
  Html& table(const std::vector<std::string>& headings,
              const std::vector<std::vector<std::string>>& rows);
  // A table of two columns, the first of which names the second.
  Html& facts(const std::vector<std::vector<std::string>>& rows);
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace sealift::installer
