// SPDX-License-Identifier: Apache-2.0
#include "release/text/window.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <random>

#include "tests/unit/errors.hpp"

namespace sealift::release::window_test {

namespace {

// The host's time zone, as a rule that needs no database; what it was comes back.
class Zone {
 public:
  explicit Zone(const char* rule) {
    if (const char* zone = std::getenv("TZ")) before_ = zone;
    ::setenv("TZ", rule, 1);
    ::tzset();
  }
  ~Zone() {
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> before_;
};

constexpr const char* kBerlin = "CET-1CEST,M3.5.0,M10.5.0/3";

bool is_open_at(const std::string& window, const std::string& utc) {
  return is_open({Window::parse(window)}, parse_time(utc));
}

std::string change_after(const std::vector<Window>& windows, const std::string& utc) {
  const std::optional<Time> change = next_change(windows, parse_time(utc));
  return change ? to_text(*change) : "never";
}

}  // namespace

TEST_CASE("window: days and times are read") {
  const Window saturday = Window::parse("sat 22:00-04:00");
  CHECK(saturday.days == 1U << 6);
  CHECK(saturday.from == 22 * 60);
  CHECK(saturday.to == 4 * 60);
  CHECK(saturday.text == "sat 22:00-04:00");
  CHECK(Window::parse("daily 00:00-24:00").days == 0x7f);
  CHECK(Window::parse("mon-fri 01:00-05:00").days == 0b0111110);
  CHECK(Window::parse("fri-mon 01:00-05:00").days == 0b1100011);
}

TEST_CASE("window: any other spelling is refused") {
  for (const std::string& text : {std::string(),
                                  std::string("sat"),
                                  std::string("22:00-04:00"),
                                  std::string("sat 22:00"),
                                  std::string("Sat 22:00-04:00"),
                                  std::string("saturday 22:00-04:00"),
                                  std::string("sat  22:00-04:00"),
                                  std::string(" sat 22:00-04:00"),
                                  std::string("sat 22:00-04:00 "),
                                  std::string("sat 22:00 - 04:00"),
                                  std::string("sat 9:00-10:00"),
                                  std::string("sat 22:60-23:00"),
                                  std::string("sat 24:00-04:00"),
                                  std::string("sat 22:00-24:01"),
                                  std::string("sat 22:00-25:00"),
                                  std::string("sat 22.00-04.00"),
                                  std::string("sat 02:00-02:00"),
                                  std::string("sat-sat 22:00-04:00"),
                                  std::string("sat-xyz 22:00-04:00"),
                                  std::string("sat,sun 22:00-04:00"),
                                  std::string("daily-sun 22:00-04:00"),
                                  std::string("sat 22:00-04:0\0", 15),
                                  std::string("sat +2:00-04:00")}) {
    CAPTURE(text);
    CHECK(tests::refusal_of([&] { Window::parse(text); }) == Errc::invalid_input);
  }
}

TEST_CASE("window: whatever text comes, it is refused or read as one that can be") {
  std::mt19937 random(7);
  const std::vector<std::string> whole = {"sat 22:00-04:00", "mon-fri 01:00-05:00",
                                          "daily 00:00-24:00", "fri-mon 23:59-00:00"};
  const std::string letters = "0123456789:- satunmofridly\n\xff";
  int read = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string text = whole[random() % whole.size()];
    for (auto n = random() % 4; n > 0; --n) {
      const char letter = letters[random() % letters.size()];
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = letter;
          break;
        case 1:
          text.insert(at, 1, letter);
          break;
        default:
          text.erase(at, 1);
      }
    }
    try {
      const Window window = Window::parse(text);
      ++read;
      REQUIRE(window.text == text);
      REQUIRE((window.days > 0 && window.days <= 0x7f));
      REQUIRE((window.from >= 0 && window.from < 1440 && window.to >= 0 && window.to <= 1440));
      REQUIRE(window.from != window.to);
    } catch (const Error& error) {
      REQUIRE(error.code() == Errc::invalid_input);
      REQUIRE(error.message().find('\n') == std::string::npos);
    }
  }
  CHECK(read > 1000);
}

