// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Compose file that is a template is read as YAML with a word in the place of each of its tags,
// and the tags take their places again when it is written. Sections would make other files of it,
// so they are refused.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace sealift::compose {

// One object for all files of a project, so that a word means one tag.
class TemplateTags {
 public:
  // Adds every section to `problems`; comments vanish.
  std::string taken_from(std::string_view text, const std::string& name, Problems& problems);
  // The text with its tags.
  std::string put_back(const std::string& text) const;

 private:
  std::string word_for(std::string_view tag);

  std::vector<std::string> tags_;
  std::map<std::string, std::string, std::less<>> words_;  // by tag
};

}  // namespace sealift::compose
