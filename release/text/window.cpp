// SPDX-License-Identifier: Apache-2.0
#include "release/text/window.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr unsigned kEveryDay = 0x7f;
constexpr int kDay = 24 * 60;  // minutes
// A window of once a week may fall into an hour that the clock skips: then the next one counts.
constexpr std::int64_t kHorizon = 15 * 24 * 3600;

[[noreturn]] void refuse(std::string_view text, const std::string& expected) {
  throw Error(
      Errc::invalid_input, format("found \"{}\", expected {}", printable(text, 60), expected),
      "write it like \"sat 22:00-04:00\", \"mon-fri 01:00-05:00\" or \"daily 02:00-03:00\"");
}

std::optional<unsigned> day_named(std::string_view word) {
  const auto* found = std::find(kDays.begin(), kDays.end(), word);
  if (found == kDays.end()) return std::nullopt;
  return static_cast<unsigned>(found - kDays.begin());
}

// "daily", "sat", "mon-fri", "fri-mon"; nothing for other words.
std::optional<unsigned> days_of(std::string_view words) {
  if (words == "daily") return kEveryDay;
  const std::size_t dash = words.find('-');
  const std::optional<unsigned> first = day_named(words.substr(0, dash));
  if (!first || dash == words.npos) return first ? std::optional(1U << *first) : std::nullopt;
  const std::optional<unsigned> last = day_named(words.substr(dash + 1));
  if (!last || *last == *first) return std::nullopt;
  unsigned days = 1U << *first;
  for (unsigned day = *first; day != *last; days |= 1U << day) day = (day + 1) % 7;
  return days;
}

// Minutes of "HH:MM", up to 24:00; nothing for other texts.
std::optional<int> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t at : {0, 1, 3, 4}) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
  }
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  const int minutes = two(0) * 60 + two(3);
  if (two(3) > 59 || minutes > kDay) return std::nullopt;
  return minutes;
}

bool contains(const Window& window, unsigned day, int minute) {
  const bool begins_today = (window.days >> day & 1U) != 0;
  if (window.from < window.to) return begins_today && window.from <= minute && minute < window.to;
  const bool began_yesterday = (window.days >> (day + 6) % 7 & 1U) != 0;
  return (begins_today && minute >= window.from) || (began_yesterday && minute < window.to);
}

}  // namespace

Window Window::parse(std::string_view text) {
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::optional<unsigned> days = days_of(text.substr(0, space));
  if (!days) refuse(text, "daily, a day such as sat, or days such as mon-fri first");
  const std::string_view times = text.substr(std::min(space + 1, text.size()));
  if (times.size() != 11 || times[5] != '-') refuse(text, "two times such as 22:00-04:00 last");
  const std::optional<int> from = minutes_of(times.substr(0, 5));
  const std::optional<int> to = minutes_of(times.substr(6));
  if (!from || !to || *from == kDay) {
    refuse(text, "times from 00:00 to 23:59, and an end of at most 24:00");
  }
  if (*from == *to) refuse(text, "an end that is not its beginning; a whole day is 00:00-24:00");
  return {.days = *days, .from = *from, .to = *to, .text = std::string(text)};
}

bool is_open(const std::vector<Window>& windows, Time time) {
  const std::time_t seconds = time.seconds;
  std::tm wall{};
  localtime_r(&seconds, &wall);
  return std::any_of(windows.begin(), windows.end(), [&](const Window& window) {
    return contains(window, static_cast<unsigned>(wall.tm_wday), wall.tm_hour * 60 + wall.tm_min);
  });
}

std::optional<Time> next_change(const std::vector<Window>& windows, Time time) {
  const bool now = is_open(windows, time);
  Time then{time.seconds - time.seconds % 60};
  while (then.seconds < time.seconds + kHorizon) {
    then.seconds += 60;
    if (is_open(windows, then) != now) return then;
  }
  return std::nullopt;
}

}  // namespace sealift::release
