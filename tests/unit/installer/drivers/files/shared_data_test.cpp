// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/shared_data.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::shared_data_test {

using tests::refusal_of;

namespace {

// A target with a release that has data of its own.
struct SharedTarget {
  tests::ScratchFolder folder;
  fs::path path = folder / "srv";

  SharedTarget() {
    fs::create_directories(path / "releases/1/data");
    write_file(path / "releases/1/data/rows", "one\n");
  }
  Share share(const SharedFolders& folders,
              const std::map<std::string, std::string>& found = {}) const {
    return share_of(path.string(), "", folders, found);
  }
  bool is_folder(const char* place) const {
    return fs::is_directory(fs::symlink_status(path / place));
  }
};

}  // namespace

TEST_CASE("shared data: links are relative, and one leads to each outermost folder") {
  CHECK(links_of({{"data", ""}, {"data/db", "1:1"}, {"data2", ""}, {"public/up", ""}},
                 "releases/1.0.0") ==
        std::map<std::string, std::string>{{"data", "../../shared/data"},
                                           {"data2", "../../shared/data2"},
                                           {"public/up", "../../../shared/public/up"}});
  CHECK(links_of({{"data", ""}}, "v1") ==
        std::map<std::string, std::string>{{"data", "../shared/data"}});
}

TEST_CASE("shared data: what is missing is made once and stays where it holds something") {
  const SharedTarget target;
  const Share share = target.share({{"a/b", ""}, {"c", ""}});
  CHECK(share.missing == std::vector<std::string>{"shared", "shared/a", "shared/a/b", "shared/c"});
  CHECK_FALSE(is_shared(share));
  apply_share(share);
  apply_share(share);
  CHECK(is_shared(share));
  struct stat status {};
  REQUIRE(::stat((target.path / "shared/a/b").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0755);
  CHECK(target.share({{"a/b", ""}, {"c", ""}}).missing.empty());

  write_file(target.path / "shared/a/b/rows", "kept\n");
  undo_share(share);
  undo_share(share);
  CHECK(target.is_folder("shared/a/b"));
  CHECK_FALSE(target.is_folder("shared/c"));
  CHECK(read_file(target.path / "shared/a/b/rows", 100) == "kept\n");
}

TEST_CASE("shared data: what a release has is moved, with a link in its place, and moved back") {
  const SharedTarget target;
  const Share share = target.share({{"data", ""}}, {{"data", "releases/1/data"}});
  CHECK(share.missing == std::vector<std::string>{"shared"});
  apply_share(share);
  apply_share(share);
  CHECK(is_shared(share));
  CHECK(fs::read_symlink(target.path / "releases/1/data") == "../../shared/data");
  CHECK(read_file(target.path / "releases/1/data/rows", 100) == "one\n");

  undo_share(share);
  undo_share(share);
  CHECK(target.is_folder("releases/1/data"));
  CHECK(read_file(target.path / "releases/1/data/rows", 100) == "one\n");
  CHECK_FALSE(fs::exists(target.path / "shared"));
}

TEST_CASE("shared data: a move that was cut off is ended, or taken back") {
  const SharedTarget target;
  const Share share = target.share({{"data", ""}}, {{"data", "releases/1/data"}});
  fs::create_directory(target.path / "shared");
  fs::rename(target.path / "releases/1/data", target.path / "shared/data");
  SECTION("ended") {
    apply_share(share);
    CHECK(is_shared(share));
  }
  SECTION("taken back") {
    undo_share(share);
    CHECK(target.is_folder("releases/1/data"));
  }
  CHECK(read_file(target.path / "releases/1/data/rows", 100) == "one\n");
}

TEST_CASE("shared data: no link is followed, and data in both places is refused") {
  const SharedTarget target;
  const auto refused = [&](const std::map<std::string, std::string>& found) {
    return refusal_of([&] { target.share({{"data", ""}}, found); });
  };
  fs::create_directory_symlink(target.folder / "elsewhere", target.path / "shared");
  CHECK(refused({}) == Errc::incompatible);
  fs::remove(target.path / "shared");
  fs::create_directories(target.path / "shared");
  fs::create_directory_symlink("/etc", target.path / "shared/data");
  CHECK(refused({}) == Errc::incompatible);
  fs::remove(target.path / "shared/data");
  fs::create_directories(target.path / "shared/data");
  CHECK(refused({{"data", "releases/1/data"}}) == std::nullopt);
  write_file(target.path / "shared/data/rows", "two\n");
  CHECK(refused({{"data", "releases/1/data"}}) == Errc::incompatible);
  CHECK(refused({}) == std::nullopt);
}

TEST_CASE("shared data: a folder that became a link since the plan is refused") {
  const SharedTarget target;
  const Share share = target.share({{"data", ""}});
  fs::create_directories(target.path / "shared");
  fs::create_directory_symlink("/etc", target.path / "shared/data");
  CHECK(refusal_of([&] { apply_share(share); }) == Errc::target_failed);
  undo_share(share);
  CHECK(fs::is_symlink(target.path / "shared/data"));
}

TEST_CASE("shared data: a folder that is gone is a difference") {
  const SharedTarget target;
  const Placement placement{.component = "web",
                            .target = "web",
                            .driver = "directory",
                            .path = target.path.string(),
                            .directory = "releases/1",
                            .table = Digest::of(""),
                            .persist = {{"data", ""}}};
  REQUIRE(shared_differences(placement).size() == 1);
  CHECK(shared_differences(placement)[0].path == (target.path / "shared/data").string());
  fs::create_directories(target.path / "shared/data");
  CHECK(shared_differences(placement).empty());
}

}  // namespace sealift::installer::shared_data_test
