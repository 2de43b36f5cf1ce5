// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes secrets and names of people out of texts that leave the house. A secret is looked for as
// it is, line by line where it has several, and as JSON, base64 and URLs spell it. One of fewer
// than kShortestSecret bytes would be found everywhere and is not looked for.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sealift::installer {

inline constexpr std::size_t kShortestSecret = 4;

class Redaction {
 public:
  // `key` takes the place of the value: "[secret SESSION_KEY]".
  void add_secret(const std::string& key, std::string_view value);
  // An account; "user-1", "user-2" in the order in which they are added. Root is nobody.
  void add_person(const std::string& account);

  std::string clean(std::string text) const;
  // Every text in it, also keys.
  Json clean_json(const Json& value) const;

  // Keys that were added, and those that are too short to be looked for.
  const std::vector<std::string>& masked() const { return masked_; }
  const std::vector<std::string>& too_short() const { return too_short_; }

 private:
  void add_spelling(const std::string& key, std::string spelling);

  // What is looked for, the longest first, -> what stands there instead.
  struct LongestFirst {
    bool operator()(const std::string& a, const std::string& b) const {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    }
  };
  std::map<std::string, std::string, LongestFirst> spellings_;
  std::map<std::string, std::string, LongestFirst> people_;  // whole words
  std::vector<std::string> masked_;
  std::vector<std::string> too_short_;
};

}  // namespace sealift::installer
