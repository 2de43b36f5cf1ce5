// SPDX-License-Identifier: Apache-2.0
#include "installer/content/kept_tables.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::kept_tables_test {

TEST_CASE("kept table: one that is damaged is no table, and says what brings it back") {
  const tests::ScratchFolder folder;
  const Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  const std::string lines = "one\ntwo\n";
  const Digest digest = Digest::of(lines);
  CHECK_FALSE(has_table(layout, digest));
  make_dirs(layout.tables());
  write_file(table_file(layout, digest), lines);
  CHECK(has_table(layout, digest));
  CHECK(read_all(*open_table(layout, digest), 100, "table") == lines);
  for (const char* damaged : {"one\ntwo\nx\n", "one\n", "", "one\ntwP\n"}) {
    write_file(table_file(layout, digest), damaged);
    CHECK_FALSE(has_table(layout, digest));
    const auto refused = tests::error_of([&] { open_table(layout, digest); });
    REQUIRE(refused);
    CHECK(refused->code() == Errc::corrupt);
    CHECK(refused->message().starts_with(table_file(layout, digest).string()));
    CHECK(refused->hint().find("apply --repair") != std::string::npos);
  }
}

}  // namespace sealift::installer::kept_tables_test
