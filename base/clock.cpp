// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift {

std::string to_text(Time time) {
  const std::time_t seconds = time.seconds;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Time parse_time(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  int used = 0;
  const int fields =
      std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used);
  if (fields == 6 && used == 20) {
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    const Time time{timegm(&parts)};
    if (to_text(time) == text) return time;  // one spelling, no 31st of February
  }
  throw Error(Errc::invalid_input,
              format("time \"{}\", expected the form 2026-01-31T23:59:59Z", printable(text, 40)));
}

std::string to_local_text(Time time) {
  const std::time_t seconds = time.seconds;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &parts);
  return std::string(text.data(), size);
}

Time SystemClock::now() const {
  return Time{std::time(nullptr)};
}

}  // namespace sealift
