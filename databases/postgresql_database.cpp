// SPDX-License-Identifier: Apache-2.0
// PostgreSQL through psql, pg_dump and pg_restore.

#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "databases/postgresql_dumping.hpp"
#include "databases/postgresql_facts.hpp"
#include "databases/postgresql_failure.hpp"
#include "databases/postgresql_properties.hpp"
#include "databases/postgresql_script.hpp"
#include "databases/psql.hpp"
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Migration;
using migrations::Shape;
using migrations::TrackingTable;

constexpr std::chrono::milliseconds kPoll{500};  // for sessions to end

class PostgresqlDatabase : public Database {
 public:
  PostgresqlDatabase(const PostgresqlPlace& place, const std::string& session,
                     const Patience& patience)
      : place_(place), psql_(place, session), session_(session), patience_(patience) {}

  migrations::Dialect dialect() const override { return migrations::Dialect::postgresql; }

  Facts facts() override {
    const ServerFacts found = facts_from_json(psql_.ask(facts_select()));
    Problems problems;
    const std::string& role = found.role;
    if (found.is_standby) {
      problems.add(
          format("the database {} is on a standby, where nothing can be written", psql_.database()),
          "let url name the primary");
    }
    if (!found.may_create) {
      problems.add(
          format("the role {} may not create schemas in the database {}", role, psql_.database()),
          format("GRANT CREATE ON DATABASE {} TO {}", sql_name(psql_.database()), sql_name(role)));
    }
    if (place_.dumped_by == DumpedBy::pg_dump) check_dumpable(psql_, found, problems);
    problems.throw_if_any(Errc::incompatible);
    return {.server = format("PostgreSQL {}", found.version), .bytes = found.bytes};
  }

  Applied applied(const TrackingTable& table) override {
    const Json columns = psql_.ask(
        format("SELECT coalesce(json_agg(attname), '[]') FROM pg_attribute WHERE attrelid = "
               "to_regclass({}) AND attnum > 0 AND NOT attisdropped",
               sql_text(qualified(table))));
    Applied applied;
    if (columns.empty()) return applied;
    const bool has_name = std::find(columns.begin(), columns.end(), "name") != columns.end();
    applied.shape = has_name ? Shape::with_name : Shape::unnamed;
    for (const Json& row : psql_.ask(rows_select(table, applied.shape))) {
      applied.rows.push_back({.hash = row[0],
                              .created_at = row[1],
                              .name = has_name && !row[2].is_null()
                                          ? std::optional<std::string>(row[2])
                                          : std::nullopt});
    }
    return applied;
  }

  void migrate(const Run& run) override {
    Run left = run;
    for (unsigned attempt = 1;; ++attempt) {
      const std::optional<Refusal> refusal =
          psql_.run_written([&](Sink& script) { write_migration_script(left, patience_, script); });
      if (!refusal) return;
      constexpr std::string_view kLockNotAvailable = "55P03";
      constexpr std::string_view kDeadlockDetected = "40P01";
      const bool is_locked =
          refusal->state == kLockNotAvailable || refusal->state == kDeadlockDetected;
      if (!is_locked || attempt >= patience_.attempts) {
        fail_run(psql_.database(), left, *refusal);
      }
      log::warning(format("{}: {}; trying again ({} of {})", psql_.database(), refusal->message,
                          attempt + 1, patience_.attempts));
      std::this_thread::sleep_for(std::chrono::seconds(1));
      // What was committed before a statement outside of a transaction stays.
      left.before = applied(run.table);
      const std::vector<const Migration*> done = compare(run.set, left.before).applied;
      std::erase_if(left.pending, [&](const Migration* each) {
        return std::find(done.begin(), done.end(), each) != done.end();
      });
    }
  }

  void rehash(const TrackingTable& table, const AppliedRow& row, const std::string& hash) override {
    if (const auto refusal = psql_.run(
            format("UPDATE {} SET hash = {} WHERE hash = {} AND coalesce(created_at, 0) = {};\n",
                   qualified(table), sql_text(hash), sql_text(row.hash), row.created_at))) {
      throw Error(Errc::target_failed,
                  format("the database {}: {}", psql_.database(), refusal->message));
    }
  }

