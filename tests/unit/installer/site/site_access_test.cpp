// SPDX-License-Identifier: Apache-2.0
#include "installer/site/site_access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::site_access_test {

namespace {

constexpr uid_t kService = 4711;
constexpr uid_t kStranger = 4712;

struct SharedSite {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder / "site/site.yaml", .state = folder / "site/state"};

  SharedSite() {
    make_dirs(layout.state, 0700);
    make_dirs(layout.journal());
    for (const fs::path& path : {folder.path(), folder / "site"}) chmod(path, 0755);
    write_file(layout.site_yaml, "schema: 1\n");
    write_file(layout.journal() / "000001.journal", "{}\n");
  }

  static void chmod(const fs::path& path, mode_t mode) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
  }
  std::optional<Error> refusal() const {
    return tests::error_of([&] { refuse_other_writers(layout); });
  }
  // The one path that is named, with its repair.
  void check_named(const fs::path& path, const std::string& repair) const {
    CAPTURE(path.string());
    const std::optional<Error> error = refusal();
    REQUIRE(error);
    CHECK(error->code() == Errc::untrusted);
    CHECK(error->problems().size() == 1);
    CHECK(error->message().starts_with(path.string() + ": "));
    CHECK(error->hint().find(repair) != std::string::npos);
  }
};

}  // namespace

TEST_CASE("site access: a path that others may write is refused, with its mode and its repair") {
  const SharedSite site;
  CHECK_FALSE(site.refusal());
  for (const fs::path& path :
       {site.layout.site_yaml, site.layout.site_yaml.parent_path(), site.layout.state,
        site.layout.journal(), site.layout.journal() / "000001.journal"}) {
    struct stat before {};
    REQUIRE(::stat(path.c_str(), &before) == 0);
    for (const mode_t more : {0002, 0020}) {
      SharedSite::chmod(path, (before.st_mode & 07777U) | more);
      site.check_named(path, "chmod go-w '" + path.string() + "'");
    }
    SharedSite::chmod(path, before.st_mode & 07777U);
  }
}

TEST_CASE("site access: above the site only a folder without the sticky bit counts") {
  const SharedSite site;
  SharedSite::chmod(site.folder.path(), 01777);
  CHECK_FALSE(site.refusal());
  SharedSite::chmod(site.folder.path(), 0777);
  site.check_named(site.folder.path(), "chmod o-w '" + site.folder.path().string() + "'");
  SharedSite::chmod(site.folder.path(), 0775);
  CHECK_FALSE(site.refusal());
}

TEST_CASE(
    "site access: root works on the site of a service account, but not on a stranger's file") {
  if (::geteuid() != 0) return;
  const SharedSite site;
  const auto give = [](const fs::path& path, uid_t to) {
    REQUIRE(::lchown(path.c_str(), to, to) == 0);
  };
  for (const fs::path& path : {site.folder / "site", site.layout.site_yaml, site.layout.state,
                               site.layout.journal(), site.layout.journal() / "000001.journal"}) {
    give(path, kService);
  }
  CHECK_FALSE(site.refusal());
  give(site.layout.journal() / "000001.journal", kStranger);
  site.check_named(site.layout.journal() / "000001.journal", "chown 4711 ");
  give(site.layout.journal() / "000001.journal", kService);
  give(site.layout.site_yaml, 0);
  CHECK_FALSE(site.refusal());
  give(site.layout.state, 0);
  CHECK(site.refusal());
}

TEST_CASE("site access: a site that is not there yet is nobody's") {
  const tests::ScratchFolder folder;
  CHECK_NOTHROW(
      refuse_other_writers({.site_yaml = folder / "new/site.yaml", .state = folder / "new/state"}));
}

}  // namespace sealift::installer::site_access_test
