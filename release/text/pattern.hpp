// SPDX-License-Identifier: Apache-2.0
#pragma once

// A regular expression of the configuration contract: ECMAScript without back-references and
// look-ahead, of a whole text. Whatever a bundle says, it is matched in polynomial time and in
// bounded memory: its bytes, the states that its counted repetitions are written out to, and the
// text have limits.

#include <memory>
#include <string>
#include <string_view>

namespace sealift::release {

class Pattern {
 public:
  static constexpr std::size_t kMaxBytes = 400;
  static constexpr std::size_t kMaxStates = 1000;
  static constexpr std::size_t kMaxText = 4096;

  // Throws Error{invalid_input}.
  static Pattern parse(std::string_view text);
  // False for a text of more than kMaxText bytes.
  bool matches(std::string_view text) const;

 private:
  struct Expression;  // <regex> is compiled in pattern.cpp alone
  explicit Pattern(std::shared_ptr<const Expression> expression)
      : expression_(std::move(expression)) {}
  std::shared_ptr<const Expression> expression_;
};

}  // namespace sealift::release
