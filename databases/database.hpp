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
#include "base/json.hpp"
#include "base/stream.hpp"
#include "migrations/tracking.hpp"

namespace sealift::databases {

struct Facts {
  std::string server;       // "PostgreSQL 15.18", "SQLite 3.40.1"
  std::uint64_t bytes = 0;  // what it takes where it lies
};

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
  std::vector<const migrations::Migration*> pending;
  migrations::TrackingTable table;
  // What the plan was made from. Where the database has moved on since: Error{busy}.
  migrations::Applied before;
  Author author;
  Time now;
  Mode mode = Mode::apply;
  Grouping grouping = Grouping::run;
  ForeignKeys foreign_keys = ForeignKeys::ignored;
};

// How a dump comes into the place of what is there.
struct Restoring {
  // Ends the name under which a database keeps what was there, where it can.
  std::string label;
  // What describe() said when the dump was made: for a database that is gone.
  Json about;
};

class Database {
 public:
  virtual ~Database() = default;

  virtual migrations::Dialect dialect() const = 0;
  // Error{incompatible} with everything that is missing to work with it.
  virtual Facts facts() = 0;
  virtual migrations::Applied applied(const migrations::TrackingTable& table) = 0;
  // Whether it is there at all.
  virtual bool exists() = 0;
  // What a dump does not hold and a restore needs: who owns it, roles, settings, extensions,
  // encoding.
  virtual Json describe() = 0;
  // Error{incompatible} with everything that would keep a dump of which describe() said `about`
  // from being restored here.
  virtual void check_restorable(const Json& about) = 0;
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

  // The whole content, as of one moment.
  virtual void dump(Sink& to) = 0;
  // Reads a dump to its end as a restore would; Error{corrupt} where that cannot succeed.
  virtual void check_dump(Source& dump) = 0;
  // Puts the content of a dump in place of what is there, at once or not at all. Users are kept
  // out meanwhile. Cut off anywhere, it may be repeated. Error{target_failed} where nothing was
  // changed.
  virtual void restore(Source& dump, const Restoring& how) = 0;
  // Goes on with a restore that was cut off after its last check; false where there is none.
  virtual bool finish_restore(const std::string& label) = 0;
  // What restores and rehearsals have left beside it, by name.
  virtual std::vector<std::string> kept() = 0;
  virtual void drop_kept(const std::string& name) = 0;
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
