// SPDX-License-Identifier: Apache-2.0
#include "databases/postgresql_script.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "databases/psql.hpp"
#include "databases/quote.hpp"
#include "migrations/lint.hpp"

namespace sealift::databases {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Chunk;
using migrations::Migration;
using migrations::Shape;
using migrations::Statement;
using migrations::TrackingTable;

namespace {

constexpr std::chrono::milliseconds kPostgresqlScriptPoll{500};  // for the lock
// "sealift" in ASCII: advisory locks are per database.
constexpr std::int64_t kLock = 0x7365616C696674;
constexpr std::string_view kLockHeld =
    "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid "
    "= pg_backend_pid() AND (classid::bigint << 32) + objid::bigint = ";

// Ends the script where the variable `name` of psql is not true.
std::string demand(std::string_view name, std::string_view mark, std::string_view message) {
  return format("\\if :{}\n\\else\n{}DO $$BEGIN RAISE EXCEPTION {}; END$$;\n\\endif\n", name,
                Psql::mark(mark), sql_text(message));
}

std::string create_table(const TrackingTable& table, Shape shape) {
  std::string columns = "id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint";
  if (shape == Shape::with_name) {
    columns += ", name text, applied_at timestamp with time zone DEFAULT now()";
  }
  return format("CREATE TABLE {} ({});\n", qualified(table), columns);
}

// CREATE SCHEMA IF NOT EXISTS asks for a privilege even where the schema exists.
std::string create_schema(std::string_view name) {
  return format(
      "SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {}) AS absent \\gset\n\\if "
      ":absent\nCREATE SCHEMA {};\n\\endif\n",
      sql_text(name), sql_name(name));
}

constexpr std::string_view kHistory =
    "CREATE TABLE IF NOT EXISTS sealift.history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY "
    "KEY, migration text NOT NULL, hash text NOT NULL, release text NOT NULL, digest text NOT "
    "NULL, site_transaction bigint NOT NULL, actor text NOT NULL, applied_at timestamptz NOT NULL "
    "DEFAULT clock_timestamp(), milliseconds bigint NOT NULL);\n";

// How far a migration came that cannot be one transaction: `done` statements, and whether the next
// one was begun.
constexpr std::string_view kProgress =
    "CREATE TABLE IF NOT EXISTS sealift.progress (migration text PRIMARY KEY, hash text NOT NULL, "
    "done bigint NOT NULL, running boolean NOT NULL);\n";

// Of CREATE INDEX CONCURRENTLY NAME ON TABLE and DROP INDEX CONCURRENTLY NAME, as they are written;
// empty where the statement is another, or leaves the name to the server.
struct IndexWords {
  std::string index;  // of CREATE as a name, of DROP as it is written
  std::string table;  // of CREATE, as it is written
};

IndexWords index_words(const Statement& statement) {
  const std::vector<migrations::Token>& tokens = statement.tokens;
  std::size_t at = 0;
  while (at < tokens.size() && !tokens[at].is("concurrently")) ++at;
  if (at++ >= tokens.size() || !statement.has("index")) return {};
  while (at < tokens.size() &&
         (tokens[at].is("if") || tokens[at].is("not") || tokens[at].is("exists"))) {
    ++at;
  }
  // A name, with its schema.
  const auto take = [&] {
    std::string text;
    bool is_open = true;
    for (; at < tokens.size(); ++at) {
      const bool is_dot = tokens[at].is('.');
      if (!is_dot && !is_open) break;
      text += tokens[at].text;
      is_open = is_dot;
    }
    return text;
  };
  if (statement.begins({"drop"})) return {.index = take(), .table = {}};
  if (!statement.begins({"create"}) || at >= tokens.size() || tokens[at].is("on")) return {};
  IndexWords words{.index = tokens[at].value(), .table = {}};
  ++at;
  if (at < tokens.size() && tokens[at].is("on")) ++at;
  if (at < tokens.size() && tokens[at].is("only")) ++at;
  words.table = take();
  return words;
}

Json rows_json(const Applied& applied) {
  Json rows = Json::array();
  for (const AppliedRow& row : applied.rows) {
    Json values = {row.hash, row.created_at};
    if (applied.shape == Shape::with_name) values.push_back(row.name ? Json(*row.name) : Json());
    rows.push_back(std::move(values));
  }
  return rows;
}

std::string lock_timeout(std::chrono::milliseconds time) {
  return format("SET lock_timeout = {};\n", time.count());
}

std::string own_settings(const Patience& patience) {
  return format(
      "SET client_min_messages = error;\nSET standard_conforming_strings = on;\nSET "
      "statement_timeout = {};\n{}",
      patience.statement.count(), lock_timeout(patience.lock));
}

// What a new session would get, also of what a migration has set for this database or role.
constexpr std::string_view kBeginAnew = R"(RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SELECT set_config(name, value, false) FROM (
  SELECT split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
  FROM pg_db_role_setting, unnest(setconfig) c
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
  ORDER BY setrole <> 0, setdatabase <> 0) s
WHERE name NOT IN ('application_name', 'client_encoding')
  AND current_setting(name, true) IS DISTINCT FROM value
  AND NOT EXISTS (SELECT FROM pg_settings p WHERE p.name = s.name AND context <> 'user'
                  AND NOT (context = 'superuser' AND current_setting('is_superuser') = 'on'));
)";

