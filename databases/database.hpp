// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Database is one database of a site: it says what has been applied to it, takes a run of
// migrations as one transaction, and gives and takes back its whole content. It knows nothing of
// releases, journals or where backups are kept.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/stream.hpp"
#include "databases/restorable.hpp"
#include "migrations/tracking.hpp"

namespace sealift::databases {

// How long others may be in the way.
struct Patience {
  std::chrono::milliseconds lock{5000};    // for a lock that somebody holds, each time
  unsigned attempts = 5;                   // at a run that met one
  std::chrono::milliseconds statement{0};  // for one statement; 0: as long as it takes
};

// Who migrates, for the history that is kept beside the tracking table.
struct Author {
  std::uint64_t transaction = 0;
  std::string release;  // "1.1.0"
  std::string digest;   // D
  std::string actor;
};

enum class Mode {
  apply,
  record,    // only the rows are written: what they stand for is there already
  take_back  // what is pending are ways down (migrations::ways_down); their rows go
};

// What is one transaction.
enum class Grouping { run, file };

// How SQLite treats foreign keys while a migration runs; PostgreSQL always follows them.
enum class ForeignKeys {
  ignored,  // as its library does by default; rows that refer to nothing are found at the end
  followed  // as after PRAGMA foreign_keys=ON
};

struct Run {
  const migrations::MigrationSet& set;
  std::vector<const migrations::Migration*> pending;  // of `set`, in its order
  migrations::TrackingTable table;                    // made where it is missing
  // What the plan was made from. Where the database has moved on since: Error{busy}.
  migrations::Applied before;
  Author author;
  Time now;  // what rows and history say
  Mode mode = Mode::apply;
  Grouping grouping = Grouping::run;
  ForeignKeys foreign_keys = ForeignKeys::ignored;
};

class Database : public Restorable {
 public:
  virtual migrations::Dialect dialect() const = 0;
  // The rows of the table, of either shape; none where there is no table yet. Reads only.
  virtual migrations::Applied applied(const migrations::TrackingTable& table) = 0;
  // All of the run, or of a file where those are transactions, or nothing of it; but a migration
  // with statements that the database takes only outside of a transaction ends what comes before
  // it, and is gone on with, at the statement that failed, by the next run. Error{target_failed}
  // naming the file and line that the database refused, or the tables in which rows of SQLite refer
  // to nothing and did not before; Error{busy} where others did not give way.
  virtual void migrate(const Run& run) = 0;

  // A copy made of a dump, which nobody else knows of and which goes with its owner.
  virtual std::unique_ptr<Database> rehearsal(Source& dump) = 0;
  // Gives a row the hash that the release has: an edit that a person has explained.
  virtual void rehash(const migrations::TrackingTable& table, const migrations::AppliedRow& row,
                      const std::string& hash) = 0;
  // Ends what an installer that died has left running, and waits until it is gone.
  virtual void end_leftovers() = 0;
};

// `scratch`: an existing folder for what has to lie in a file for a while.
std::unique_ptr<Database> open_sqlite(const fs::path& file, const fs::path& scratch,
                                      const Patience& patience);

// Who makes its backups, and so whether facts() asks for what pg_dump needs: its program, and a
// role that may read every row.
enum class DumpedBy { pg_dump, others };

// How PostgreSQL's own programs are called and whom they ask.
struct PostgresqlPlace {
  std::string url;                 // without a password
  std::vector<std::string> tools;  // what stands before psql: {"docker", "exec", "-i", "db"}
  std::string password_file;       // PGPASSFILE; empty: the usual ones
  DumpedBy dumped_by = DumpedBy::pg_dump;
};
// `session`: how its sessions are called, "sealift/12".
std::unique_ptr<Database> open_postgresql(const PostgresqlPlace& place, const std::string& session,
                                          const Patience& patience);

}  // namespace sealift::databases
