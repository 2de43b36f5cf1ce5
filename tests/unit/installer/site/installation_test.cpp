// SPDX-License-Identifier: Apache-2.0
#include "installer/site/installation.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::installation_test {

TEST_CASE("installation: what a command was writing when it was cut off goes, and nothing else") {
  const tests::ScratchFolder folder;
  const Layout layout{.site_yaml = folder / "etc/site.yaml", .state = folder / "state"};
  make_dirs(folder / "etc");
  make_dirs(layout.state);
  restore_folders(layout);
  for (const fs::path& made : {layout.journal(), layout.backups(), layout.revisions() / "7"}) {
    make_dirs(made);
  }

  const std::vector<fs::path> unfinished = {
      layout.state / ".health.json.113c70076c1d",
      layout.journal() / ".000002.journal.e682165ef13d",
      layout.receipts() / ".flags.receipts.6c2002cbdd3b",
      layout.trust() / ".2.root.json.6c2002cbdd3b",
      layout.tables() / ".0f.jsonl.6c2002cbdd3b",
      layout.keys() / ".site.key.6c2002cbdd3b",
      layout.backups() / ".main-1.json.6c2002cbdd3b",
      layout.revisions() / "7/.values.json.6c2002cbdd3b",
      folder / "etc/.site.yaml.6c2002cbdd3b",
  };
  const std::vector<fs::path> kept = {
      layout.health(),
      layout.journal() / "000002.journal",
      layout.state / ".health.json",                // no random end
      layout.state / ".health.json.113c",           // too short for one
      folder / "etc/.hosts.conf.6c2002cbdd3b",      // an administrator's, or another program's
      layout.store() / ".incoming-1.6c2002cbdd3b",  // bundles are resumed or removed elsewhere
  };
  for (const auto* files : {&unfinished, &kept}) {
    for (const fs::path& file : *files) write_file(file, "{}\n");
  }

  remove_unfinished_files(layout);

  for (const fs::path& file : unfinished) CHECK_FALSE(path_exists(file));
  for (const fs::path& file : kept) CHECK(path_exists(file));
}

TEST_CASE("installation: a site that lost who it is, or its clock, says what to do") {
  const tests::ScratchFolder folder;
  const Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  const auto refusal = [&] {
    const auto error = tests::error_of([&] {
      open_installation(layout);
      believed_now(layout, SystemClock());
    });
    REQUIRE(error);
    CHECK(error->hint().find("restore it from a backup") != std::string::npos);
    return error->code();
  };
  make_dirs(layout.state, 0700);
  make_dirs(layout.journal());
  CHECK_NOTHROW(refuse_lost_identity(layout));
  write_file(layout.journal() / "000001.journal", "{}\n");
  CHECK(refusal() == Errc::corrupt);
  write_file(layout.identity(), "{}");
  CHECK(refusal() == Errc::corrupt);
  write_file(layout.identity(), "{\"id\":\"0123456789abcdef0123456789abcdef\"}");
  write_file(layout.site_yaml,
             "schema: 1\nrelease: shop\nenvironment: production\ntargets: {web: {driver: "
             "directory, path: /srv/web}}\n");
  write_file(layout.latest_time(), "x");
  CHECK(refusal() == Errc::corrupt);
}

}  // namespace sealift::installer::installation_test
