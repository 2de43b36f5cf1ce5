// SPDX-License-Identifier: Apache-2.0
#include "installer/site/lock.hpp"

#include <sys/stat.h>

#include <optional>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::lock_test {

namespace {

struct LockedSite {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder / "site.yaml", .state = folder.path()};
  SystemClock clock;

  // flock() belongs to the open file, so a second lock in this process is like one of another.
  std::optional<Error> second() const {
    return tests::error_of(
        [&] { const SiteLock lock(layout, "second", clock, std::chrono::seconds(0)); });
  }
};

}  // namespace

TEST_CASE("lock: the second installer is told who holds the site") {
  const LockedSite site;
  {
    const SiteLock lock(site.layout, "apply", site.clock, std::chrono::seconds(0));
    const auto error = site.second();
    REQUIRE(error);
    CHECK(error->code() == Errc::busy);
    CHECK(error->message().find("apply (process ") != std::string::npos);
    CHECK(lock_holder(site.layout).value_or("").starts_with("apply (process "));
  }
  CHECK_FALSE(lock_holder(site.layout));
  CHECK_FALSE(site.second());
}

TEST_CASE("lock: removing or replacing the lock file lets no second installer in") {
  const LockedSite site;
  const SiteLock lock(site.layout, "apply", site.clock, std::chrono::seconds(0));
  REQUIRE(remove_file(site.layout.lock()));
  REQUIRE(site.second());
  CHECK(site.second()->code() == Errc::busy);
  CHECK(lock_holder(site.layout));
  // Its refusal left the name free, as it found it.
  CHECK_FALSE(path_exists(site.layout.lock()));
  write_file(site.layout.lock(), "another\n");
  REQUIRE(site.second());
  CHECK(site.second()->code() == Errc::busy);
}

TEST_CASE("lock: others may have the site while a person is asked") {
  const LockedSite site;
  SiteLock lock(site.layout, "apply", site.clock, std::chrono::seconds(0));
  CHECK(lock.without([&] {
    CHECK_FALSE(lock_holder(site.layout));
    return true;
  }));
  REQUIRE(site.second());
  CHECK(site.second()->code() == Errc::busy);
  CHECK(tests::error_of([&] {
          lock.without([]() -> bool { throw Error(Errc::usage, "no terminal"); });
        })->code() == Errc::usage);
  CHECK(site.second());
}

TEST_CASE("lock: an answer counts only where nobody had the site meanwhile") {
  const LockedSite site;
  SiteLock lock(site.layout, "apply", site.clock, std::chrono::seconds(0));
  const auto after = tests::error_of([&] {
    lock.without([&] {
      REQUIRE_FALSE(site.second());
      return true;
    });
  });
  REQUIRE(after);
  CHECK(after->code() == Errc::busy);
  CHECK(after->message().find("while you were asked: second (process ") != std::string::npos);
  CHECK(lock.is_held());
  std::optional<SiteLock> other;
  const auto during = tests::error_of([&] {
    lock.without([&] {
      other.emplace(site.layout, "prune", site.clock, std::chrono::seconds(0));
      return true;
    });
  });
  REQUIRE(during);
  CHECK(during->code() == Errc::busy);
  CHECK_FALSE(lock.is_held());
}

TEST_CASE("lock: a pipe in the place of the lock file does not block") {
  const LockedSite site;
  REQUIRE(::mkfifo(site.layout.lock().c_str(), 0600) == 0);
  CHECK_FALSE(lock_holder(site.layout));
  REQUIRE(site.second());
  CHECK(site.second()->code() == Errc::io);
}

}  // namespace sealift::installer::lock_test
