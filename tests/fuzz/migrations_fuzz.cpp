// SPDX-License-Identifier: Apache-2.0
// The SQL of a migration, split into statements and looked at in both dialects.
#include "migrations/lint.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kMigrations("migrations", [](std::string_view bytes) {
  using namespace migrations;
  for (const Dialect dialect : {Dialect::postgresql, Dialect::sqlite}) {
    even_if_refused([&] {
      const MigrationSet set{.layout = Layout::drizzle_0,
                             .dialect = dialect,
                             .migrations = {{.name = "0000_x",
                                             .file = "0000_x.sql",
                                             .sql = std::string(bytes),
                                             .hash = Digest::of(bytes)}}};
      lint(set, {&set.migrations.front()}, Span::run);
    });
  }
});

}  // namespace sealift::fuzz
