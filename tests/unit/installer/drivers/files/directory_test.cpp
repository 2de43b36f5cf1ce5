// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/directory.hpp"

#include <catch2/catch.hpp>

#include "installer/driver/differences.hpp"
#include "tests/unit/installer/store.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::directory_test {

namespace {

// A release of one file, which somebody has changed by hand.
struct Changed {
  Changed() {
    make_dirs(layout.receipts());
    make_dirs(layout.keys());
    make_dirs(place() / "releases/1");
    write_file(place() / "releases/1/index.html", "by hand\n");
  }

  fs::path place() const { return folder / "srv"; }
  // `files` is what the release says that it has.
  Placement placement(std::uint64_t files) {
    return {.component = "web",
            .target = "web",
            .driver = "directory",
            .path = place().string(),
            .directory = "releases/1",
            .table = store.table_of({store.file("index.html", "<p>\n")}),
            .files = files};
  }
  std::size_t differences(std::uint64_t files, Thoroughness thoroughness) {
    return driver->inspect(placement(files), thoroughness, Strangers::ignored, store).size();
  }

  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  tests::Store store;
  std::unique_ptr<Driver> driver = directory_driver(layout);
};

}  // namespace

TEST_CASE("directory: at a glance files are looked at where they are not too many") {
  Changed site;
  CHECK(site.differences(kManyFiles, Thoroughness::at_a_glance) == 1);
  CHECK(site.differences(kManyFiles + 1, Thoroughness::at_a_glance) == 0);
  CHECK_FALSE(looks_at_files(site.placement(kManyFiles + 1), Thoroughness::at_a_glance));
  for (const Thoroughness each : {Thoroughness::by_receipt, Thoroughness::by_content}) {
    CHECK(site.differences(kManyFiles + 1, each) == 1);
    CHECK(looks_at_files(site.placement(kManyFiles + 1), each));
  }
}

TEST_CASE("directory: at a glance a release that is gone is seen, however large it was") {
  Changed site;
  fs::remove_all(site.place() / "releases/1");
  CHECK(site.differences(kManyFiles + 1, Thoroughness::at_a_glance) == 1);
}

}  // namespace sealift::installer::directory_test
