// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::clock_test {

TEST_CASE("clock: times have one text form, read and written") {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-23T04:40:00Z", "2024-02-29T23:59:59Z",
                           "9999-12-31T23:59:59Z"}) {
    CHECK(to_text(parse_time(text)) == text);
  }
  CHECK(parse_time("2026-01-01T00:00:00Z").seconds == 1767225600);
}

TEST_CASE("clock: any other spelling and impossible dates are refused") {
  for (const std::string& text :
       {std::string(), std::string("2026-11-23"), std::string("2026-11-23T04:40:00"),
        std::string("2026-11-23T04:40:00z"), std::string("2026-11-23T04:40:00+00:00"),
        std::string("2026-11-23 04:40:00Z"), std::string("2026-11-23T04:40:00.5Z"),
        std::string("2026-02-30T00:00:00Z"), std::string("2025-02-29T00:00:00Z"),
        std::string("2026-13-01T00:00:00Z"), std::string("2026-01-01T24:00:00Z"),
        std::string("2026-01-01T00:00:60Z"), std::string("2026- 1-01T00:00:00Z"),
        std::string("2026-01-01T00:00:00Z\0", 21), std::string("2026-01-01T00:00:00Zx")}) {
    CAPTURE(text);
    CHECK(tests::refusal_of([&] { parse_time(text); }) == Errc::invalid_input);
  }
}

TEST_CASE("clock: a refusal shows no control bytes") {
  const auto error = tests::error_of([] { parse_time("\x1b[2J"); });
  REQUIRE(error);
  CHECK(error->message().find('\x1b') == std::string::npos);
}

}  // namespace sealift::clock_test
