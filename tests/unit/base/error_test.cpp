// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <set>

#include "tests/unit/errors.hpp"

namespace sealift::error_test {

namespace {
constexpr Errc kAll[] = {Errc::internal,       Errc::usage,      Errc::invalid_input,
                         Errc::untrusted,      Errc::corrupt,    Errc::incompatible,
                         Errc::busy,           Errc::io,         Errc::target_failed,
                         Errc::needs_operator, Errc::interrupted};
}

TEST_CASE("error: every kind has a name and an exit status of its own, none of them 0") {
  std::set<std::string_view> names;
  std::set<int> statuses;
  for (const Errc code : kAll) {
    names.insert(name(code));
    statuses.insert(exit_status(code));
  }
  CHECK(names.size() == std::size(kAll));
  CHECK(statuses.size() == std::size(kAll));
  CHECK_FALSE(statuses.contains(0));
}

TEST_CASE("error: context is put before every problem, and hints stay") {
  const auto error = tests::error_of([] {
    while_doing("file.yaml", [] {
      Problems problems;
      problems.add("one", "hint");
      problems.add(Error(Errc::io, "two"));
      problems.throw_if_any(Errc::invalid_input);
    });
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::invalid_input);
  CHECK(tests::messages(error) == "file.yaml: one\nfile.yaml: two\n");
  CHECK(error->hint() == "hint");
}

TEST_CASE("error: an advice goes on behind a hint") {
  const auto advised = [](const char* hint) {
    return Error(Errc::io, "x", hint).advising("or leave it").hint();
  };
  CHECK(advised("") == "or leave it");
  CHECK(advised("take a") == "take a; or leave it");
  CHECK(advised("did you mean a?") == "did you mean a? Else: or leave it");
}

TEST_CASE("error: no problems, no error") {
  CHECK_NOTHROW(Problems().throw_if_any(Errc::invalid_input));
}

TEST_CASE("error: a full disk says what to do") {
  const auto error = tests::error_of([] {
    errno = ENOSPC;
    throw_errno("/srv/x", "write");
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::io);
  CHECK(error->message() == "/srv/x: write: No space left on device");
  CHECK_FALSE(error->hint().empty());
}

}  // namespace sealift::error_test
