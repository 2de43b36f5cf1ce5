// SPDX-License-Identifier: Apache-2.0
#pragma once

// The migrations of a release, in the order in which they are applied: a folder of drizzle-kit, of
// 0.x (meta/_journal.json and TAG.sql) or of 1.x (STAMP_NAME/migration.sql), or plain files
// NUMBER_NAME.sql. What drizzle-orm makes of a folder was read in its migrator and tried out:
// statements are split at every "--> statement-breakpoint", wherever it stands; the hash of a
// migration is that of its file; nothing is ever compared with what was applied before.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "migrations/pieces.hpp"
#include "migrations/sql.hpp"
#include "migrations/sql_text.hpp"

namespace sealift::migrations {

inline constexpr std::size_t kMaxMigrations = 10'000;

inline constexpr std::string_view kJournal = "meta/_journal.json";

enum class Layout {
  drizzle_0,  // one folder and a journal
  drizzle_1,  // a folder each
  sql         // numbered files
};

struct Migration {
  std::string name;                  // "0001_petitions", "20261122213202_petitions"
  std::string file;                  // below the source, e.g. "0001_petitions.sql"
  SqlText sql;                       // as it is
  Digest hash;                       // of `sql`; in tracking tables without its prefix
  std::int64_t when = 0;             // of drizzle: milliseconds since 1970
  std::optional<SqlText> down = {};  // of plain SQL: what takes it back
  std::size_t journal_line = 0;      // of drizzle 0.x: where the journal names it

  // True for what `drizzle-kit pull` writes: the schema that is there already, commented out.
  bool is_baseline() const;
};

struct MigrationSet {
  Layout layout;
  Dialect dialect;
  std::vector<Migration> migrations;

  // Gives a migration in pieces, one after the other. Of drizzle: split at its breakpoints. Of
  // plain SQL: the whole file, but for what pg_dump writes for psql alone. A long piece comes as
  // several of whole statements. As Pieces::next().
  void each_chunk(const Migration& migration, const std::function<void(const Chunk&)>& look) const;
};

// The files of a source by their paths below it; others than migrations may be among them.
using SourceFiles = std::map<std::string, SqlText>;

// Whether texts are read for what is wrong with them, or were when the release was accepted.
enum class Texts { checked, known };

// What can be read of a folder. Its mistakes are added to `problems`: a journal and files that
// contradict each other, text that is not UTF-8 or cannot be split into statements. Throws
// Error{invalid_input} where nothing says which migrations there are.
MigrationSet read_drizzle(const SourceFiles& files, Problems& problems,
                          Texts texts = Texts::checked);
MigrationSet read_sql(const SourceFiles& files, Dialect dialect, Problems& problems,
                      Texts texts = Texts::checked);

// What takes migrations back, as a set of its own: each has its file and text, and the name and
// hash of what it takes back. Those that nothing takes back are missing.
MigrationSet ways_down(const MigrationSet& set);

}  // namespace sealift::migrations
