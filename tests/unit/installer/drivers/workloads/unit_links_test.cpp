// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/unit_links.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::unit_links_test {

using tests::refusal_of;

namespace {

struct Place {
  tests::ScratchFolder root;
  fs::path folder = root.path() / "system";
  fs::path path = root.path() / "srv";
  UnitLinks links{folder, path};

  Place() { fs::create_directories(folder); }
  void link(const fs::path& target, const std::string& name) const {
    fs::create_directories((folder / name).parent_path());
    fs::create_symlink(target, folder / name);
  }
  std::string target(const std::string& name) const {
    return fs::read_symlink(folder / name).string();
  }
};

}  // namespace

TEST_CASE("unit links: they lead to the current release, and making them again changes nothing") {
  const Place place;
  const std::set<std::string> names = {"web.service", "web.service.d/a.conf"};
  for (int i = 0; i < 2; ++i) {
    place.links.put(names);
    CHECK(place.target("web.service") == (place.path / "current/web.service").string());
    CHECK(place.links.stands("web.service.d/a.conf"));
    CHECK(place.links.others(names).empty());
  }
  place.links.remove(place.links.others({}));
  CHECK(fs::is_empty(place.folder));
}

TEST_CASE("unit links: one of ours that leads elsewhere is put right, one of another's never") {
  const Place place;
  place.link(place.path / "releases/1/web.service", "web.service");
  place.links.put({"web.service"});
  CHECK(place.links.stands("web.service"));
  place.link("/dev/null", "masked.service");
  place.link("/usr/lib/x.conf", "web.service.d/a.conf");
  for (const char* name : {"masked.service", "web.service.d/a.conf"}) {
    CHECK(refusal_of([&] { place.links.put({name}); }) == Errc::target_failed);
  }
  place.links.remove({"masked.service"});
  CHECK(place.target("masked.service") == "/dev/null");
  // A path that only begins like ours is not ours.
  place.link(place.path.string() + "2/current/x.service", "x.service");
  CHECK(place.links.others({}) == std::vector<std::string>{"web.service"});
  CHECK_FALSE(place.links.stranger("x.service").empty());
  // Nor is a folder that is none.
  fs::create_symlink("/tmp", place.folder / "y.service.d");
  CHECK_FALSE(place.links.stranger("y.service.d/a.conf").empty());
}

TEST_CASE("unit links: what systemctl made goes on from release to release with its unit") {
  const Place place;
  place.links.put({"web.service"});
  const std::string wants = "multi-user.target.wants/web.service";
  place.link(place.path / "releases/1.0.0-abc/web.service", wants);
  place.link(place.path / "releases/1.0.0-abc/web.service", "www.service");
  place.links.settle();
  CHECK(place.target(wants) == (place.path / "current/web.service").string());
  CHECK(place.target("www.service") == (place.path / "current/web.service").string());
  CHECK(place.links.others({"web.service"}).empty());
  CHECK(place.links.others({"other.service"}).size() == 3);
}

TEST_CASE("unit links: what was left of one that was cut off is cleared away") {
  const Place place;
  place.link(place.path / "current/web.service", ".sealift-link");
  place.links.put({"web.service"});
  CHECK(place.links.others({"web.service"}).empty());
  CHECK_FALSE(fs::exists(fs::symlink_status(place.folder / ".sealift-link")));
}

}  // namespace sealift::installer::unit_links_test
