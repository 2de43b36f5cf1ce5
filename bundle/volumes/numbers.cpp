// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/numbers.hpp"

#include <charconv>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "bundle/volumes/reed_solomon.hpp"

namespace sealift::bundle {

namespace {

// Those that follow each other, first and last.
using Runs = std::vector<std::pair<unsigned, unsigned>>;

Runs runs_of(const Numbers& numbers) {
  Runs runs;
  for (const unsigned number : numbers) {
    if (!runs.empty() && runs.back().second + 1 == number) {
      runs.back().second = number;
    } else {
      runs.emplace_back(number, number);
    }
  }
  return runs;
}

// Of two that follow each other each is said: "3 and 4", not "3 to 4".
std::vector<std::string> parts_of(const Numbers& numbers, std::string_view between) {
  std::vector<std::string> parts;
  for (const auto& [first, last] : runs_of(numbers)) {
    if (last > first + 1) {
      parts.push_back(format("{}{}{}", first, between, last));
      continue;
    }
    parts.push_back(std::to_string(first));
    if (last != first) parts.push_back(std::to_string(last));
  }
  return parts;
}

unsigned parse_number(std::string_view text, std::string_view option) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 ||
      number > kMaxPieces) {
    throw Error(Errc::usage,
                format("{} {}: expected numbers of volumes, from 1 to {}", option,
                       printable(text, 32), kMaxPieces),
                format("such as: {} 3,7 or {} 1-4,7", option, option));
  }
  return number;
}

}  // namespace

std::string spoken(const Numbers& numbers) {
  std::vector<std::string> parts = parts_of(numbers, " to ");
  if (parts.size() == 1)
    return format("{} {}", numbers.size() == 1 ? "volume" : "volumes", parts[0]);
  const std::string last = parts.back();
  parts.pop_back();
  return format("volumes {} and {}", joined(parts), last);
}

std::string typed(const Numbers& numbers) {
  return joined(parts_of(numbers, "-"), ",");
}

Numbers parse_numbers(std::string_view text, std::string_view option) {
  std::set<unsigned> found;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t dash = part.find('-');
    const unsigned first = parse_number(part.substr(0, dash), option);
    const unsigned last = dash == part.npos ? first : parse_number(part.substr(dash + 1), option);
    for (unsigned number = first; number <= last; ++number) found.insert(number);
    if (comma == text.npos) break;
    text.remove_prefix(comma + 1);
  }
  return {found.begin(), found.end()};
}

}  // namespace sealift::bundle
