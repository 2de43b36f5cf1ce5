// SPDX-License-Identifier: Apache-2.0
#include "release/text/semver.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::release::semver_test {

using tests::refusal_of;

TEST_CASE("semver: the precedence list of the specification, each below the next") {
  const std::vector<std::string> ordered = {"0.0.1",       "0.1.0",         "1.0.0-0",
                                            "1.0.0-9",     "1.0.0-10",      "1.0.0--",
                                            "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
                                            "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
                                            "1.0.0-rc.1",  "1.0.0",         "1.0.1-a",
                                            "1.0.1",       "1.2.0",         "1.10.0",
                                            "2.0.0",       "2.1.0",         "2.1.1",
                                            "10.0.0"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      CAPTURE(ordered[i], ordered[j]);
      CHECK((Version::parse(ordered[i]) < Version::parse(ordered[j])) == (i < j));
      CHECK((Version::parse(ordered[i]) == Version::parse(ordered[j])) == (i == j));
    }
  }
}

TEST_CASE("semver: build metadata is kept but does not count") {
  CHECK(Version::parse("1.0.0+a") == Version::parse("1.0.0+b.001"));
  CHECK(Version::parse("1.0.0-rc.1+a") < Version::parse("1.0.0"));
  CHECK(Version::parse("1.0.0+20130313144700").str() == "1.0.0+20130313144700");
}

TEST_CASE("semver: numbers of any length in a pre-release are compared as numbers") {
  CHECK(Version::parse("1.0.0-99999999999999999999999") <
        Version::parse("1.0.0-100000000000000000000000"));
}

TEST_CASE("semver: anything but the strict form is refused") {
  for (const std::string& bad : {std::string(),
                                 std::string("1"),
                                 std::string("1.2"),
                                 std::string("1.2.3.4"),
                                 std::string("v1.2.3"),
                                 std::string("01.2.3"),
                                 std::string("1.02.3"),
                                 std::string("1.2.03"),
                                 std::string("1.2.3-"),
                                 std::string("1.2.3-a..b"),
                                 std::string("1.2.3-01"),
                                 std::string("1.2.3+"),
                                 std::string("1.2.3+a+b"),
                                 std::string("1.2.3-a_b"),
                                 std::string("1.2.3 "),
                                 std::string(" 1.2.3"),
                                 std::string("-1.2.3"),
                                 std::string("1.-2.3"),
                                 std::string("1.2.x"),
                                 std::string("1..3"),
                                 std::string("1.2.3-\xc3\xa9"),
                                 std::string("9999999999999999999.0.0"),
                                 "1.0.0-" + std::string(200, 'a'),
                                 std::string("1.2.3\0", 6),
                                 std::string("../1.0.0")}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { Version::parse(bad); }) == Errc::invalid_input);
  }
}

TEST_CASE("semver: a range holds where all of its comparators do") {
  const auto in = [](const char* range, const char* version) {
    return VersionRange::parse(range).contains(Version::parse(version));
  };
  CHECK(in(">=1.0.0", "1.0.0"));
  CHECK_FALSE(in(">=1.0.0", "1.0.0-rc.1"));
  CHECK_FALSE(in(">1.0.0", "1.0.0"));
  CHECK(in("<2.0.0", "1.9.9"));
  CHECK_FALSE(in("<2.0.0", "2.0.0"));
  CHECK(in("<=2.0.0", "2.0.0"));
  CHECK(in("=1.2.3", "1.2.3+build"));
  CHECK(in(">=1.0.0 <2.0.0", "1.5.0"));
  CHECK_FALSE(in(">=1.0.0 <2.0.0", "2.0.0"));
  CHECK(VersionRange::parse(">=1.0.0 <2.0.0").lowest() == "1.0.0");
  CHECK(VersionRange::parse("<2.0.0").lowest().empty());
}

TEST_CASE("semver: a range of another form is refused") {
  for (const char* bad : {"", " ", "1.0.0", "^1.0.0", "~1.0", ">=1.0", ">= 1.0.0", ">=1.0.0,<2.0.0",
                          ">=1.0.0  <2.0.0", ">=1.0.0 ", "*", "=>1.0.0", "==1.0.0"}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { VersionRange::parse(bad); }) == Errc::invalid_input);
  }
}

}  // namespace sealift::release::semver_test
