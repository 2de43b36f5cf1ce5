// SPDX-License-Identifier: Apache-2.0
#include "installer/site/lock.hpp"

#include <sys/stat.h>

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

TEST_CASE("lock: a pipe in the place of the lock file does not block") {
  const LockedSite site;
  REQUIRE(::mkfifo(site.layout.lock().c_str(), 0600) == 0);
  CHECK_FALSE(lock_holder(site.layout));
  REQUIRE(site.second());
  CHECK(site.second()->code() == Errc::io);
}

}  // namespace sealift::installer::lock_test
