// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Window is a time of the week at which a site may be changed, by the wall clock of its host:
// "sat 22:00-04:00", "mon-fri 01:00-05:00", "daily 00:00-24:00". It ends before its second time, on
// the next day where that is not later than the first. One spelling: lower case, two digits.
// The wall clock also decides where it is put forward or back: an hour that it skips is in no
// window, one that comes twice is in it twice.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace sealift::release {

struct Window {
  unsigned days = 0;  // on which it begins: bit 0 is Sunday
  int from = 0;       // minutes of the day, less than 1440
  int to = 0;         // minutes of the day, at most 1440; not later than `from`: of the next day
  std::string text;   // as it was written

  // Throws Error{invalid_input} unless `text` is exactly the text form.
  static Window parse(std::string_view text);

  friend bool operator==(const Window&, const Window&) = default;
};

// True at a time that is in one of them.
bool is_open(const std::vector<Window>& windows, Time time);

// The first minute after `time` at which is_open() is another than at `time`; nothing where two
// weeks hold none.
std::optional<Time> next_change(const std::vector<Window>& windows, Time time);

}  // namespace sealift::release