  void end_leftovers() override {
    // A statement that the server still runs for a client that is dead ends here, or has ended.
    const std::string where = format(
        "FROM pg_stat_activity WHERE application_name = {} AND pid <> pg_backend_pid() AND datname "
        "= current_database()",
        sql_text(session_));
    for (int attempt = 0; attempt < 60; ++attempt) {
      if (psql_.ask(format("SELECT to_json(count(pg_terminate_backend(pid))) {}", where)) == 0) {
        return;
      }
      std::this_thread::sleep_for(kPoll);
    }
    throw Error(Errc::target_failed,
                format("sessions called {} of an installer that died do not end", session_),
                "end them on the server, then repeat this");
  }

  void dump(Sink& to) override {
    ProgramSource source(psql_.program({"pg_dump", "-Fc", "-Z0", "-w",
                                        format("--lock-wait-timeout={}", patience_.lock.count()),
                                        "-d", psql_.url()}));
    copy(source, to);
    check_program(source.finish(), "pg_dump", Errc::io);
  }

  void check_dump(Source& dump) override {
    ProgramSink sink(psql_.program({"pg_restore", "-f", "/dev/null"}));
    feed(sink, dump, Errc::corrupt);
  }

  bool exists() override {
    return anywhere().ask(
        format("SELECT to_json(EXISTS (SELECT FROM pg_database WHERE datname = "
               "{}))",
               sql_text(psql_.database())));
  }

  Json describe() override {
    Json about = psql_.ask(properties_select(psql_.database()));
    about.update(psql_.ask(needs_select()));
    return about;
  }

  void check_restorable(const Json& about) override {
    const Psql server = beside();
    const RestoreFacts found =
        restore_facts_from_json(server.ask(restore_facts_select(psql_.database())));
    const std::string& role = found.role;
    const Properties wanted = properties_from_json(about);
    Problems problems;
    const auto need = [&](bool is_there, const std::string& what, const std::string& hint) {
      if (is_there) return;
      problems.add(format("restoring {}: the role {} {}", psql_.database(), role, what), hint);
    };
    need(found.may_create, "may not create databases",
         format("ALTER ROLE {} CREATEDB", sql_name(role)));
    need(found.is_owner.value_or(true), "does not own the database",
         format("ALTER DATABASE {} OWNER TO {}", sql_name(psql_.database()), sql_name(role)));
    need(found.may_end_sessions, "may not put other users' sessions out",
         format("GRANT pg_signal_backend TO {}", sql_name(role)));
    if (!found.is_owner && wanted.owner.empty()) {
      problems.add(
          format("restoring {}: the database does not exist on this server, and a dump "
                 "alone does not say whose it was",
                 psql_.database()),
          format("CREATE DATABASE {} OWNER {}", sql_name(psql_.database()), sql_name(role)));
    }
    const std::string tablespace =
        found.is_owner ? properties_now(server).tablespace : wanted.tablespace;
    const auto place = found.tablespaces.find(tablespace);
    if (!tablespace.empty() && place == found.tablespaces.end()) {
      problems.add(format("restoring {}: the tablespace {} does not exist on this server",
                          psql_.database(), printable(tablespace, 80)),
                   format("CREATE TABLESPACE {} LOCATION 'FOLDER'", sql_name(tablespace)));
    } else if (!tablespace.empty()) {
      need(place->second, format("may not create in the tablespace {}", printable(tablespace, 80)),
           format("GRANT CREATE ON TABLESPACE {} TO {}", sql_name(tablespace), sql_name(role)));
    }
    for (const std::string& each : wanted.roles) {
      if (found.roles.contains(each)) continue;
      problems.add(format("restoring {}: the role {} does not exist on this server",
                          psql_.database(), printable(each, 80)),
                   format("CREATE ROLE {}", sql_name(each)));
    }
    for (const auto& [name, version] : wanted.extensions) {
      if (found.extensions.contains(name)) continue;
      problems.add(format("restoring {}: the server does not have the extension {} {}",
                          psql_.database(), printable(name, 80), printable(version, 40)),
                   "install it on the server");
    }
    problems.throw_if_any(Errc::incompatible);
  }

