// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time is injected: nothing but SystemClock asks the operating system what time it is.
// Times are UTC seconds; the text form is RFC 3339 with "Z", e.g. "2026-11-23T04:40:00Z".

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace sealift {

struct Time {
  std::int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  friend auto operator<=>(const Time&, const Time&) = default;
};

std::string to_text(Time time);
// Throws Error{invalid_input} for any other spelling or an impossible date.
Time parse_time(std::string_view text);
// For people: local time with its offset, e.g. "2026-11-23 05:40:00 +0100".
std::string to_local_text(Time time);

// Whoever asks for the time is given a Clock; it outlives who asks. The time is the wall's: it may
// jump, also back.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock : public Clock {
 public:
  Time now() const override;
};

// For tests, and for work that shall see one moment throughout.
class FixedClock : public Clock {
 public:
  explicit FixedClock(Time time) : time_(time) {}
  Time now() const override { return time_; }

 private:
  Time time_;
};

}  // namespace sealift
