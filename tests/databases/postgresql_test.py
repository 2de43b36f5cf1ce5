# SPDX-License-Identifier: Apache-2.0
"""Migrations of a real PostgreSQL: one transaction, verified backups, restore by rename."""

import json
import random
import shutil
import signal
import subprocess
import threading
import time

from vault import (PATH_OF_USERS, BareVault, INSTALLER, OnlyDatabase, Postgres, Vault, need, os, run,
                   unittest, write)
from road import main
from sweep import ALL

ONE = ("0000_init", ["CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL)",
                     "INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(1, 100) i"])
TWO = ("0001_email", ["ALTER TABLE users ADD COLUMN email text",
                      "UPDATE users SET email = name || '@x' WHERE email IS NULL"])
BAD = ("0001_bad", ["ALTER TABLE users ADD COLUMN email text",
                    "UPDATE users\nSET email = name\nWHERE nonsense"])
SUMS = "SELECT count(*), md5(string_agg(u::text, ',' ORDER BY id)) FROM users u"


class PostgresqlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need("psql")
        cls.server = Postgres()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.name = "app_" + os.urandom(4).hex()
        self.server.sql("postgres", f"CREATE DATABASE {self.name};")
        self.vault = Vault({"driver": "postgresql", "url": self.server.url(self.name)})
        self.addCleanup(self.vault.close)
        self.vault.new_site()

    def sql(self, text):
        return self.server.sql(self.name, text)

    def dump(self, **more):
        return self.server.dump(self.name, "-N", "sealift", **more)

    def test_two_releases_and_back(self):
        self.vault.apply("1.0.0", [ONE])
        self.assertEqual(self.sql("SELECT count(*) FROM users"), "100")
        self.vault.apply("1.1.0", [ONE, TWO])
        self.assertEqual(self.vault.states(), {"0000_init": "applied", "0001_email": "applied"})
        self.assertEqual(self.vault.answer("drift")["differences"], [])
        self.assertEqual(self.sql("SELECT migration, release, site_transaction FROM sealift.history "
                                  "ORDER BY id"),
                         "0000_init|1.0.0|1\n0001_email|1.1.0|2")
        self.vault.installer("rollback", "--yes")
        self.assertEqual(self.vault.version(), "1.0.0")
        self.assertEqual(self.sql("SELECT count(email) FROM users"), "100")

    def test_a_failing_statement_changes_nothing_and_is_named(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump(sequences=False)
        said = self.vault.apply("1.1.0", [ONE, BAD], status=9)
        self.assertIn('0001_bad.sql:5: column "nonsense" does not exist (SQLSTATE 42703)', said)
        self.assertEqual(self.dump(sequences=False), before)
        self.assertEqual(self.vault.version(), "1.0.0")

    def test_a_long_seed_is_run_in_pieces_and_whole_or_not_at_all(self):
        rows = [f"INSERT INTO seed VALUES ({n}, $x${'é' * 200};\n$x$)" for n in range(5000)]
        seed = ("0001_seed", ["CREATE TABLE seed (n int, t text)", *rows])
        self.vault.apply("1.0.0", [ONE], layout="sql")
        said = self.vault.apply("1.1.0", [ONE, (seed[0], [*seed[1], "SELECT nonsense"])],
                                layout="sql", status=9)
        self.assertIn('0001_seed.sql:10002: column "nonsense" does not exist', said)
        self.assertEqual(self.sql("SELECT to_regclass('seed') IS NULL"), "t")
        self.vault.apply("1.1.1", [ONE, seed], layout="sql")
        self.assertEqual(self.sql("SELECT count(*), min(length(t)) FROM seed"), "5000|202")

    def test_a_new_value_of_an_enumeration_needs_a_transaction_of_its_own(self):
        kind = ("0000_kind", ["CREATE TYPE kind AS ENUM ('x')", "CREATE TABLE a (v kind)"])
        more = ("0001_more", ["ALTER TYPE kind ADD VALUE 'y'"])
        used = ("0002_used", ["UPDATE a SET v = 'y' WHERE v = 'x'"])
        said = self.vault.apply("1.0.0", [kind, more, used], status=9)
        self.assertIn("(SQLSTATE 55P04)", said)
        self.assertIn("let the release say transactions: file", said)
        self.vault.apply("1.0.1", [kind, more, used], transactions="file")

    def test_a_dump_of_pg_dump_is_a_first_migration(self):
        self.sql("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (v mood, n serial); "
                 "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT ';' $$; "
                 "INSERT INTO t VALUES ('a');")
        text = run("pg_dump", "--inserts", "-d", self.server.url(self.name)).decode()
        before = self.dump()
        self.sql("DROP TABLE t; DROP TYPE mood; DROP FUNCTION f;")
        # As releases since 2025 write it.
        if "\\restrict" not in text:
            text = f"\\restrict abc\n{text}\\unrestrict abc\n"
        self.vault.apply("1.0.0", [("0001_baseline", [text.rstrip()])], layout="sql")
        self.assertEqual(self.dump(), before)

    def test_sql_never_reaches_psql(self):
        strange = ("0000_strange", [
            "CREATE TABLE a (v text, n int[])",
            "INSERT INTO a VALUES ('\\! echo x', '{1,2}'), (E'\\\\gexec', NULL)",
            "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT '\\\\q :PORT' $$",
            "INSERT INTO a SELECT $x$:'HOST' :PORT$x$, ARRAY[1]"])
        self.vault.apply("1.0.0", [strange])
        self.assertEqual(self.sql("SELECT v FROM a"), "\\! echo x\n\\gexec\n:'HOST' :PORT")

    def leaving(self):
        """Migrations of which each leaves its session in another state than it was."""
        role = f"limited_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role}")
        return [
            ("0000_init", ["CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a DEFERRABLE "
                           "INITIALLY DEFERRED, n text UNIQUE DEFERRABLE)",
                           "INSERT INTO a VALUES (2, 1), (1, NULL)",
                           f"GRANT ALL ON SCHEMA public TO {role}"]),
            ("0001_path", ["CREATE SCHEMA audit", "SET search_path = audit",
                           "CREATE TABLE log (id int)"]),
            ("0002_empty", ["SELECT pg_catalog.set_config('search_path', '', false)",
                            "CREATE TABLE public.b (id int)"]),
            ("0003_role", [f"SET ROLE {role}", "CREATE TABLE c (id int)"]),
            ("0004_who", [f"SET SESSION AUTHORIZATION {role}", "CREATE TABLE d (id int)"]),
            ("0005_time", ["SET statement_timeout = '200ms'", "SET lock_timeout = '1ms'",
                           "SET TimeZone = 'Asia/Colombo'", "SET DateStyle = 'German'"]),
            ("0006_slow", ["CREATE TABLE e AS SELECT '01.02.2026'::date AS day FROM pg_sleep(0.4)"]),
            ("0007_text", ["SET client_encoding = 'LATIN1'", "SET default_tablespace = ''",
                           "SET check_function_bodies = off"]),
            ("0008_letter", ["CREATE TABLE f AS SELECT 'é'::text AS t, length('é') AS n"]),
            ("0009_temp", ["CREATE TEMP TABLE e (id int)", "CREATE TEMP TABLE scratch (id int)",
                           "PREPARE p AS SELECT 1", "DECLARE cur CURSOR FOR SELECT 1"]),
            ("0010_temp", ["CREATE TEMP TABLE scratch (id int)", "ALTER TABLE e ADD z int",
                           "PREPARE p AS SELECT 2", "DECLARE cur CURSOR FOR SELECT 2"]),
            ("0011_later", ["SET CONSTRAINTS ALL DEFERRED", "UPDATE a SET n = 'x'  WHERE id = 1",
                            "INSERT INTO a VALUES (4, 3), (3, 1)"]),
            # Not while checks of its rows are waiting; and they wait again.
            ("0012_alter", ["ALTER TABLE a ADD z int", "INSERT INTO a VALUES (6, 5), (5, 1)"]),
            ("0013_self", [f"ALTER DATABASE {self.name} SET search_path = audit, public"]),
            ("0014_last", ["CREATE TABLE g (id int)"])]

    def test_a_migration_begins_alike_whatever_came_before_it(self):
        """A fresh site and one that was upgraded step by step end with equal dumps."""
        every = self.leaving()
        self.vault.apply("1.0.0", every)
        ours = self.dump()
        self.assertEqual(self.sql("SELECT n FROM f"), "1")
        self.assertEqual(self.sql("SELECT string_agg(tableowner, ',') FROM pg_tables WHERE tablename "
                                  "IN ('f', 'g')"), "postgres,postgres")
        self.server.sql("postgres", f"ALTER DATABASE {self.name} RENAME TO {self.name}_fresh;\n"
                        f"CREATE DATABASE {self.name};")
        stepwise = Vault(self.vault.database)
        self.addCleanup(stepwise.close)
        stepwise.new_site()
        for count in (3, 5, 6, 8, 10, 12, 14, len(every)):
            stepwise.apply(f"1.{count}.0", every[:count])
        self.assertEqual(self.dump(), ours)

    def test_a_migration_outside_of_a_transaction_goes_on_as_it_was(self):
        role = f"limited_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role}")
        first = ("0000_init", ["CREATE SCHEMA audit", "CREATE TABLE audit.log (id int)",
                               f"GRANT ALL ON SCHEMA audit TO {role}",
                               f"ALTER TABLE audit.log OWNER TO {role}"])
        index = ("0001_index", ["SET search_path = audit", f"SET ROLE {role}",
                                "CREATE UNIQUE INDEX CONCURRENTLY once ON log (id)",
                                "CREATE INDEX CONCURRENTLY twice ON log (id)"])
        self.vault.apply("1.0.0", [first])
        self.sql("INSERT INTO audit.log VALUES (1), (1)")
        bundle = self.vault.build("1.1.0", [first, index, ("0002_last", ["CREATE TABLE t (a int)"])])
        said = self.vault.refused("apply", bundle, "--yes", status=9)
        self.assertIn("0001_index.sql:5: could not create unique index", said)
        self.sql("DELETE FROM audit.log")
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_indexes WHERE schemaname = 'audit'"), "2")
        self.assertEqual(self.sql("SELECT schemaname, tableowner FROM pg_tables WHERE tablename = "
                                  "'t'"), "public|postgres")

    def test_somebody_in_the_way_is_waited_for(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.write_site(lock_timeout=1, lock_attempts=2)
        bundle = self.vault.build("1.1.0", [ONE, TWO])
        holder = subprocess.Popen(["psql", "-X", "-q", "-d", self.server.url(self.name), "-c",
                                   "BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE; "
                                   "SELECT pg_sleep(30)"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        while self.sql("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
                       "WHERE relname = 'users'") == "0":
            time.sleep(0.05)
        said = self.vault.refused("apply", bundle, "--yes", status=9)
        self.assertIn("lock timeout", said)
        self.assertEqual(self.vault.version(), "1.0.0")
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE "
                 "'BEGIN; LOCK%' AND pid <> pg_backend_pid()")
        self.vault.installer("apply", bundle, "--yes")

    def test_another_run_holds_the_lock(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.write_site(lock_timeout=1, lock_attempts=1)
        bundle = self.vault.build("1.1.0", [ONE, TWO])
        holder = subprocess.Popen(["psql", "-X", "-q", "-d", self.server.url(self.name)],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        holder.stdin.write(b"SELECT pg_advisory_lock(x'7365616C696674'::bigint);\n")
        holder.stdin.flush()
        while self.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0":
            time.sleep(0.05)
        said = self.vault.refused("apply", bundle, "--yes", status=9)
        holder.stdin.close()
        holder.wait()
        self.assertIn("another run of migrations holds the lock", said)

    def test_backup_and_restore_with_everything(self):
        rich = ("0000_rich", [
            "CREATE EXTENSION pg_trgm", "CREATE TYPE mood AS ENUM ('sad', 'ok')",
            "CREATE TABLE users (id serial PRIMARY KEY, name text, m mood)",
            "INSERT INTO users (name, m) SELECT 'n' || i, 'ok' FROM generate_series(1, 50) i",
            "CREATE INDEX ON users USING gin (name gin_trgm_ops)",
            "SELECT lo_from_bytea(4711, '\\x0102')",
            "CREATE VIEW names AS SELECT name FROM users"])
        self.vault.apply("1.0.0", [rich])
        self.server.sql("postgres", f"ALTER DATABASE {self.name} SET search_path = public, sealift;\n"
                        f"ALTER DATABASE {self.name} SET work_mem = '7MB';\n"
                        f"REVOKE CONNECT ON DATABASE {self.name} FROM PUBLIC;")
        before, sums = self.dump(), self.sql(SUMS)
        name = self.vault.answer("backup", "create", "main")[0]["name"]
        self.vault.apply("1.1.0", [rich, ("0001_more", [
            "ALTER TABLE users ADD COLUMN email text",
            "CREATE VIEW emails AS SELECT email FROM users",
            "CREATE TABLE orders (u int REFERENCES users)", "DELETE FROM users WHERE id < 10"])])
        session = subprocess.Popen(["psql", "-X", "-q", "-d", self.server.url(self.name), "-c",
                                    "SELECT pg_sleep(60)"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        done = self.vault.answer("backup", "restore", name, "--yes", "--reason", "a test")
        self.assertNotEqual(session.wait(), 0)
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.sql(SUMS), sums)
        self.assertEqual(self.sql("SHOW search_path; SHOW work_mem"), "public, sealift\n7MB")
        self.assertEqual(self.sql("SELECT has_database_privilege('public', current_database(), "
                                  "'CONNECT')"), "f")
        self.assertEqual(self.sql("SELECT lo_get(4711)"), "\\x0102")
        # What was there before is kept under a clear name, and as a backup.
        kept = self.server.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE "
                               f"'{self.name}_old_%'")
        self.assertEqual(self.server.sql(kept, "SELECT count(*) FROM users"), "41")
        self.vault.installer("backup", "verify", done["before"])

    def test_a_destroyed_site_comes_back_from_its_archive(self):
        need("age-keygen")
        self.vault.apply("1.0.0", [ONE])
        identity = os.path.join(self.vault.root, "recovery.age")
        run("age-keygen", "-o", identity)
        recovery = run("age-keygen", "-y", identity).decode().strip()
        folder = os.path.join(self.vault.root, "archives")
        key = self.vault.answer("site", "export", "--to", folder, "--recovery", recovery)["key"]
        before = self.dump()
        opens = (folder, "--identity", identity, "--key", key)
        others = f"SELECT count(*) FROM pg_database WHERE datname ~ '^{self.name}_'"
        self.vault.installer("site", "rehearse", *opens, "--place", self.vault.root)
        self.assertEqual(self.server.sql("postgres", others), "0")
        for place in (self.vault.site, self.vault.target("")):
            shutil.rmtree(place)
        self.server.sql("postgres", f"DROP DATABASE {self.name};")
        self.vault.installer("site", "restore", *opens, "--yes")
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.vault.version(), "1.0.0")
        self.vault.installer("doctor")
        self.vault.apply("1.1.0", [ONE, TWO])

    def test_a_role_without_privileges_is_told(self):
        self.server.sql("postgres", "DO $$BEGIN CREATE ROLE poor LOGIN; EXCEPTION WHEN "
                        "duplicate_object THEN NULL; END$$;")
        self.vault.write_site(url=self.server.url(self.name, "poor"))
        said = self.vault.apply("1.0.0", [ONE], status=6)
        self.assertIn("may not create schemas", said)
        self.assertIn(f'GRANT CREATE ON DATABASE "{self.name}" TO "poor"', said)

    def test_a_server_that_is_gone(self):
        bundle = self.vault.build("1.0.0", [ONE])
        self.vault.write_site(url=self.server.url("no_such"))
        said = self.vault.refused("apply", bundle, "--yes", status=6)
        self.assertIn('database "no_such" does not exist', said)
        self.vault.write_site(tools=["/bin/no-such-launcher"])
        said = self.vault.refused("apply", bundle, "--yes", status=6)
        self.assertIn("/bin/no-such-launcher was not found", said)

    def test_foreign_keys_are_no_word_for_postgresql(self):
        said = self.vault.refuse("1.0.0", [ONE], foreign_keys="on")
        self.assertIn("foreign_keys: found on, which PostgreSQL does not have", said)

    def test_through_a_launcher(self):
        script = os.path.join(self.vault.root, "launch")
        with open(script, "w", encoding="utf-8") as out:
            out.write(f"#!/bin/sh\necho \"$*\" >> {script}.log\nexec \"$@\"\n")
        os.chmod(script, 0o755)
        self.vault.write_site(tools=[script])
        self.vault.apply("1.0.0", [ONE])
        self.assertEqual(self.sql("SELECT count(*) FROM users"), "100")
        with open(script + ".log", encoding="utf-8") as log:
            self.assertIn("pg_dump", log.read())

    def test_passwords_come_from_a_file(self):
        self.vault.write_site(url="postgresql://app:secret@localhost/app")
        bundle = self.vault.build("1.0.0", [ONE])
        said = self.vault.refused("apply", bundle, "--yes", status=3)
        self.assertIn("found a password in url", said)

    def many(self):
        return [ONE] + [(f"{i:04}_more", [f"CREATE TABLE t{i} AS SELECT i, md5(i::text) FROM "
                                          "generate_series(1, 2000) i"]) for i in range(1, 40)]

    def check_old_or_new(self, before):
        tables = int(self.sql("SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]+$'"))
        self.assertIn(tables, (0, 39))
        if tables == 0:
            self.assertEqual(self.dump(sequences=False), before)
        else:
            self.assertEqual(self.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "40")

    def test_killed_at_random_times(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump(sequences=False)
        bundle = self.vault.build("1.1.0", self.many())
        for victim in ("installer", "psql", "server") * (4 if ALL else 2):
            moment = random.uniform(0, 1.5)
            with self.subTest(victim=victim, moment=moment):
                running = subprocess.Popen([INSTALLER, "--site", self.vault.site, "apply", bundle,
                                            "--yes"], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    running.wait(moment)
                except subprocess.TimeoutExpired:
                    if victim == "installer":
                        running.kill()
                    elif victim == "psql":
                        subprocess.run(["pkill", "-KILL", "-P", str(running.pid)], check=False)
                    else:
                        self.server.stop()
                        self.server.start()
                running.wait()
                self.vault.installer("recover", "--lock-timeout", "5")
                self.check_old_or_new(before)
                if self.vault.version() == "1.1.0":
                    break

    def test_an_index_that_is_built_beside_the_work(self):
        index = ("0001_index", ["ALTER TABLE users ADD COLUMN more int",
                                'CREATE INDEX CONCURRENTLY "byName" ON public.users (name)',
                                "CREATE UNIQUE INDEX CONCURRENTLY twice ON users ((id / 2))"])
        after = ("0002_after", ["CREATE TABLE after_index (a int)"])
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [ONE, index, after])
        shown = self.vault.installer("plan", bundle).decode()
        self.assertIn("line 3: runs outside of a transaction", shown)
        said = self.vault.refused("apply", bundle, "--yes", status=9)
        self.assertIn("0001_index.sql:5: could not create unique index", said)
        self.assertIn("is done and stays", said)
        # What was done stays, what was left half done is invalid, the site is as before.
        self.assertEqual(self.vault.version(), "1.0.0")
        self.assertEqual(self.sql("SELECT done FROM sealift.progress"), "2")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "1")
        self.sql("DELETE FROM users WHERE id % 2 = 1")
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0")
        self.assertEqual(self.sql("SELECT count(*) FROM sealift.progress"), "0")
        self.assertEqual(self.sql("SELECT count(*) FROM after_index"), "0")
        self.assertEqual(set(self.vault.states().values()), {"applied"})

    def test_killed_while_indexes_are_built(self):
        many = ("0001_many", [f"CREATE INDEX CONCURRENTLY i{i} ON users (name, id)"
                              for i in range(12)] + ["DROP INDEX CONCURRENTLY i0"])
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [ONE, many])
        for moment in sorted(random.uniform(0.3, 1.2) for _ in range(6)):
            self.vault.killed(moment, "apply", bundle, "--yes")
            self.vault.installer("recover", "--lock-timeout", "5")
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.vault.version(), "1.1.0")
        self.assertEqual(self.sql("SELECT count(*), bool_and(indisvalid) FROM pg_index i JOIN pg_class "
                                  "c ON c.oid = indexrelid WHERE relname ~ '^i[0-9]+$'"), "11|t")
        self.assertEqual(set(self.vault.states().values()), {"applied"})

    def test_a_rehearsal_has_no_other_effect(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.installer("backup", "create", "main")
        before = self.dump()
        bundle = self.vault.build("1.1.0", [ONE, TWO])
        done = self.vault.answer("rehearse", bundle)
        self.assertEqual(done[0]["migrations"], ["0001_email"])
        said = self.vault.refused("rehearse", self.vault.build("1.1.1", [ONE, BAD]), status=9)
        self.assertIn("0001_bad.sql:5", said)
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname "
                                         f"LIKE '{self.name}_%'"), "0")
        self.vault.installer("apply", bundle, "--yes")

    def test_a_restore_that_is_killed(self):
        self.vault.apply("1.0.0", self.many())
        backup = self.vault.answer("backup", "create", "main")[0]["name"]
        sums = self.sql(SUMS)
        self.sql("UPDATE users SET name = 'later'")
        later = self.sql(SUMS)
        for moment in sorted(random.uniform(0, 2.5) for _ in range(6)):
            with self.subTest(moment):
                self.vault.killed(moment, "backup", "restore", backup, "--yes", "--reason", "x")
                there = self.server.sql("postgres", "SELECT count(*) FROM pg_database WHERE "
                                        f"datname = '{self.name}' AND datallowconn")
                if there == "1":
                    self.assertIn(self.sql(SUMS), (sums, later))
                # Whatever was cut off, the same command leads to its end.
                self.vault.installer("backup", "restore", backup, "--yes", "--reason", "again")
                self.assertEqual(self.sql(SUMS), sums)
                self.sql("UPDATE users SET name = 'later'")

    def test_a_restore_cut_off_just_before_its_last_rename(self):
        """The next one ends it first, and both keep what they replace under a name of its own."""
        self.vault.apply("1.0.0", [ONE])
        backup = self.vault.answer("backup", "create", "main")[0]["name"]
        sums = self.sql(SUMS)
        self.server.sql("postgres", f"CREATE DATABASE {self.name}_incoming TEMPLATE {self.name};")
        self.server.sql("postgres", f"ALTER DATABASE {self.name} ALLOW_CONNECTIONS false;")
        self.vault.installer("backup", "restore", backup, "--yes", "--reason", "again")
        self.assertEqual(self.sql(SUMS), sums)
        kept = self.vault.answer("backup", "kept", "main")
        self.assertEqual(len(kept), 2, kept)
        self.assertTrue(kept[1].startswith(kept[0]), kept)
        for name in kept:
            self.vault.installer("backup", "kept", "main", "--drop", name)
        self.assertEqual(self.databases(), [self.name])

    def databases(self):
        return self.server.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE "
                               f"'{self.name}%' ORDER BY 1").split()

    def test_behind_a_fence_a_failure_restores(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump()
        self.vault.write_site({"fence": {"close": ["true"], "open": ["true"]}})
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        done = self.vault.hurt("error=EIO", "apply", bundle, "--yes")
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertEqual((self.vault.version(), self.dump()), ("1.0.0", before))
        # What was given up is kept until a person drops it.
        failed = f"{self.name}_failed_2"
        self.assertEqual(self.databases(), [self.name, failed])
        self.assertEqual(self.server.sql(failed, "SELECT count(email) FROM users"), "100")
        self.assertIn(failed, self.vault.installer("doctor", status=20).decode())
        self.assertEqual(self.vault.answer("backup", "kept", "main"), [failed])
        self.vault.refused("backup", "kept", "main", "--drop", self.name, status=2)
        self.assertEqual(self.vault.answer("backup", "kept", "main", "--drop", failed), [])
        self.assertEqual(self.databases(), [self.name])

    def test_a_crash_while_the_failure_restores(self):
        """Killed at any time of apply, of the undo that restores and of `recover`: old or new."""
        self.vault.apply("1.0.0", self.many()[:1])
        before = self.sql(SUMS)
        self.vault.write_site({"fence": {"close": ["true"], "open": ["true"]}})
        bundle = self.vault.build("1.1.0", self.many(), rollback="restore")
        for moment in sorted(random.uniform(0.2, 4) for _ in range(6)):
            with self.subTest(moment):
                running = subprocess.Popen(
                    ["strace", "-f", "-o", "/dev/null", "-e", "trace=symlinkat", "-e",
                     "inject=symlinkat:error=EIO:when=1", INSTALLER, "--site", self.vault.site,
                     "apply", bundle, "--yes"], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
                try:
                    running.wait(moment)
                except subprocess.TimeoutExpired:
                    os.killpg(running.pid, signal.SIGKILL)
                    running.wait()
                self.vault.killed(random.uniform(0, 1), "recover", "--restore-database", "--reason",
                                  "x")
                self.vault.installer("recover", "--restore-database", "--reason", "x",
                                     "--lock-timeout", "5")
                self.assertEqual(self.vault.version(), "1.0.0")
                self.assertEqual(self.sql(SUMS), before)
                self.assertEqual(self.vault.states(), {"0000_init": "applied"})
                self.assertFalse(self.vault.answer("status")["fenced"])

    def test_a_rollback_that_restores_and_one_that_takes_back(self):
        first = ("0000_init.down", ["DROP TABLE users"])
        down = ("0001_email.down", ["ALTER TABLE users DROP COLUMN email"])
        self.vault.apply("1.0.0", [ONE, first], layout="sql", rollback="down")
        before, sums = self.dump(), self.sql(SUMS)
        bundle = self.vault.build("1.1.0", [ONE, first, TWO, down], layout="sql", rollback="down")
        self.vault.installer("apply", bundle, "--yes")
        self.vault.installer("rollback", "--down", "--reason", "wrong", "--yes")
        self.assertEqual((self.vault.version(), self.sql(SUMS)), ("1.0.0", sums))
        self.assertEqual(self.vault.states(), {"0000_init": "applied"})
        self.assertEqual(self.sql("SELECT migration FROM sealift.history ORDER BY id DESC LIMIT 1"),
                         "0001_email taken back")
        self.vault.installer("apply", bundle, "--yes")
        self.vault.installer("rollback", "--restore-database", "--reason", "wrong", "--yes")
        self.assertEqual((self.vault.version(), self.sql(SUMS)), ("1.0.0", sums))
        self.assertEqual(self.dump(sequences=False).count("email"), before.count("email"))

    def test_a_database_that_is_gone_comes_back(self):
        self.server.sql("postgres", f"CREATE ROLE owner_{self.name} LOGIN;\n"
                        f"ALTER DATABASE {self.name} OWNER TO owner_{self.name};\n"
                        f"ALTER DATABASE {self.name} SET work_mem = '7MB';")
        self.sql(f"CREATE ROLE reader_{self.name}")
        self.vault.apply("1.0.0", [ONE])
        self.sql(f"GRANT SELECT ON users TO reader_{self.name}")
        before = self.dump()
        self.vault.installer("backup", "create", "main")
        name = self.vault.answer("backup", "list")[-1]["name"]
        # The role that the dump speaks of is asked for before anything is done.
        self.server.sql("postgres", f"DROP DATABASE {self.name};\nDROP ROLE reader_{self.name};")
        said = self.vault.refused("backup", "restore", name, "--yes", "--reason", "x", status=6)
        self.assertIn(f"the role reader_{self.name} does not exist", said)
        self.server.sql("postgres", f"CREATE ROLE reader_{self.name}")
        self.vault.installer("backup", "restore", name, "--yes", "--reason", "it was dropped")
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.sql("SHOW work_mem"), "7MB")
        self.assertEqual(self.server.sql("postgres", "SELECT pg_get_userbyid(datdba) FROM pg_database "
                                         f"WHERE datname = '{self.name}'"), f"owner_{self.name}")

    def new_database(self, name, options):
        """The vault's database is this one from now on."""
        self.name = name
        self.server.sql("postgres", f"CREATE DATABASE {name} {options};")
        self.vault.database["url"] = self.server.url(name)
        self.vault.write_site()

    def property(self, expression, name=None):
        return self.server.sql("postgres", f"SELECT {expression} FROM pg_database d WHERE datname = "
                               f"'{name or self.name}'")

    def test_a_restored_database_has_every_property_of_the_old_one(self):
        folder = os.path.join(self.server.folder, "space_" + self.name)
        os.mkdir(folder)
        if self.server.as_user:
            shutil.chown(folder, "postgres")
        self.server.sql("postgres", f"CREATE TABLESPACE space_{self.name} LOCATION '{folder}'")
        self.server.sql("postgres", f"CREATE ROLE reader_{self.name}")
        self.new_database(self.name + "i", f"TEMPLATE template0 TABLESPACE space_{self.name} LOCALE "
                          "'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE'")
        self.vault.apply("1.0.0", [("0000_init", ["CREATE TABLE words (t text)", "INSERT INTO words "
                                                  "VALUES ('z'), ('ö'), ('a')"])])
        self.server.sql("postgres", f"""
            ALTER DATABASE {self.name} CONNECTION LIMIT 17;
            ALTER DATABASE {self.name} IS_TEMPLATE true;
            ALTER DATABASE {self.name} SET search_path = '', "a,b", "$user", public;
            ALTER ROLE reader_{self.name[:-1]} IN DATABASE {self.name} SET work_mem = '7MB';
            COMMENT ON DATABASE {self.name} IS 'it''s \important';
            REVOKE CONNECT, TEMPORARY ON DATABASE {self.name} FROM PUBLIC;
            REVOKE CREATE ON DATABASE {self.name} FROM postgres;
            GRANT CONNECT ON DATABASE {self.name} TO reader_{self.name[:-1]} WITH GRANT OPTION;""")
        every = ("row(datlocprovider, daticulocale, datcollate, dattablespace, datconnlimit, "
                 "datistemplate, datacl, shobj_description(oid, 'pg_database'), (SELECT "
                 "array_agg((setrole, setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE "
                 "setdatabase = d.oid))")
        before = self.property(every)
        order = "SELECT string_agg(t, '' ORDER BY t) FROM public.words"
        self.assertEqual(self.sql(order), "azö")
        backup = self.vault.answer("backup", "create", "main")[0]["name"]
        for drop in ("", f"ALTER DATABASE {self.name} IS_TEMPLATE false;\n"
                         f"DROP DATABASE {self.name};"):
            with self.subTest(drop):
                self.server.sql("postgres", drop)
                self.vault.installer("backup", "restore", backup, "--yes", "--reason", "x")
                self.assertEqual(self.property(every), before)
                self.assertEqual(self.sql(order), "azö")
        # A rehearsal has the same database.
        sorts = ("0001_sorts", ["DO $$BEGIN ASSERT (SELECT string_agg(t, '' ORDER BY t) = 'azö' FROM "
                                "public.words); END$$"])
        self.vault.installer("rehearse", self.vault.build("1.1.0", [
            ("0000_init", ["CREATE TABLE words (t text)", "INSERT INTO words VALUES ('z'), ('ö'), "
                           "('a')"]), sorts]))
        for name in self.vault.answer("backup", "kept", "main"):
            self.vault.installer("backup", "kept", "main", "--drop", name)

    def test_a_property_that_cannot_be_had_is_refused_before(self):
        self.vault.apply("1.0.0", [ONE])
        record = os.path.join(self.vault.site, "state/backups/main-1.json")
        with open(record, encoding="utf-8") as file:
            known = json.load(file)
        known["about"]["tablespace"] = "ssd"
        write(record, json.dumps(known))
        self.server.sql("postgres", f"DROP DATABASE {self.name}")
        said = self.vault.refused("backup", "restore", "main-1", "--yes", "--reason", "x", status=6)
        self.assertIn("the tablespace ssd does not exist on this server", said)
        self.assertEqual(self.databases(), [])

    def test_a_server_whose_database_postgres_is_closed_or_gone(self):
        role = f"app_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role} LOGIN CREATEDB IN ROLE pg_signal_backend;\n"
                        f"ALTER DATABASE {self.name} OWNER TO {role};\n"
                        "SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', datname) FROM "
                        "pg_database \\gexec")
        self.addCleanup(self.server.sql, "postgres", "GRANT CONNECT ON DATABASE postgres, template1 "
                        "TO PUBLIC;")
        self.vault.write_site(url=self.server.url(self.name, role))
        self.vault.apply("1.0.0", [ONE])
        sums = self.sql(SUMS)
        # Nothing but a restore needs another database; it is refused where there is none.
        said = self.vault.refused("backup", "restore", "main-1", "--yes", "--reason", "x", status=6)
        self.assertIn("a restore needs another database of the server to connect to", said)
        self.vault.write_site({"fence": {"close": ["true"], "open": ["true"]}},
                              url=self.server.url(self.name, role))
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        self.assertIn("a restore needs another", self.vault.refused("plan", bundle, status=6))
        self.server.sql("postgres", f"CREATE DATABASE default_{self.name} OWNER {role}")
        backup = self.vault.answer("backup", "create", "main")[0]["name"]
        self.sql("DELETE FROM users")
        self.vault.installer("backup", "restore", backup, "--yes", "--reason", "x")
        self.assertEqual(self.sql(SUMS), sums)
        self.vault.installer("apply", bundle, "--yes")

    def test_what_a_restore_needs_is_named_before(self):
        role = f"app_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role} LOGIN;\n"
                        f"ALTER DATABASE {self.name} OWNER TO {role};")
        self.vault.write_site({"fence": {"close": ["true"], "open": ["true"]}},
                              url=self.server.url(self.name, role))
        said = self.vault.apply("1.0.0", [ONE], rollback="restore", status=6)
        self.assertIn("may not create databases", said)
        self.assertIn("pg_signal_backend", said)
        self.server.sql("postgres", f"ALTER ROLE {role} CREATEDB;\n"
                        f"GRANT pg_signal_backend TO {role};")
        self.vault.apply("1.0.0", [ONE], rollback="restore")
        before, sums = self.dump(), self.sql(SUMS)
        # As a role that is no superuser, while another role is connected.
        self.server.sql("postgres", f"CREATE ROLE guest_{self.name} LOGIN")
        session = subprocess.Popen(["psql", "-X", "-q", "-d",
                                    self.server.url(self.name, f"guest_{self.name}"), "-c",
                                    "SELECT pg_sleep(60)"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        backup = self.vault.answer("backup", "create", "main")[0]["name"]
        self.sql("DELETE FROM users")
        self.vault.installer("backup", "restore", backup, "--yes", "--reason", "x")
        self.assertNotEqual(session.wait(), 0)
        self.assertEqual((self.dump(), self.sql(SUMS)), (before, sums))

    def test_a_table_that_may_not_be_read_is_named(self):
        role = f"app_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role} LOGIN;\n"
                        f"GRANT CREATE ON DATABASE {self.name} TO {role};")
        self.sql("CREATE TABLE secret (a int)")
        self.vault.write_site(url=self.server.url(self.name, role))
        said = self.vault.apply("1.0.0", [ONE], status=6)
        self.assertIn("may not read secret", said)

    def test_what_only_pg_dump_needs_is_not_asked_for_where_others_make_the_backups(self):
        role = f"app_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role} LOGIN;\n"
                        f"GRANT CREATE ON DATABASE {self.name} TO {role};")
        self.sql(f"GRANT CREATE ON SCHEMA public TO {role};\nCREATE TABLE secret (a int);\n"
                 "CREATE TABLE rows (a int);\nALTER TABLE rows ENABLE ROW LEVEL SECURITY;\n"
                 f"GRANT SELECT ON rows TO {role}")
        # This launcher knows psql alone.
        launcher = os.path.join(self.vault.root, "launch")
        write(launcher, '#!/bin/sh\ncase " $* " in *" psql "*) exec "$@";; esac\nexit 127\n')
        os.chmod(launcher, 0o755)
        bundle = self.vault.build("1.0.0", [ONE])
        self.vault.write_site(url=self.server.url(self.name, role), tools=[launcher])
        said = self.vault.refused("apply", bundle, "--yes", status=6)
        for asked in ("may not read secret", "only some rows of rows", "pg_dump was not found"):
            self.assertIn(asked, said)
        exec_backup = {"driver": "exec", "create": ["echo", "snapshot-1"], "verify": ["cat"],
                       "restore": ["cat"]}
        self.vault.write_site(url=self.server.url(self.name, role), tools=[launcher],
                              backup=exec_backup)
        self.vault.installer("doctor")
        self.assertNotIn("needs", self.vault.installer("plan", bundle).decode())
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.vault.states(), {"0000_init": "applied"})
        self.vault.installer("backup", "create", "main")

    def test_a_table_of_which_not_every_row_may_be_seen_is_named(self):
        role = f"app_{self.name}"
        self.server.sql("postgres", f"CREATE ROLE {role} LOGIN;\n"
                        f"ALTER DATABASE {self.name} OWNER TO {role};")
        self.vault.write_site(url=self.server.url(self.name, role))
        self.vault.apply("1.0.0", [ONE])
        self.sql("ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        said = self.vault.refused("plan", self.vault.build("1.1.0", [ONE, TWO]), status=6)
        self.assertIn("may see only some rows of users", said)
        self.assertIn("NO FORCE ROW LEVEL SECURITY", self.vault.installer("doctor", status=20).decode())
        self.sql("ALTER TABLE users NO FORCE ROW LEVEL SECURITY")
        self.vault.apply("1.1.0", [ONE, TWO])

    def test_a_proxy_that_pools_transactions_is_refused(self):
        need("pgbouncer")
        folder = os.path.join(self.server.folder, "pool")
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o777)
        # auth_type `any` knows no users: all of them are one.
        write(os.path.join(folder, "ini"),
              f"[databases]\n* = host={self.server.folder} user=postgres\n[pgbouncer]\n"
              f"unix_socket_dir = {folder}\nlisten_addr =\nlisten_port = 6543\nauth_type = any\n"
              "pool_mode = transaction\nserver_round_robin = 1\ndefault_pool_size = 4\n"
              "min_pool_size = 4\nignore_startup_parameters = extra_float_digits,options\n")
        os.chmod(os.path.join(folder, "ini"), 0o644)
        pool = subprocess.Popen([*self.server.as_user, "pgbouncer", "-q", os.path.join(folder, "ini")],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        self.addCleanup(pool.wait)
        self.addCleanup(pool.terminate)
        while not os.path.exists(os.path.join(folder, ".s.PGSQL.6543")):
            self.assertIsNone(pool.poll())
            time.sleep(0.05)
        url = f"postgresql:///{self.name}?host={folder}&port=6543&user=postgres"
        # Others keep the pool busy, so that transactions meet other sessions.
        others = [subprocess.Popen(["psql", "-X", "-q", "-d", url, "-c", "SELECT pg_sleep(0.5)"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                  for _ in range(3)]
        for other in others:
            other.wait()
        self.vault.write_site(url=url, lock_timeout=1, lock_attempts=1)
        said = self.vault.apply("1.0.0", [ONE], status=9)
        self.assertIn("a proxy between gives each transaction another session", said)
        self.assertEqual(self.sql("SELECT to_regclass('users') IS NULL"), "t")

    def test_what_a_dead_installer_left_running_is_ended_first(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump(sequences=False)
        slow = ("0001_slow", ["CREATE TABLE slow (a int)", "SELECT pg_sleep(60)"])
        bundle = self.vault.build("1.1.0", [ONE, slow])
        running = subprocess.Popen([INSTALLER, "--site", self.vault.site, "apply", bundle, "--yes"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        while self.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' "
                       "AND application_name = 'sealift/2'") == "0":
            self.assertIsNone(running.poll())
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.wait()
        self.vault.installer("recover", "--lock-timeout", "5")
        self.assertEqual(self.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                                  "'sealift/2'"), "0")
        self.assertEqual(self.dump(sequences=False), before)

    def test_two_installers_of_two_sites(self):
        other = Vault(self.vault.database)
        self.addCleanup(other.close)
        other.new_site()
        bundles = [(self.vault, self.vault.build("1.0.0", self.many())),
                   (other, other.build("1.0.0", self.many()))]
        ends = []

        def work(vault, bundle):
            ends.append(subprocess.run([INSTALLER, "--site", vault.site, "apply", bundle, "--yes"],
                                       stdin=subprocess.DEVNULL, capture_output=True,
                                       check=False).returncode)
        threads = [threading.Thread(target=work, args=each) for each in bundles]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # One migrates; the other sees that it was late, or that nothing is left to do.
        self.assertIn(sorted(ends), ([0, 0], [0, 9]))
        self.assertEqual(self.sql("SELECT count(*) FROM drizzle.__drizzle_migrations"), "40")


class PostgresqlAloneTest(OnlyDatabase, unittest.TestCase):
    ONE, TWO, BAD = ONE, TWO, BAD
    after_restore = 20

    @classmethod
    def setUpClass(cls):
        need("psql")
        cls.server = Postgres()
        os.environ["PATH"] = PATH_OF_USERS

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.name = "app_" + os.urandom(4).hex()
        self.server.sql("postgres", f"CREATE DATABASE {self.name};")
        self.vault = BareVault({"driver": "postgresql", "url": self.server.url(self.name)})
        self.addCleanup(self.vault.close)
        self.vault.new_site()

    def content(self):
        return self.server.dump(self.name, "-N", "sealift", sequences=False)


if __name__ == "__main__":
    main()