// SET CONSTRAINTS for those in which `which` is true of a name, if there are any. By name, for ALL
// would count for constraints of later migrations too.
std::string set_constraints(std::string_view which, std::string_view how) {
  return format(
      "SELECT 'SET CONSTRAINTS ' || string_agg(name, ', ') || ' {}' FROM (SELECT "
      "format('%I.%I', nspname, conname) AS name FROM pg_constraint c JOIN pg_namespace n ON n.oid "
      "= connamespace WHERE has_schema_privilege(n.oid, 'USAGE') GROUP BY 1 HAVING {}) c HAVING "
      "count(*) > 0 \\gexec\n",
      how, which);
}

// What a migration has set, made or opened for its session goes, as at the end of a session, but
// for locks. So the rows that we write meet nothing of it, and the next migration begins alike on a
// site that gets both at once and on one that gets them one by one. Deferred constraints are
// checked, as a commit would, and those that are deferred from the start are so again.
std::string reset_session(const Patience& patience) {
  return format("{}{}{}{}CLOSE ALL;\nDEALLOCATE ALL;\nUNLISTEN *;\nDISCARD TEMP;\n", kBeginAnew,
                own_settings(patience), set_constraints("bool_or(condeferrable)", "IMMEDIATE"),
                set_constraints("bool_and(condeferred)", "DEFERRED"));
}

// Between two statements of a migration: who it is, and ourselves.
constexpr std::string_view kBecomeUs =
    "SELECT session_user AS who, current_setting('role') AS role \\gset\n"
    "RESET SESSION AUTHORIZATION;\nRESET ROLE;\n";
constexpr std::string_view kBecomeThem = "SET SESSION AUTHORIZATION :'who';\nSET ROLE :'role';\n";

// A statement that says how the session is: a run that goes on in the middle of a migration says it
// again.
bool is_of_session(const Statement& statement) {
  return statement.begins({"set"}) || statement.begins({"reset"}) || statement.has("set_config");
}

std::string take_lock(const Patience& patience) {
  const auto attempts =
      std::max<std::int64_t>(patience.lock * patience.attempts / kPostgresqlScriptPoll, 1);
  std::string script = format("SELECT pg_try_advisory_lock({}) AS got \\gset\n", kLock);
  for (std::int64_t i = 0; i < attempts; ++i) {
    script += format(
        "\\if :got\n\\else\nSELECT pg_sleep({});\nSELECT pg_try_advisory_lock({}) AS got "
        "\\gset\n\\endif\n",
        static_cast<double>(kPostgresqlScriptPoll.count()) / 1000, kLock);
  }
  return script + demand("got", kAtLock, "another run holds the lock");
}

// A proxy that pools transactions may have given this one to a session without the lock.
std::string begin() {
  return format("BEGIN;\nSELECT {}{}) AS held \\gset\n{}", kLockHeld, kLock,
                demand("held", kAtPooler, "the lock is not held"));
}