TEST_CASE("window: it is open from its first minute and closed at its last") {
  const Zone zone("UTC0");
  // A Saturday.
  CHECK_FALSE(is_open_at("sat 02:00-03:00", "2026-11-28T01:59:59Z"));
  CHECK(is_open_at("sat 02:00-03:00", "2026-11-28T02:00:00Z"));
  CHECK(is_open_at("sat 02:00-03:00", "2026-11-28T02:59:59Z"));
  CHECK_FALSE(is_open_at("sat 02:00-03:00", "2026-11-28T03:00:00Z"));
  CHECK_FALSE(is_open_at("sat 02:00-03:00", "2026-11-27T02:30:00Z"));
  CHECK(is_open_at("fri 22:00-24:00", "2026-11-27T23:59:59Z"));
  CHECK_FALSE(is_open_at("fri 22:00-24:00", "2026-11-28T00:00:00Z"));
}

TEST_CASE("window: over midnight it belongs to the day on which it begins") {
  const Zone zone("UTC0");
  CHECK(is_open_at("sat 22:00-04:00", "2026-11-28T22:00:00Z"));
  CHECK(is_open_at("sat 22:00-04:00", "2026-11-29T03:59:59Z"));
  CHECK_FALSE(is_open_at("sat 22:00-04:00", "2026-11-28T03:00:00Z"));
  CHECK_FALSE(is_open_at("sat 22:00-04:00", "2026-11-29T22:00:00Z"));
  // From Friday into Saturday, and from Saturday into Sunday, over the week's end.
  CHECK(is_open_at("fri-sat 23:00-01:00", "2026-11-29T00:30:00Z"));
  CHECK_FALSE(is_open_at("fri-sat 23:00-01:00", "2026-11-30T00:30:00Z"));
}

TEST_CASE("window: the wall clock of the host decides") {
  const Zone zone(kBerlin);
  CHECK(is_open_at("sat 22:00-04:00", "2026-11-28T21:00:00Z"));        // 22:00 +0100
  CHECK_FALSE(is_open_at("sat 22:00-04:00", "2026-11-28T20:59:59Z"));  // 21:59 +0100
  CHECK(is_open_at("sat 22:00-04:00", "2026-07-25T20:00:00Z"));        // 22:00 +0200
  const Zone other("NPT-5:45");
  CHECK(is_open_at("sun 02:00-03:00", "2026-11-28T20:15:00Z"));
}

TEST_CASE("window: an hour that the clock skips is in none, one that comes twice is in it twice") {
  const Zone zone(kBerlin);
  // On 2026-03-29 it goes from 02:00 to 03:00.
  const std::vector<Window> early = {Window::parse("sun 02:00-03:00")};
  CHECK_FALSE(is_open(early, parse_time("2026-03-29T00:59:59Z")));
  CHECK_FALSE(is_open(early, parse_time("2026-03-29T01:00:00Z")));
  CHECK(change_after(early, "2026-03-28T12:00:00Z") == "2026-04-05T00:00:00Z");
  CHECK(is_open_at("sun 01:00-05:00", "2026-03-29T01:00:00Z"));
  // On 2026-10-25 it goes from 03:00 to 02:00.
  CHECK(is_open(early, parse_time("2026-10-25T00:00:00Z")));
  CHECK(is_open(early, parse_time("2026-10-25T01:59:59Z")));
  CHECK(change_after(early, "2026-10-25T00:30:00Z") == "2026-10-25T02:00:00Z");
}

TEST_CASE("window: when the next one opens, and when it closes, is a full minute") {
  const Zone zone("UTC0");
  const std::vector<Window> windows = {Window::parse("sat 22:00-04:00"),
                                       Window::parse("wed 02:30-03:00")};
  CHECK(change_after(windows, "2026-11-25T23:19:17Z") == "2026-11-28T22:00:00Z");
  CHECK(change_after(windows, "2026-11-28T22:00:00Z") == "2026-11-29T04:00:00Z");
  CHECK(change_after(windows, "2026-11-29T04:00:00Z") == "2026-12-02T02:30:00Z");
  CHECK(change_after({Window::parse("daily 00:00-24:00")}, "2026-11-25T00:00:00Z") == "never");
  // Two that meet are one.
  CHECK(change_after({Window::parse("sat 22:00-24:00"), Window::parse("sun 00:00-01:00")},
                     "2026-11-28T22:30:00Z") == "2026-11-29T01:00:00Z");
}

}  // namespace sealift::release::window_test