  void restore(Source& dump, const Restoring& how) override {
    check_restorable(how.about);
    const Psql server = beside();
    // What was set since the dump was made counts; a database that is gone comes as it was.
    fill(server, incoming(), dump, exists() ? about_now(server) : how.about);
    // From here on the new one is whole. Nobody comes in until the name means it.
    allow_connections(server, "false");
    try {
      swap(server, how.label);
    } catch (const Error&) {
      allow_connections(server, "true");
      throw;
    }
  }

  std::vector<std::string> kept() override {
    return anywhere().ask(
        format("SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM pg_database "
               "WHERE datname ~ ('^' || {} || '_(incoming|rehearsal|(old|failed)_[0-9a-f_]+)$')",
               sql_text(psql_.database())));
  }

  void drop_kept(const std::string& name) override { run_on(beside(), drop_database(name)); }

  std::unique_ptr<Database> rehearsal(Source& dump) override;

  bool finish_restore(const std::string& label) override {
    const Psql server = beside();
    const bool is_whole = server.ask(
        format("SELECT to_json(EXISTS (SELECT FROM pg_database WHERE datname = {}) AND NOT EXISTS "
               "(SELECT FROM pg_database WHERE datname = {} AND datallowconn))",
               sql_text(incoming()), sql_text(psql_.database())));
    if (!is_whole) return false;
    swap(server, label);
    return true;
  }

 private:
  std::string incoming() const { return format("{}_incoming", psql_.database()); }

  // Another database of the server, from where this one is made and renamed. It is called postgres,
  // unless the server has none or keeps this role out of it; template1 comes last, for whoever is
  // in it keeps others from making databases.
  Psql beside() const {
    std::optional<Refusal> refusal;
    const auto answers = [&](const std::string& name) {
      refusal = psql_.on(name).run("SELECT 1;\n");
      return !refusal;
    };
    if (answers("postgres")) return psql_.on("postgres");
    for (const std::string& name : neighbours()) {
      if (answers(name)) return psql_.on(name);
    }
    throw Error(Errc::incompatible,
                format("the database {}: a restore needs another database of the server to connect "
                       "to, and none can be connected to: {}",
                       psql_.database(), refusal->message),
                "GRANT CONNECT ON DATABASE postgres TO the role in url");
  }

  std::vector<std::string> neighbours() const {
    std::string answer;
    const std::string mine = sql_text(psql_.database());
    std::vector<std::string> names;
    if (!psql_.run(format("SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM "
                          "pg_database WHERE datallowconn AND NOT datistemplate AND datname ~ "
                          "'^[A-Za-z0-9_-]+$' AND datname <> {0} AND NOT starts_with(datname, {0} "
                          "|| '_') AND has_database_privilege(oid, 'CONNECT');\n",
                          mine),
                   &answer)) {
      names = parse_json(answer, "names of databases").get<std::vector<std::string>>();
    }
    names.push_back("template1");
    return names;
  }

  // The list of databases is the same in each of them.
  Psql anywhere() const { return psql_.run("SELECT 1;\n") ? beside() : psql_; }

  Json about_now(const Psql& server) const {
    return server.ask(properties_select(psql_.database()));
  }

  Properties properties_now(const Psql& server) const {
    return properties_from_json(about_now(server));
  }

  void run_on(const Psql& psql, const std::string& script) const {
    if (const auto refusal = psql.run(script)) {
      throw Error(Errc::target_failed,
                  format("restoring {}: {}", psql_.database(), refusal->message),
                  "the role needs CREATEDB and must own the database");
    }
  }

  // A new database of this name with the content of the dump and these properties, ready for use.
  void fill(const Psql& server, const std::string& name, Source& dump, const Json& about) const {
    run_on(server, drop_database(name));
    const Properties properties = properties_from_json(about);
    run_on(server, create_database(name, properties));
    const Psql into = psql_.on(name);
    ProgramSink sink(into.program(
        {"pg_restore", "--exit-on-error", "--single-transaction", "-w", "-d", into.url()}));
    feed(sink, dump, Errc::target_failed);
    run_on(into, "ANALYZE;\n");
    run_on(server, properties_script(name, properties));
    Problems problems;
    compare_properties(about, server.ask(properties_select(name)),
                       format("restoring {}", psql_.database()), problems);
    problems.throw_if_any(Errc::target_failed);
  }

