// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.hpp"

#include <algorithm>

namespace sealift {

namespace {

// How much of a word is compared: no known one is longer.
constexpr std::size_t kCompared = 64;

// Letters to insert, to remove, to replace, and neighbours to exchange.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::vector<std::size_t> above = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], last[j - 2] + 1);
      }
    }
    last = above;
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& known) {
  const std::string_view word = typed.substr(0, kCompared);
  // Of a short word too little would remain.
  std::size_t distance = typed.size() < 4 ? 2 : std::max<std::size_t>(2, typed.size() / 3) + 1;
  distance = std::min(distance, typed.size());
  std::string best;
  for (const std::string& each : known) {
    const std::size_t here = edit_distance(word, each);
    if (here < distance) {
      distance = here;
      best = each;
    }
  }
  return best;
}

}  // namespace sealift