std::string check_state(const Run& run) {
  const Shape found = run.before.shape;
  std::string script =
      format("{}SELECT to_regclass({}) IS {}NULL AS same \\gset\n{}", Psql::mark(kAtTable),
             sql_text(qualified(run.table)), found == Shape::missing ? "" : "NOT ",
             demand("same", kAtState, "changed"));
  if (found == Shape::missing) return script;
  return script + format(
                      "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE;\nSELECT ({})::jsonb = "
                      "{}::jsonb AS same \\gset\n{}",
                      qualified(run.table), rows_select(run.table, found),
                      sql_text(rows_json(run.before).dump()), demand("same", kAtState, "changed"));
}

void write_inside(const Run& run, const Migration& migration, std::size_t number,
                  const Patience& patience, Sink& script) {
  script.write("SELECT clock_timestamp() AS begun \\gset\n");
  if (run.mode == Mode::record || migration.is_baseline()) return;
  run.set.each_chunk(migration, [&](const Chunk& chunk) {
    bool is_empty = true;
    each_statement(chunk.text, run.set.dialect, [&](const Statement&) { is_empty = false; });
    if (is_empty) return;
    script.write(Psql::mark(format("{} {}", number, chunk.line)));
    script.write(handed_over(chunk.text));
  });
  script.write(reset_session(patience));
}

// An index that was cut off while it was built is there and invalid: it goes. One that was
// finished, or removed, before that could be noted is not built or removed once more.
std::string find_leftover(const Statement& statement, std::size_t number) {
  const IndexWords words = index_words(statement);
  if (words.index.empty()) return "";
  const std::string found =
      format("FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE {}",
             words.table.empty() ? format("i.indexrelid = to_regclass({})", sql_text(words.index))
                                 : format("i.indrelid = to_regclass({}) AND c.relname = {}",
                                          sql_text(words.table), sql_text(words.index)));
  if (words.table.empty()) {
    return format(
        "SELECT NOT (:'running'::boolean AND :done = {} AND NOT EXISTS (SELECT {})) AS "
        "todo \\gset\n",
        number, found);
  }
  return format(
      "SELECT format('DROP INDEX CONCURRENTLY %s', i.indexrelid::regclass) {0} AND NOT "
      "i.indisvalid \\gexec\nSELECT NOT (:'running'::boolean AND :done = {1} AND EXISTS (SELECT "
      "{0})) AS todo \\gset\n",
      found, number);
}

// One statement after the other, each noted before and after, so that the next run goes on where
// this one ends.
void write_outside(const Run& run, const Migration& migration, std::size_t number,
                   const Patience& patience, Sink& script) {
  const std::string who = format("migration = {}", sql_text(migration.name));
  script.write(format(
      "SELECT clock_timestamp() AS begun \\gset\nINSERT INTO sealift.progress VALUES ({}, {}, 0, "
      "false) ON CONFLICT DO NOTHING;\nSELECT hash = {} AS same, done, running FROM "
      "sealift.progress WHERE {} \\gset\n{}",
      sql_text(migration.name), sql_text(migration.hash.hex()), sql_text(migration.hash.hex()), who,
      demand("same", kAtProgress, "begun from other text")));
  std::size_t count = 0;
  run.set.each_chunk(migration, [&](const Chunk& chunk) {
    each_statement(chunk.text, run.set.dialect, [&](const Statement& statement) {
      std::string text = format("SELECT :done <= {} AS todo \\gset\n\\if :todo\n", count);
      text += find_leftover(statement, count);
      text += format("\\if :todo\n{}UPDATE sealift.progress SET running = true WHERE {};\n{}{}",
                     kBecomeUs, who, kBecomeThem,
                     Psql::mark(format("{} {}", number, chunk.line + statement.line - 1)));
      // A wait for old transactions is in nobody's way.
      const bool is_concurrent = statement.has("concurrently");
      if (is_concurrent) text += lock_timeout(std::chrono::milliseconds(0));
      text += handed_over(statement.text);
      if (is_concurrent) text += lock_timeout(patience.lock);
      text += format(
          "\\endif\n{}UPDATE sealift.progress SET done = {}, running = false WHERE "
          "{};\n{}{}\\endif\n",
          kBecomeUs, ++count, who, kBecomeThem,
          is_of_session(statement) ? "\\else\n" + handed_over(statement.text) : "");
      script.write(text);
    });
  });
  script.write(reset_session(patience));
}

