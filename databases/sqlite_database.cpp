// SPDX-License-Identifier: Apache-2.0
// SQLite, through its library: no program is needed on the site. A run is one transaction that
// takes the write lock before it reads anything.

#include <sqlite3.h>

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "databases/database.hpp"
#include "databases/quote.hpp"
#include "databases/sqlite_connection.hpp"
#include "databases/sqlite_copy.hpp"
#include "databases/sqlite_foreign_keys.hpp"
#include "databases/sqlite_guard.hpp"
#include "databases/sqlite_session.hpp"

namespace sealift::databases {

namespace {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Chunk;
using migrations::Migration;
using migrations::Shape;
using migrations::TrackingTable;

// Rolls back unless it was committed.
class Transaction {
 public:
  explicit Transaction(const SqliteConnection& connection) : connection_(connection) {
    connection.exec("BEGIN IMMEDIATE");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!committed_) ::sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() {
    connection_.exec("COMMIT");
    committed_ = true;
  }

 private:
  const SqliteConnection& connection_;
  bool committed_ = false;
};

// What drizzle-orm writes, to the blank: sqlite_master keeps the text of a CREATE TABLE.
std::string create_table(const TrackingTable& table, Shape shape, bool is_ours) {
  const std::string margin = "\n\t\t\t\t";
  const char* id = shape == Shape::unnamed ? "SERIAL" : "INTEGER";
  std::string columns = format("{}id {} PRIMARY KEY,{}hash text NOT NULL,{}created_at numeric",
                               margin, id, margin, margin);
  if (shape == Shape::with_name) {
    columns += format(",{}name text{},{}applied_at TEXT", margin, is_ours ? " NOT NULL UNIQUE" : "",
                      margin);
  }
  return format("CREATE TABLE IF NOT EXISTS {} ({}\n\t\t\t)", sql_name(table.name), columns);
}

constexpr const char* kSqliteHistoryTable = "__sealift_history";
constexpr const char* kSqliteDatabaseHistory =
    "CREATE TABLE IF NOT EXISTS \"__sealift_history\" (id INTEGER PRIMARY KEY, migration TEXT NOT "
    "NULL, hash TEXT NOT NULL, release TEXT NOT NULL, digest TEXT NOT NULL, site_transaction "
    "INTEGER NOT NULL, actor TEXT NOT NULL, applied_at TEXT NOT NULL, milliseconds INTEGER NOT "
    "NULL)";

// As Date.toISOString() of JavaScript writes it.
std::string as_javascript(Time time) {
  std::string text = to_text(time);
  text.insert(text.size() - 1, ".000");
  return text;
}

std::size_t lines_before(std::string_view text, std::size_t offset) {
  return static_cast<std::size_t>(
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

// As much of a statement as an error shows.
std::string first_line(std::string_view statement) {
  constexpr std::size_t kShown = 80;
  return printable(statement.substr(0, std::min(statement.find_first_of("\n;"), kShown)), kShown);
}

class SqliteDatabase : public Database {
 public:
  SqliteDatabase(fs::path file, fs::path scratch, const Patience& patience)
      : file_(std::move(file)), scratch_(std::move(scratch)), patience_(patience) {}

  migrations::Dialect dialect() const override { return migrations::Dialect::sqlite; }

  // A database that is not there yet is an empty one; only a run makes it.
  Facts facts() override {
    std::uint64_t bytes = 0;
    for (const char* ending : {"", "-wal"}) {
      if (const auto status = status_of(file_.string() + ending)) {
        bytes += static_cast<std::uint64_t>(status->st_size);
      }
    }
    if (is_there()) {
      SqliteQuery(open(SQLITE_OPEN_READWRITE), "SELECT count(*) FROM sqlite_master").step();
    } else if (::access(file_.parent_path().c_str(), W_OK) != 0) {
      throw Error(Errc::incompatible,
                  format("{}: is not there, and cannot be made in its folder", file_.string()),
                  "correct path of this database in site.yaml, or the rights of its folder");
    }
    return {.server = format("SQLite {}", ::sqlite3_libversion()), .bytes = bytes};
  }

  Applied applied(const TrackingTable& table) override {
    return is_there() ? applied_in(open(SQLITE_OPEN_READWRITE), table) : Applied{};
  }

  void migrate(const Run& run) override {
    if (run.grouping == Grouping::run) {
      migrate_patiently(run);
      return;
    }
    Run one = run;
    for (const Migration* migration : run.pending) {
      one.pending = {migration};
      migrate_patiently(one);
      one.before = applied(run.table);
    }
  }

  void rehash(const TrackingTable& table, const AppliedRow& row, const std::string& hash) override {
    const SqliteConnection connection = open(SQLITE_OPEN_READWRITE);
    SqliteQuery(connection, format("UPDATE {} SET hash = ? WHERE hash = ? AND created_at = ?",
                                   sql_name(table.name)))
        .bind(hash)
        .bind(row.hash)
        .bind(row.created_at)
        .step();
  }

  std::unique_ptr<Database> rehearsal(Source& dump) override;

  bool exists() override { return is_there(); }

  // The file is all there is to it.
  Json describe() override { return Json::object(); }
  void check_restorable(const Json&) override {}
  std::vector<std::string> kept() override { return {}; }
  void drop_kept(const std::string&) override {}

  // Whatever was open died with its process.
  void end_leftovers() override {}

  void dump(Sink& to) override {
    const ScratchFile copy(scratch_);
    {
      const SqliteConnection source = open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      const SqliteConnection target(copy.path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                    patience_.lock);
      copy_pages(source, target, attempts());
      // A dump is one file, whatever the database's way of writing.
      target.exec("PRAGMA journal_mode=DELETE");
    }
    const Fd fd = open_for_reading(copy.path());
    FdSource bytes(fd.get(), copy.path().string());
    sealift::copy(bytes, to);
  }

  void check_dump(Source& dump) override {
    const ScratchFile copy(scratch_);
    unpack(dump, copy.path());
    check_integrity(SqliteConnection(copy.path(), SQLITE_OPEN_READWRITE, patience_.lock),
                    Errc::corrupt);
  }

  void restore(Source& dump, const Restoring&) override {
    const ScratchFile copy(scratch_);
    unpack(dump, copy.path());
    const SqliteConnection source(copy.path(), SQLITE_OPEN_READWRITE, patience_.lock);
    check_integrity(source, Errc::corrupt);
    const SqliteConnection target = open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    // Under the write lock of the target, and in its journal: all pages change, or none.
    copy_pages(source, target, attempts());
  }

  // SQLite's own journal has taken it back.
  bool finish_restore(const std::string& /*label*/) override { return false; }

 private:
  bool is_there() const { return path_exists(file_); }

  SqliteConnection open(int flags) const { return SqliteConnection(file_, flags, patience_.lock); }

  unsigned attempts() const {
    return static_cast<unsigned>(patience_.lock.count() / 100) * patience_.attempts;
  }

  static void unpack(Source& dump, const fs::path& to) {
    AtomicFile file(to, FileMode::secret);
    copy(dump, file);
    file.commit();
  }

  static Applied applied_in(const SqliteConnection& connection, const TrackingTable& table) {
    Applied applied;
    SqliteQuery columns(connection, "SELECT name FROM pragma_table_info(?)");
    columns.bind(table.name);
    while (columns.step()) {
      if (applied.shape == Shape::missing) applied.shape = Shape::unnamed;
      if (columns.text(0) == "name") applied.shape = Shape::with_name;
    }
    if (applied.shape == Shape::missing) return applied;
    const bool has_name = applied.shape == Shape::with_name;
    SqliteQuery rows(connection, format("SELECT hash, created_at{} FROM {} ORDER BY rowid",
                                        has_name ? ", name" : "", sql_name(table.name)));
    while (rows.step()) {
      AppliedRow row{.hash = rows.text(0), .created_at = rows.number(1), .name = std::nullopt};
      if (has_name && !rows.is_null(2)) row.name = rows.text(2);
      applied.rows.push_back(std::move(row));
    }
    return applied;
  }

  void migrate_patiently(const Run& run) const {
    for (unsigned attempt = 1;; ++attempt) {
      try {
        migrate_once(run);
        return;
      } catch (const Error& error) {
        if (error.code() != Errc::busy || attempt >= patience_.attempts) throw;
      }
    }
  }

  void migrate_once(const Run& run) const {
    const SqliteConnection connection = open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const SqliteSession session(connection);
    Transaction transaction(connection);
    const Orphans orphans(connection);
    const Applied now = applied_in(connection, run.table);
    if (now != run.before) {
      throw Error(Errc::target_failed, "others have migrated the database since the plan was made",
                  "plan again");
    }
    Shape shape = now.shape;
    if (shape == Shape::missing) {
      shape = migrations::shape_for(run.set.layout);
      connection.exec(create_table(run.table, shape, run.set.layout == migrations::Layout::sql));
    }
    connection.exec(kSqliteDatabaseHistory);
    for (const Migration* migration : run.pending) {
      const auto begun = std::chrono::steady_clock::now();
      if (run.mode != Mode::record && !migration->is_baseline()) {
        session.forget_changes(kSqliteHistoryTable);
        MigrationGuard guard(connection.handle(), {run.table.name, kSqliteHistoryTable},
                             run.foreign_keys);
        run.set.each_chunk(*migration, [&](const Chunk& chunk) {
          run_chunk(connection, guard, *migration, chunk);
        });
        if (guard.is_paused()) {
          throw Error(Errc::target_failed,
                      format("{}: ends a transaction and begins none behind it", migration->file));
        }
        // What the next one does must not decide whether this one holds.
        if (session.has_deferred_rows()) orphans.check_since(migration->file);
      }
      session.reset();
      const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - begun);
      if (run.mode == Mode::take_back) {
        remove_row(connection, run, *migration, shape);
        write_history(connection, run, migration->name + " taken back", *migration, spent);
        continue;
      }
      write_row(connection, run, row_for(*migration, shape, run.now.seconds * 1000));
      write_history(connection, run, migration->name, *migration, spent);
    }
    orphans.check_since(names_of_files(run));
    transaction.commit();
  }

  // For messages: "0001_a.sql", "0001_a.sql to 0007_b.sql".
  static std::string names_of_files(const Run& run) {
    if (run.pending.empty()) return "";
    const std::string& last = run.pending.back()->file;
    return run.pending.size() == 1 ? last : format("{} to {}", run.pending.front()->file, last);
  }

  static void run_chunk(const SqliteConnection& connection, MigrationGuard& guard,
                        const Migration& migration, const Chunk& chunk) {
    // SQLite copies a text that does not end in a zero byte, for each of its statements.
    const std::string text(chunk.text);
    const char* const begin = text.c_str();
    const char* const end = begin + text.size();
    for (const char* at = begin; at < end;) {
      sqlite3_stmt* statement = nullptr;
      const char* rest = end;
      guard.begin_statement();
      int status = ::sqlite3_prepare_v2(connection.handle(), at, -1, &statement, &rest);
      if (status == SQLITE_OK && statement != nullptr && !guard.passes_over()) {
        do {
          status = ::sqlite3_step(statement);
        } while (status == SQLITE_ROW);
        guard.follow_pragma();
      }
      const bool failed = status != SQLITE_OK && status != SQLITE_DONE;
      const bool is_refused = failed && !guard.refusal().empty();
      const int offset =
          failed && !is_refused ? std::max(::sqlite3_error_offset(connection.handle()), 0) : 0;
      const std::string said = failed ? connection.said() : "";
      const bool is_busy = failed && connection.is_busy();
      ::sqlite3_finalize(statement);
      if (is_busy) connection.fail(migration.file);
      if (failed) {
        // An error of a step or a refusal of ours has no place: that of the statement's first word
        // is given.
        std::size_t place = static_cast<std::size_t>(at - begin) + static_cast<std::size_t>(offset);
        while (offset == 0 && place < chunk.text.size() && chunk.text[place] <= ' ') ++place;
        const std::string where =
            format("{}:{}", migration.file, chunk.line + lines_before(chunk.text, place));
        if (!is_refused) {
          throw Error(Errc::target_failed, format("{}: {}", where, said));
        }
        throw Error(Errc::target_failed,
                    format("{}: found {}, which {}: a migration may not", where,
                           first_line(std::string_view(chunk.text).substr(place)), guard.refusal()),
                    "let a migration change only tables and rows of its own database");
      }
      at = rest;
    }
  }

  static void write_row(const SqliteConnection& connection, const Run& run, const AppliedRow& row) {
    const std::string table = sql_name(run.table.name);
    if (row.name) {
      SqliteQuery(connection, format("INSERT INTO {} (\"hash\", \"created_at\", \"name\", "
                                     "\"applied_at\") VALUES (?, ?, ?, ?)",
                                     table))
          .bind(row.hash)
          .bind(row.created_at)
          .bind(*row.name)
          .bind(as_javascript(run.now))
          .step();
      return;
    }
    SqliteQuery(connection,
                format("INSERT INTO {} (\"hash\", \"created_at\") VALUES (?, ?)", table))
        .bind(row.hash)
        .bind(row.created_at)
        .step();
  }

  static void remove_row(const SqliteConnection& connection, const Run& run,
                         const Migration& migration, Shape shape) {
    const bool has_name = shape == Shape::with_name;
    SqliteQuery query(connection,
                      format("DELETE FROM {} WHERE hash = ?{}", sql_name(run.table.name),
                             has_name ? " AND name = ?" : ""));
    query.bind(migration.hash.hex());
    if (has_name) query.bind(migration.name);
    query.step();
  }

  static void write_history(const SqliteConnection& connection, const Run& run,
                            const std::string& what, const Migration& migration,
                            std::chrono::milliseconds spent) {
    SqliteQuery(
        connection,
        "INSERT INTO \"__sealift_history\" (migration, hash, release, digest, site_transaction, "
        "actor, applied_at, milliseconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(what)
        .bind(migration.hash.hex())
        .bind(run.author.release)
        .bind(run.author.digest)
        .bind(static_cast<std::int64_t>(run.author.transaction))
        .bind(run.author.actor)
        .bind(to_text(run.now))
        .bind(static_cast<std::int64_t>(spent.count()))
        .step();
  }

  fs::path file_;
  fs::path scratch_;
  Patience patience_;
};

// A database in a file that goes with it.
class SqliteRehearsal : public ScratchFile, public SqliteDatabase {
 public:
  SqliteRehearsal(const fs::path& folder, const Patience& patience)
      : ScratchFile(folder), SqliteDatabase(ScratchFile::path(), folder, patience) {}
};

std::unique_ptr<Database> SqliteDatabase::rehearsal(Source& dump) {
  auto copy = std::make_unique<SqliteRehearsal>(scratch_, patience_);
  unpack(dump, copy->path());
  check_integrity(SqliteConnection(copy->path(), SQLITE_OPEN_READWRITE, patience_.lock),
                  Errc::corrupt);
  return copy;
}

}  // namespace

std::unique_ptr<Database> open_sqlite(const fs::path& file, const fs::path& scratch,
                                      const Patience& patience) {
  return std::make_unique<SqliteDatabase>(file, scratch, patience);
}

}  // namespace sealift::databases
