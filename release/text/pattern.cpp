// SPDX-License-Identifier: Apache-2.0
#include "release/text/pattern.hpp"

#include <algorithm>
#include <regex>
#include <vector>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMany = 1U << 20;  // beyond every limit; products of two fit

struct Measure {
  std::size_t states;  // about, once each "{n,m}" is written out m times, as the library does
  bool looks_ahead;    // matches again and again from each place, within each other without end
};

// Where the expression is broken, whatever it is: the library will say so.
Measure measure(std::string_view text) {
  bool looks_ahead = false;
  std::vector<std::size_t> groups = {0};  // the states of each group that is open
  std::size_t last = 0;                   // of what a repetition would repeat
  const auto put = [&](std::size_t states) {
    last = std::min(states, kMany);
    groups.back() = std::min(groups.back() + last, kMany);
  };
  const auto count_at = [&](std::size_t& at) {
    std::size_t count = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      count = std::min(count * 10 + static_cast<std::size_t>(text[at] - '0'), kMany);
    }
    return count;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
      put(1);
    } else if (text[at] == '[') {
      while (++at < text.size() && text[at] != ']') at += text[at] == '\\' ? 1 : 0;
      put(1);
    } else if (text[at] == '(') {
      const std::string_view kind = text.substr(at + 1, 2);
      looks_ahead = looks_ahead || kind == "?=" || kind == "?!";
      groups.push_back(1);
    } else if (text[at] == ')' && groups.size() > 1) {
      const std::size_t inner = groups.back();
      groups.pop_back();
      put(inner);
    } else if (text[at] == '{') {
      std::size_t count = count_at(++at);
      if (at < text.size() && text[at] == ',') count = std::max(count + 1, count_at(++at));
      const std::size_t repeated = last;
      if (count > 1) put(repeated * (count - 1));
      last = std::min(repeated * std::max<std::size_t>(count, 1), kMany);
    } else {
      put(1);
    }
  }
  return {groups.front(), looks_ahead};
}

}  // namespace

struct Pattern::Expression {
  std::regex regex;
};

Pattern Pattern::parse(std::string_view text) {
  const auto refuse = [&](const std::string& found) {
    throw Error(Errc::invalid_input, format("found \"{}\", {}", printable(text, 80), found));
  };
  if (text.size() > kMaxBytes) {
    refuse(
        format("of {} bytes, expected a regular expression of at most {}", text.size(), kMaxBytes));
  }
  const Measure measured = measure(text);
  if (measured.looks_ahead) refuse("expected a regular expression without (?= and (?!");
  if (measured.states > kMaxStates) {
    refuse("expected a regular expression with smaller counts of repetition");
  }
  try {
    // libstdc++ knows a second way to match, which neither backtracks nor recurses over the text.
    return Pattern(std::make_shared<Expression>(Expression{std::regex(
        text.begin(), text.end(), std::regex::ECMAScript | std::regex_constants::__polynomial)}));
  } catch (const std::regex_error& error) {
    refuse(error.code() == std::regex_constants::error_complexity
               ? "expected a regular expression without back-references"
               : "expected a regular expression (ECMAScript)");
  }
  throw Error(Errc::internal, "unreachable");
}

bool Pattern::matches(std::string_view text) const {
  return text.size() <= kMaxText && std::regex_match(text.begin(), text.end(), expression_->regex);
}

}  // namespace sealift::release