std::string write_rows(const Run& run, const Migration& migration, Shape shape) {
  const AppliedRow row = row_for(migration, shape, run.now.seconds * 1000);
  std::string script = Psql::mark(kAtTable);
  script += row.name ? format("INSERT INTO {} (hash, created_at, name) VALUES ({}, {}, {});\n",
                              qualified(run.table), sql_text(row.hash), row.created_at,
                              sql_text(*row.name))
                     : format("INSERT INTO {} (hash, created_at) VALUES ({}, {});\n",
                              qualified(run.table), sql_text(row.hash), row.created_at);
  return script +
         format(
             "INSERT INTO sealift.history (migration, hash, release, digest, "
             "site_transaction, actor, milliseconds) VALUES ({0}, {1}, {2}, {3}, {4}, {5}, "
             "extract(epoch FROM clock_timestamp() - :'begun'::timestamptz) * 1000);\n"
             "DELETE FROM sealift.progress WHERE migration = {0};\n",
             sql_text(migration.name), sql_text(row.hash), sql_text(run.author.release),
             sql_text(run.author.digest), run.author.transaction, sql_text(run.author.actor));
}

std::string remove_rows(const Run& run, const Migration& migration, Shape shape) {
  std::string which = format("hash = {}", sql_text(migration.hash.hex()));
  if (shape == Shape::with_name) which += format(" AND name = {}", sql_text(migration.name));
  return Psql::mark(kAtTable) +
         format(
             "DELETE FROM {} WHERE {};\nINSERT INTO sealift.history (migration, hash, release, "
             "digest, site_transaction, actor, milliseconds) VALUES ({}, {}, {}, {}, {}, {}, "
             "extract(epoch FROM clock_timestamp() - :'begun'::timestamptz) * 1000);\nDELETE "
             "FROM "
             "sealift.progress WHERE migration = {};\n",
             qualified(run.table), which, sql_text(migration.name + " taken back"),
             sql_text(migration.hash.hex()), sql_text(run.author.release),
             sql_text(run.author.digest), run.author.transaction, sql_text(run.author.actor),
             sql_text(migration.name));
}

}  // namespace

std::string qualified(const TrackingTable& table) {
  return format("{}.{}", sql_name(table.schema), sql_name(table.name));
}

std::string rows_select(const TrackingTable& table, Shape shape) {
  return format(
      "SELECT coalesce(json_agg(json_build_array(hash, coalesce(created_at, 0){}) ORDER BY id), "
      "'[]') "
      "FROM {}",
      shape == Shape::with_name ? ", name" : "", qualified(table));
}

bool can_be_inside(const migrations::MigrationSet& set, const Migration& migration) {
  if (migration.is_baseline()) return true;
  bool is_inside = true;
  set.each_chunk(migration, [&](const Chunk& chunk) {
    each_statement(chunk.text, set.dialect, [&](const Statement& statement) {
      if (standing_of(statement, set.dialect) == migrations::Standing::outside) is_inside = false;
    });
  });
  return is_inside;
}

void write_migration_script(const Run& run, const Patience& patience, Sink& script) {
  const Shape found = run.before.shape;
  const Shape shape = found == Shape::missing ? migrations::shape_for(run.set.layout) : found;
  script.write(own_settings(patience) + take_lock(patience) + begin() + check_state(run));
  if (found == Shape::missing) {
    script.write(create_schema(run.table.schema) + create_table(run.table, shape));
  }
  script.write(create_schema("sealift") + std::string(kHistory) + std::string(kProgress));
  bool is_open = true;
  for (std::size_t i = 0; i < run.pending.size(); ++i) {
    const Migration& migration = *run.pending[i];
    const bool is_inside = run.mode == Mode::record || can_be_inside(run.set, migration);
    if (is_open != is_inside) script.write(is_open ? "COMMIT;\n" : begin());
    is_open = is_inside;
    if (is_inside) {
      write_inside(run, migration, i, patience, script);
    } else {
      write_outside(run, migration, i, patience, script);
      script.write(begin());
      is_open = true;
    }
    script.write(run.mode == Mode::take_back ? remove_rows(run, migration, shape)
                                             : write_rows(run, migration, shape));
    if (run.grouping == Grouping::file) {
      script.write("COMMIT;\n");
      is_open = false;
    }
  }
  if (is_open) script.write("COMMIT;\n");
}

}  // namespace sealift::databases