  // To what has the name, if anything has.
  void allow_connections(const Psql& server, std::string_view word) const {
    run_on(
        server,
        format("SELECT EXISTS (SELECT FROM pg_database WHERE datname = {}) AS there \\gset\n\\if "
               ":there\nALTER DATABASE {} ALLOW_CONNECTIONS {};\n\\endif\n",
               sql_text(psql_.database()), sql_name(psql_.database()), word));
  }

  // The name that what stands is kept under. One may have it already: of a restore that was cut
  // off, which whoever goes on finishes under the same label before the next.
  std::string kept_name(const Psql& server, const std::string& label) const {
    const std::string first = format("{}_{}", psql_.database(), label);
    std::string name = first;
    for (int number = 2; server.ask(format("SELECT to_json(EXISTS (SELECT FROM pg_database WHERE "
                                           "datname = {}))",
                                           sql_text(name)));
         ++number) {
      name = format("{}_{}", first, number);
    }
    return name;
  }

  // Puts who is in out, and gives the name to the restored one.
  void swap(const Psql& server, const std::string& label) const {
    const std::string name = sql_name(psql_.database());
    const std::string old = sql_name(kept_name(server, label));
    run_on(server,
           format("SELECT EXISTS (SELECT FROM pg_database WHERE datname = {0}) AS there \\gset\n"
                  "\\if :there\n"
                  "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
                  "{0};\n"
                  "ALTER DATABASE {1} RENAME TO {2};\n"
                  "ALTER DATABASE {2} ALLOW_CONNECTIONS true;\n"
                  "\\endif\n"
                  "ALTER DATABASE {3} RENAME TO {1};\n",
                  sql_text(psql_.database()), name, old, sql_name(incoming())));
  }

  static void feed(ProgramSink& sink, Source& dump, Errc code) {
    std::optional<Error> broken;
    try {
      copy(dump, sink);
    } catch (const Error& error) {
      // The program may have ended because of what it read; then its own words say more.
      if (error.code() == Errc::corrupt) throw;
      broken = error;
    }
    check_program(sink.finish(), "pg_restore", code);
    if (broken) throw *broken;
  }

  PostgresqlPlace place_;
  Psql psql_;
  std::string session_;
  Patience patience_;
};

// A database that is dropped with it.
class PostgresqlRehearsal : public PostgresqlDatabase {
 public:
  PostgresqlRehearsal(const PostgresqlPlace& place, const std::string& session,
                      const Patience& patience, Psql server, std::string name)
      : PostgresqlDatabase(place, session, patience),
        server_(std::move(server)),
        name_(std::move(name)) {}
  PostgresqlRehearsal(const PostgresqlRehearsal&) = delete;
  PostgresqlRehearsal& operator=(const PostgresqlRehearsal&) = delete;
  ~PostgresqlRehearsal() override {
    try {
      if (const auto refusal = server_.run(drop_database(name_))) {
        log::warning(format("the database {} stays: {}", name_, refusal->message));
      }
    } catch (const Error& error) {
      log::warning(format("the database {} stays: {}", name_, error.message()));
    }
  }

 private:
  Psql server_;
  std::string name_;
};

std::unique_ptr<Database> PostgresqlDatabase::rehearsal(Source& dump) {
  const Psql server = beside();
  const std::string name = format("{}_rehearsal", psql_.database());
  PostgresqlPlace place = place_;
  place.url = psql_.on(name).url();
  auto copy = std::make_unique<PostgresqlRehearsal>(place, session_, patience_, server, name);
  fill(server, name, dump, about_now(server));
  return copy;
}

}  // namespace

std::unique_ptr<Database> open_postgresql(const PostgresqlPlace& place, const std::string& session,
                                          const Patience& patience) {
  return std::make_unique<PostgresqlDatabase>(place, session, patience);
}

}  // namespace sealift::databases
