# SPDX-License-Identifier: Apache-2.0
"""Migrations of SQLite, applied by the installer without any tool on the site."""

import contextlib
import hashlib
import json
import random
import re
import sqlite3
import time

from vault import BareVault, OnlyDatabase, Vault, os, run, unittest, write

ONE = ("0000_init", ["CREATE TABLE `users` (`id` integer PRIMARY KEY, `name` text NOT NULL)",
                     "INSERT INTO users (name) VALUES ('ada')"])
TWO = ("0001_email", ["ALTER TABLE `users` ADD `email` text",
                      "UPDATE users SET email = name || '@x' WHERE email IS NULL"])
BAD = ("0001_bad", ["ALTER TABLE `users` ADD `email` text", "INSERT INTO nowhere VALUES (1)"])


class SqliteTest(unittest.TestCase):
    def setUp(self):
        self.vault = Vault({"driver": "sqlite", "path": None})
        self.addCleanup(self.vault.close)
        self.file = os.path.join(self.vault.root, "app.db")
        self.vault.database["path"] = self.file
        self.vault.new_site()

    def rows(self, sql):
        connection = sqlite3.connect(self.file)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def dump(self):
        connection = sqlite3.connect(self.file)
        try:
            return [line for line in connection.iterdump() if "__sealift" not in line]
        finally:
            connection.close()

    def test_two_releases_and_back(self):
        self.vault.apply("1.0.0", [ONE])
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada")])
        self.vault.apply("1.1.0", [ONE, TWO])
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])
        self.assertEqual(self.vault.states(), {"0000_init": "applied", "0001_email": "applied"})
        self.assertEqual(self.vault.answer("drift")["differences"], [])
        self.vault.installer("rollback", "--yes")
        self.assertEqual(self.vault.version(), "1.0.0")
        # Code goes back, the database stays.
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])
        self.assertIn("applied, not of this release", self.vault.states(status=20).values())

    def test_an_uninstall_leaves_the_database_and_its_rules(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.apply("1.1.0", [ONE, TWO], rollback="restore")
        before = self.dump()
        self.vault.installer("uninstall", "--yes")
        self.assertEqual(self.dump(), before)
        self.vault.installer("rollback", "--yes")
        self.assertEqual(self.vault.version(), "1.1.0")
        self.assertEqual(self.dump(), before)
        # What its release says of its migrations holds as if it had never gone.
        self.assertIn("has migrated the database",
                      self.vault.refused("rollback", "--yes", status=6))

    def test_tracking_rows_are_those_of_drizzle(self):
        bundle = self.vault.build("1.0.0", [ONE, TWO])
        self.vault.installer("apply", bundle, "--yes")
        rows = self.rows("SELECT id, hash, created_at, typeof(created_at) FROM __drizzle_migrations")
        self.assertEqual([(row[0], row[2], row[3]) for row in rows],
                         [(None, 1795383121762, "integer"), (None, 1795383122763, "integer")])
        history = self.rows("SELECT migration, release, site_transaction FROM __sealift_history")
        self.assertEqual(history, [("0000_init", "1.0.0", 1), ("0001_email", "1.0.0", 1)])

    def test_a_failing_statement_changes_nothing(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump()
        said = self.vault.apply("1.1.0", [ONE, BAD], status=9)
        self.assertIn("0001_bad.sql:3: no such table: nowhere", said)
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.vault.version(), "1.0.0")

    def test_the_plan_shows_sql_findings_and_the_backup(self):
        self.vault.apply("1.0.0", [ONE])
        drop = ("0001_drop", ["DROP TABLE `users`"])
        bundle = self.vault.build("1.1.0", [ONE, drop])
        shown = self.vault.installer("plan", bundle).decode()
        self.assertIn("| DROP TABLE `users`", shown)
        self.assertIn("drop-table", shown)
        self.assertIn("back up main (SQLite ", shown)
        self.assertEqual(len(self.rows("SELECT * FROM users")), 1)

    def test_an_edited_migration_is_refused_by_name(self):
        self.vault.apply("1.0.0", [ONE])
        edited = (ONE[0], [ONE[1][0], "INSERT INTO users (name) VALUES ('eve')"])
        said = self.vault.apply("1.1.0", [edited, TWO], status=6)
        self.assertIn("0000_init.sql: was applied to the database main from other text", said)

    def test_one_that_drizzle_would_pass_over_is_refused(self):
        self.vault.apply("1.0.0", [ONE, TWO])
        self.rows("SELECT 1")
        connection = sqlite3.connect(self.file)
        connection.execute("DELETE FROM __drizzle_migrations WHERE created_at = 1795383121762")
        connection.commit()
        connection.close()
        said = self.vault.apply("1.1.0", [ONE, TWO], status=6)
        self.assertIn("0000_init.sql: is older than a migration", said)
        self.vault.apply("1.1.1", [ONE, TWO], late="applied", status=9)  # it runs, and users is there

    def test_what_every_database_has_had_is_taken_and_never_run(self):
        hack = ("0000_init", ["CREATE TABLE a (b text)", "COMMIT", "BEGIN"])
        accept = {"0000_init/transaction-control": "all sites have had it for years"}
        said = self.vault.refuse("1.0.0", [hack])
        self.assertIn('accept: {"0000_init/transaction-control": REASON}', said)
        said = self.vault.refuse("1.0.0", [hack], accept={"transaction-control": "x"})
        self.assertIn("expected MIGRATION/transaction-control", said)
        said = self.vault.apply("1.0.0", [hack, TWO], accept=accept, status=6)
        self.assertIn("0000_init.sql:3: begins or ends a transaction by itself", said)
        self.assertIn("migrations baseline", said)
        self.assertFalse(os.path.exists(self.file))
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [hack, TWO], accept=accept)
        self.vault.installer("migrations", "repair", bundle, "main", "0000_init", "--reason",
                             "the same tables", "--yes")
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(set(self.vault.states().values()), {"applied"})

    def test_other_line_ends_are_the_same_migration_also_on_the_way_back(self):
        down = ("0001_email.down", ["ALTER TABLE users DROP COLUMN email"])
        first = ("0000_init.down", ["DROP TABLE users"])
        self.vault.apply("1.0.0", [ONE, first], layout="sql", rollback="down")
        self.vault.apply("1.1.0", [ONE, first, TWO, down], layout="sql", rollback="down")
        connection = sqlite3.connect(self.file)
        text = "".join(s + ";\r\n" for s in TWO[1])
        connection.execute("UPDATE __sealift_migrations SET hash = ? WHERE name = '0001_email'",
                           (hashlib.sha256(text.encode()).hexdigest(),))
        connection.commit()
        connection.close()
        self.assertEqual(set(self.vault.states().values()), {"applied"})
        self.vault.installer("rollback", "--down", "--reason", "wrong", "--yes")
        self.assertEqual(self.rows("SELECT name FROM __sealift_migrations"), [("0000_init",)])

    def test_a_seed_of_many_statements(self):
        seed = ("0001_seed", ["CREATE TABLE seed (n int, t text)",
                              *[f"INSERT INTO seed VALUES ({n}, '{'x' * 80}')"
                                for n in range(60000)]])
        began = time.monotonic()
        self.vault.apply("1.0.0", [ONE, seed], layout="sql")
        self.assertEqual(self.rows("SELECT count(*) FROM seed"), [(60000,)])
        self.assertLess(time.monotonic() - began, 60)

    def test_backups_list_verify_restore(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.apply("1.1.0", [ONE, TWO])
        names = [row["name"] for row in self.vault.answer("backup", "list")]
        self.assertEqual(names, ["main-1", "main-2"])
        self.vault.installer("backup", "verify", "main-2")
        self.vault.refused("backup", "restore", "main-2", "--yes", status=2)
        before = self.dump()
        done = self.vault.answer("backup", "restore", "main-2", "--yes", "--reason", "a test")
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada")])
        self.vault.installer("backup", "restore", done["before"], "--yes", "--reason", "and back")
        self.assertEqual(self.dump(), before)

    def test_a_broken_backup_is_found(self):
        self.vault.apply("1.0.0", [ONE])
        path = os.path.join(self.vault.site, "state/backups/main-1.dump.zst")
        with open(path, "rb") as file:
            whole = file.read()
        for broken in (whole[:len(whole) // 2], whole[:-1], whole[:60] + bytes([whole[60] ^ 1]) + whole[61:]):
            with open(path, "wb") as file:
                file.write(broken)
            self.vault.refused("backup", "verify", "main-1", status=5)
            before = self.dump()
            self.vault.refused("backup", "restore", "main-1", "--yes", "--reason", "x", status=5)
            self.assertEqual(self.dump(), before)

    def test_foreign_keys_are_checked_and_followed_as_the_release_says(self):
        family = ("0000_family", [
            "CREATE TABLE `users` (`id` integer PRIMARY KEY)",
            "CREATE TABLE `posts` (`id` integer PRIMARY KEY, `author` integer NOT NULL REFERENCES "
            "`users`(`id`) ON DELETE cascade)", "INSERT INTO users VALUES (1), (2)",
            "INSERT INTO posts VALUES (10, 1), (11, 2)"])
        less = ("0001_less", ["DELETE FROM users WHERE id = 1"])
        posts = "SELECT group_concat(id) FROM posts"
        self.vault.apply("1.0.0", [family])
        said = self.vault.apply("1.1.0", [family, less], status=9)
        self.assertIn("0001_less.sql: the table posts has a row that refers to no row of users", said)
        self.assertEqual((self.vault.version(), self.rows(posts)), ("1.0.0", [("10,11",)]))
        bundle = self.vault.build("1.1.1", [family, less], foreign_keys="on")
        self.vault.installer("backup", "create", "main")
        self.vault.installer("rehearse", bundle)
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.rows(posts), [("11",)])
        said = self.vault.refuse("1.2.0", [family], foreign_keys="maybe")
        self.assertIn("foreign_keys", said)

    def test_somebody_writing_is_waited_for_and_named(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.write_site(lock_timeout=1, lock_attempts=1)
        bundle = self.vault.build("1.1.0", [ONE, TWO])
        connection = sqlite3.connect(self.file, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        said = self.vault.refused("apply", bundle, "--yes", status=9)
        self.assertIn("somebody else is writing", said)
        connection.execute("ROLLBACK")
        connection.close()
        self.vault.installer("apply", bundle, "--yes")

    def test_killed_at_random_times(self):
        many = [ONE] + [(f"{i:04}_more", [f"CREATE TABLE t{i} (a)",
                                          f"INSERT INTO t{i} SELECT hex(randomblob(2000)) FROM "
                                          "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                          "FROM n WHERE i < 200) SELECT i FROM n)"])
                        for i in range(1, 30)]
        self.vault.apply("1.0.0", [ONE])
        before = self.dump()
        bundle = self.vault.build("1.1.0", many)
        ended = set()
        for moment in sorted([0.0] + [random.uniform(0, 0.3) for _ in range(12)]):
            with self.subTest(moment):
                self.vault.killed(moment, "apply", bundle, "--yes")
                self.vault.installer("recover", "--lock-timeout", "5")
                ended.add(self.vault.version())
                tables = len(self.rows("SELECT name FROM sqlite_master WHERE name LIKE 't%'"))
                # All of the run, or nothing; where code went back the database may be ahead.
                self.assertIn(tables, (0, 29))
                if tables == 0:
                    self.assertEqual(self.dump(), before)
                else:
                    self.assertEqual(len(self.rows("SELECT * FROM __drizzle_migrations")), 30)
                if self.vault.version() == "1.1.0":
                    break
        self.assertIn("1.0.0", ended)

    def test_a_database_that_was_there_before(self):
        connection = sqlite3.connect(self.file)
        connection.execute(ONE[1][0])
        connection.execute("INSERT INTO users (name) VALUES ('before')")
        connection.commit()
        connection.close()
        bundle = self.vault.build("1.0.0", [ONE, TWO])
        self.assertIn("already exists", self.vault.refused("apply", bundle, "--yes", status=9))
        self.vault.refused("migrations", "baseline", bundle, "main", "0000_init", "--yes", status=2)
        self.vault.refused("migrations", "baseline", bundle, "main", "0000_int", "--yes",
                           "--reason", "x", status=2)
        done = self.vault.answer("migrations", "baseline", bundle, "main", "0000_init", "--yes",
                                 "--reason", "made by hand")
        self.assertEqual(done["recorded"], ["0000_init"])
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "before", "before@x")])
        with open(os.path.join(self.vault.site, "state/audit.jsonl"), encoding="utf-8") as log:
            self.assertIn("made by hand", log.read())

    def test_a_hotfix_of_the_older_line(self):
        self.vault.apply("1.0.0", [ONE], layout="sql")
        self.vault.apply("1.1.0", [ONE, TWO], layout="sql")
        self.vault.installer("rollback", "--yes")
        self.vault.apply("1.0.1", [ONE], layout="sql")
        self.assertEqual(self.vault.version(), "1.0.1")
        other = ("0001_other", ["CREATE TABLE other (a)"])
        said = self.vault.apply("1.0.2", [ONE, other], layout="sql", status=6)
        self.assertIn("has had a migration that the release does not know", said)
        self.vault.apply("1.2.0", [ONE, TWO], layout="sql")
        self.assertEqual(set(self.vault.states().values()), {"applied"})

    def test_a_rehearsal_has_no_other_effect(self):
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [ONE, TWO])
        self.vault.installer("backup", "create", "main")
        before, places = self.dump(), os.listdir(os.path.join(self.vault.site, "state/backups"))
        done = self.vault.answer("rehearse", bundle)
        self.assertEqual(done[0]["migrations"], ["0001_email"])
        said = self.vault.refused("rehearse", self.vault.build("1.1.1", [ONE, BAD]), status=9)
        self.assertIn("0001_bad.sql:3", said)
        self.assertEqual(self.vault.answer("rehearse", bundle, "--fresh")[0]["backup"],
                         "main-rehearsal")
        self.assertEqual(self.dump(), before)
        self.assertEqual(os.listdir(os.path.join(self.vault.site, "state/backups")), places)

    def test_looking_makes_nothing(self):
        bundle = self.vault.build("1.0.0", [ONE])
        self.vault.installer("plan", bundle)
        self.vault.installer("doctor")
        self.assertFalse(os.path.exists(self.file))

    def test_an_edit_that_is_explained(self):
        self.vault.apply("1.0.0", [ONE])
        edited = (ONE[0], [ONE[1][0], ONE[1][1] + " -- ada"])
        bundle = self.vault.build("1.1.0", [edited, TWO])
        self.vault.refused("apply", bundle, "--yes", status=6)
        done = self.vault.answer("migrations", "repair", bundle, "main", "0000_init", "--yes",
                                 "--reason", "only a comment")
        self.assertEqual(done["repaired"], "0000_init")
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(set(self.vault.states().values()), {"applied"})

    def test_rollback_as_the_release_declares(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.apply("1.1.0", [ONE, TWO], rollback="forward-only")
        said = self.vault.refused("rollback", "--yes", status=6)
        self.assertIn("forward-only", said)

        self.vault.refused("rollback", "--past", "1.0.0", "--yes", status=6)
        # Nor past it from a release that came later.
        self.vault.apply("1.2.0", [ONE, TWO, ("0002_more", ["CREATE TABLE more (a)"])])
        self.assertIn("release 1.1.0", self.vault.refused("rollback", "1.0.0", "--yes", status=6))
        self.vault.installer("rollback", "--yes")
        self.vault.installer("rollback", "1.0.0", "--past", "1.1.0", "--yes")
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])

    def test_a_rollback_that_restores(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump()
        self.vault.apply("1.1.0", [ONE, TWO], rollback="restore")
        said = self.vault.refused("rollback", "--yes", status=6)
        self.assertIn("--restore-database", said)
        self.vault.refused("rollback", "--restore-database", "--yes", status=2)
        self.vault.installer("rollback", "--restore-database", "--reason", "wrong", "--yes")
        self.assertEqual((self.vault.version(), self.dump()), ("1.0.0", before))
        self.assertEqual(self.vault.states(), {"0000_init": "applied"})
        # What it gave up is kept.
        self.vault.installer("backup", "restore", "main-3", "--reason", "not so wrong", "--yes")
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])

    def test_files_that_take_migrations_back(self):
        down = ("0001_email.down", ["UPDATE users SET email = 'gone'",
                                    "ALTER TABLE users DROP COLUMN email"])
        said = self.vault.refuse("1.1.0", [ONE, TWO], layout="sql", rollback="down")
        self.assertIn("0000_init.sql: nothing takes it back", said)
        first = ("0000_init.down", ["DROP TABLE users"])
        said = self.vault.refuse("1.1.0", [ONE, first, TWO, (down[0], ["COMMIT"])], layout="sql",
                                 rollback="down")
        self.assertIn("0001_email.down.sql:1", said)
        self.vault.apply("1.0.0", [ONE, first], layout="sql", rollback="down")
        before = self.rows("SELECT * FROM users"), self.rows("SELECT hash FROM __sealift_migrations")
        self.vault.apply("1.1.0", [ONE, first, TWO, down], layout="sql", rollback="down")
        self.vault.refused("rollback", "--yes", status=6)
        self.vault.installer("rollback", "--down", "--reason", "wrong", "--yes")
        self.assertEqual((self.rows("SELECT * FROM users"),
                          self.rows("SELECT hash FROM __sealift_migrations")), before)
        self.assertEqual(self.vault.version(), "1.0.0")
        self.vault.installer("backup", "verify", "main-3")

    def fence(self):
        """A fence that notes what it does."""
        log = os.path.join(self.vault.root, "fence.log")
        return {"close": ["sh", "-c", f"echo close >> {log}"],
                "open": ["sh", "-c", f"echo open >> {log}"]}

    def fence_log(self):
        with open(os.path.join(self.vault.root, "fence.log"), encoding="utf-8") as log:
            return log.read().split()

    def test_behind_a_fence_a_failure_restores(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump()
        self.vault.write_site({"fence": self.fence()})
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        plan = self.vault.installer("plan", bundle).decode()
        self.assertIn("restores main-2, as the fence keeps users out", plan)
        closing = re.search(r"(\d+)\. fence +close the fence", plan).group(1)
        self.assertIn(f"users are kept out from step {closing} until the transaction has ended", plan)
        done = self.vault.hurt("error=EIO", "apply", bundle, "--yes")
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertIn(b"the database main is restored from main-2", done.stderr)
        self.assertEqual((self.vault.version(), self.dump()), ("1.0.0", before))
        self.assertEqual(self.fence_log(), ["close", "open"])
        self.vault.installer("apply", bundle, "--yes")
        self.assertEqual(self.fence_log(), ["close", "open"] * 2)
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])

    def test_after_a_crash_a_person_decides(self):
        self.vault.apply("1.0.0", [ONE])
        before = self.dump()
        self.vault.write_site({"fence": self.fence()})
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        self.vault.hurt("signal=KILL", "apply", bundle, "--yes")
        said = self.vault.refused("recover", status=10)
        self.assertIn("--restore-database", said)
        self.assertTrue(self.answer_of_status()["fenced"])
        self.assertEqual(self.fence_log(), ["close"])
        self.vault.refused("recover", "--restore-database", status=2)
        self.vault.installer("recover", "--restore-database", "--reason", "nobody wrote")
        self.assertEqual((self.vault.version(), self.dump()), ("1.0.0", before))
        self.assertEqual(self.fence_log(), ["close", "open"])
        self.vault.hurt("signal=KILL", "apply", bundle, "--yes")
        self.vault.installer("recover", "--forward")
        self.assertEqual(self.vault.version(), "1.1.0")
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])
        self.assertEqual(self.fence_log()[-1], "open")

    def test_what_stands_in_a_database_is_said_and_accepted(self):
        self.vault.apply("1.0.0", [ONE])
        self.vault.write_site({"fence": self.fence()})
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        self.vault.hurt("signal=KILL", "apply", bundle, "--yes")
        self.vault.refused("recover", status=10)
        found = self.answer_of_status()["transaction"]
        self.assertEqual(found["failed"]["step"], "migrate-database")
        self.assertIn("the database main has been migrated", found["failed"]["why"])
        self.assertEqual({(each["release"], each["component"]): each["stands"]
                          for each in found["standing"]},
                         {("old", "database"): False, ("old", "settings"): True,
                          ("new", "database"): True, ("new", "settings"): False})
        self.assertTrue([way for way in found["ways"]
                         if "recover --restore-database --reason TEXT" in way["command"]])
        said = self.vault.refused("recover", "--accept", "old", "--reason", "x", status=2)
        self.assertIn("1 differ from 1.0.0", said)
        # The old code runs on it, somebody has looked: so be it, and users come back.
        answer = self.vault.answer("recover", "--accept", "old", "--yes", "--reason", "it runs")
        self.assertEqual(len(answer["differs"]), 1)
        self.assertRegex(answer["differs"][0],
                         r"^database: main: .+: applied, not of this release$")
        self.assertEqual(self.fence_log(), ["close", "open"])
        self.assertEqual(self.vault.version(), "1.0.0")
        self.assertEqual(self.vault.states(status=20)["0000_init"], "applied")

    def test_a_database_that_cannot_be_asked_is_unknown(self):
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        self.vault.hurt("signal=KILL", "apply", bundle, "--yes")
        write(self.file, "no database any more" * 100)
        found = {(each["release"], each["component"]): each
                 for each in self.answer_of_status()["transaction"]["standing"]}
        self.assertIsNone(found[("old", "database")]["stands"])
        self.assertIn("not a database", found[("old", "database")]["unknown"])
        answer = self.vault.answer("recover", "--accept", "new", "--yes", "--reason", "x")
        self.assertIn("not a database", answer["unverified"][0])

    def answer_of_status(self):
        return self.vault.answer("status", status=10)

    def test_without_a_fence_a_failure_never_restores(self):
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="restore")
        plan = self.vault.installer("plan", bundle).decode()
        self.assertIn("a person's decision (rollback: restore, and site.yaml has no fence)", plan)
        self.assertIn("site.yaml has no fence: users go on writing while databases change", plan)
        done = self.vault.hurt("error=EIO", "apply", bundle, "--yes")
        self.assertEqual(done.returncode, 10, done.stderr)
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])
        self.vault.installer("recover", "--forward")
        self.assertEqual(self.vault.version(), "1.1.0")

    def test_a_failure_says_what_the_database_keeps(self):
        self.vault.apply("1.0.0", [ONE])
        bundle = self.vault.build("1.1.0", [ONE, TWO], rollback="code-only")
        done = self.vault.hurt("error=EIO", "apply", bundle, "--yes")
        self.assertEqual(done.returncode, 9, done.stderr)
        said = done.stderr.decode()
        self.assertIn("everything else was undone, the database main keeps 1 migration of 1.1.0",
                      said)
        self.assertNotIn("as before", said)
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada", "ada@x")])

    def test_a_fence_that_does_not_open(self):
        self.vault.write_site({"fence": {"close": ["true"], "open": ["false"]}})
        bundle = self.vault.build("1.0.0", [ONE])
        said = self.vault.refused("apply", bundle, "--yes", status=10)
        self.assertIn("users are still kept out", said)
        self.assertEqual(self.vault.version(), "1.0.0")
        self.assertTrue(self.vault.answer("status")["fenced"])
        path = os.path.join(self.vault.site, "state/fence.json")
        with open(path, encoding="utf-8") as file:
            told = json.load(file)
        write(path, json.dumps({**told, "open": ["true"]}))
        self.vault.installer("recover")
        self.assertFalse(self.vault.answer("status")["fenced"])

    def test_a_fence_that_does_not_close_changes_nothing(self):
        self.vault.write_site({"fence": {"close": ["false"], "open": ["true"]}})
        self.assertIn("closing the fence", self.vault.apply("1.0.0", [ONE], status=9))
        self.assertFalse(os.path.exists(self.file))
        self.assertFalse(self.vault.answer("status")["fenced"])

    def test_encrypted_backups(self):
        key = os.path.join(self.vault.root, "recovery.txt")
        run("age-keygen", "-o", key)
        recovery = run("age-keygen", "-y", key).decode().strip()
        self.vault.write_site({"backups": {"encrypt_to": [recovery]}})
        self.vault.apply("1.0.0", [ONE])
        self.vault.apply("1.1.0", [ONE, TWO])
        folder = os.path.join(self.vault.site, "state/backups")
        path = os.path.join(folder, "main-2.dump.zst.age")
        own = os.path.join(self.vault.site, "state/keys/site.age")
        for identity in (key, own):
            packed = run("age", "-d", "-i", identity, path)
            with open(os.path.join(self.vault.root, "copy.db"), "wb") as out:
                out.write(run("zstd", "-d", "-c", stdin=packed))
            copy = sqlite3.connect(os.path.join(self.vault.root, "copy.db"))
            self.assertEqual(copy.execute("SELECT * FROM users").fetchall(), [(1, "ada")])
            copy.close()
        self.vault.installer("backup", "verify", "main-2")
        self.vault.installer("backup", "restore", "main-2", "--yes", "--reason", "x")
        self.assertEqual(self.rows("SELECT * FROM users"), [(1, "ada")])
        with open(path, "rb") as file:
            whole = file.read()
        for broken in (whole[:-1], whole[:len(whole) // 2], whole[:400] + bytes([whole[400] ^ 1]) + whole[401:]):
            with open(path, "wb") as file:
                file.write(broken)
            self.vault.refused("backup", "verify", "main-2", status=5)
        with open(path, "wb") as file:
            file.write(whole)
        os.chmod(own, 0o644)
        self.vault.refused("backup", "verify", "main-2", status=4)
        os.chmod(own, 0o600)
        os.rename(own, own + ".old")
        said = self.vault.refused("backup", "verify", "main-2", status=4)
        self.assertIn("site.age: the site's identity is missing", said)

    def test_backups_of_another_program(self):
        shelf = os.path.join(self.vault.root, "shelf")
        words = {"driver": "exec",
                 "create": ["sh", "-c", f"cp {self.file} {shelf} || touch {shelf}; "
                                        "echo $SEALIFT_DATABASE-shelf"],
                 "verify": ["sh", "-c", f"test \"$(cat)\" = main-shelf && test -f {shelf}"],
                 "restore": ["sh", "-c", f"cat > {self.vault.root}/restored"]}
        self.vault.write_site(backup=words)
        self.vault.apply("1.0.0", [ONE])
        self.vault.installer("backup", "verify", "main-1")
        self.vault.installer("backup", "restore", "main-1", "--discard", "--yes", "--reason", "x")
        with open(os.path.join(self.vault.root, "restored"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "main-shelf\n")
        os.unlink(shelf)
        self.vault.refused("backup", "verify", "main-1", status=5)
        self.vault.write_site(backup={**words, "create": ["false"]})
        said = self.vault.apply("1.1.0", [ONE, TWO], status=9)
        self.assertIn("false ended with status 1", said)
        self.assertEqual(self.vault.states(), {"0000_init": "applied"})

    def test_a_full_disk_while_it_is_backed_up(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: only root may mount a small file system")
        self.vault.apply("1.0.0", [ONE])
        connection = sqlite3.connect(self.file)
        connection.execute("CREATE TABLE big AS SELECT randomblob(1500000) AS b")
        connection.commit()
        connection.close()
        before = self.dump()
        bundle = self.vault.build("1.1.0", [ONE, TWO])
        folder = os.path.join(self.vault.site, "state/backups")
        run("mount", "-t", "tmpfs", "-o", "size=600k,mode=0700", "tmpfs", folder)
        self.addCleanup(run, "umount", folder)
        said = self.vault.refused("apply", bundle, "--yes", status=8)
        self.assertIn("free some space", said)
        self.vault.refused("backup", "create", "main", status=8)
        self.assertEqual(os.listdir(folder), [])
        self.assertEqual((self.vault.version(), self.dump()), ("1.0.0", before))

    def test_a_transaction_for_each_file(self):
        self.vault.apply("1.0.0", [ONE])
        bad = ("0002_bad", BAD[1][1:])
        self.vault.apply("1.1.0", [ONE, TWO, bad], transactions="file", status=9)
        self.assertEqual(self.rows("SELECT email FROM users"), [("ada@x",)])
        self.assertEqual(len(self.rows("SELECT * FROM __drizzle_migrations")), 2)
        self.vault.apply("1.2.0", [ONE, TWO], transactions="file")

    def test_other_layouts(self):
        self.vault.apply("1.0.0", [ONE], layout="sql")
        self.assertEqual(self.rows("SELECT name FROM __sealift_migrations"), [("0000_init",)])
        self.vault.apply("1.1.0", [ONE, TWO], layout="sql")
        self.assertEqual(self.vault.states(), {"0000_init": "applied", "0001_email": "applied"})

    def test_a_release_of_1_x(self):
        self.vault.apply("1.0.0", [ONE, TWO], layout="drizzle 1")
        rows = self.rows("SELECT id, name, applied_at FROM __drizzle_migrations")
        self.assertEqual([row[:2] for row in rows],
                         [(1, "20261122213201_init"), (2, "20261122213202_email")])
        self.assertRegex(rows[0][2], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class BuildTest(unittest.TestCase):
    def setUp(self):
        self.vault = Vault({"driver": "sqlite", "path": "/nowhere"})
        self.addCleanup(self.vault.close)

    def test_findings_need_a_reason_where_the_author_says_so(self):
        drop = ("0000_drop", ["DROP TABLE `users`"])
        said = self.vault.refuse("1.0.0", [drop], lint="error")
        self.assertIn("drop-table", said)
        self.vault.build("1.0.0", [drop], lint="error", accept={"0000_drop/drop-table": "empty"})
        self.vault.build("1.0.1", [drop])
        bundle = self.vault.build("1.0.2", [drop], accept={"drop-table": "it is empty"})
        self.assertIn("accepted drop-table: it is empty",
                      run(os.path.join(os.environ["SEALIFT_BIN"], "sealift"), "statement",
                          bundle).decode())

    def test_an_unknown_rule_is_refused(self):
        said = self.vault.refuse("1.0.0", [ONE], accept={"drop-tabel": "x"})
        self.assertIn('found "drop-tabel"', said)


class SessionTest(unittest.TestCase):
    """What a migration sets or makes for its connection alone reaches nothing behind it."""

    EVERY = [
        ("0000_init", ["CREATE TABLE a (id int PRIMARY KEY, n int)",
                       "CREATE TABLE b (id int, a int REFERENCES a)",
                       "CREATE TABLE log (t text)", "CREATE TABLE seen (what text, n int)",
                       "INSERT INTO a VALUES (1, 2), (2, 1), (3, 3)"]),
        ("0001_like", ["PRAGMA case_sensitive_like = ON",
                       "INSERT INTO seen SELECT 'sensitive', count(*) WHERE 'A' LIKE 'a'"]),
        ("0002_like", ["INSERT INTO seen SELECT 'like', count(*) WHERE 'A' LIKE 'a'"]),
        ("0003_temp", ["CREATE TEMP TABLE log (t text)", "CREATE TEMP VIEW v AS SELECT 1 AS one",
                       "CREATE TEMP TABLE n (id integer PRIMARY KEY AUTOINCREMENT)",
                       "CREATE VIRTUAL TABLE temp.words USING fts5(t)",
                       "CREATE TEMP TRIGGER tr AFTER INSERT ON a BEGIN "
                       "INSERT INTO seen VALUES ('trigger', new.id); END",
                       "INSERT INTO log VALUES ('lost')"]),
        ("0004_temp", ["INSERT INTO log VALUES ('kept')", "INSERT INTO a VALUES (4, 4)",
                       "CREATE TABLE v (one int)", "CREATE TABLE words (t text)"]),
        ("0005_flags", ["PRAGMA reverse_unordered_selects = ON", "PRAGMA recursive_triggers = ON",
                        "PRAGMA ignore_check_constraints = ON", "PRAGMA legacy_alter_table = ON",
                        "PRAGMA full_column_names = ON", "PRAGMA short_column_names = OFF",
                        "PRAGMA count_changes = ON", "PRAGMA defer_foreign_keys = ON",
                        "PRAGMA busy_timeout = 1", "PRAGMA soft_heap_limit = 9000000"]),
        ("0006_order", ["CREATE TABLE named AS SELECT a.id, a.n FROM a", "SELECT 1",
                        "CREATE TABLE ordered AS SELECT id FROM a"]),
        ("0007_alter", ["CREATE VIEW w AS SELECT n FROM a", "ALTER TABLE a RENAME COLUMN n TO m"]),
        ("0008_rows", ["INSERT INTO seen VALUES ('x', 0)"]),
        ("0009_rows", ["INSERT INTO seen VALUES ('row', last_insert_rowid())"]),
        ("0010_rows", ["INSERT INTO seen VALUES ('changes', changes())"]),
        ("0011_recursive", ["CREATE TRIGGER again AFTER UPDATE ON a WHEN new.m < 9 BEGIN "
                            "UPDATE a SET m = m + 1 WHERE id = new.id; END",
                            "UPDATE a SET m = 0 WHERE id = 1"]),
        ("0012_checks", ["CREATE TABLE c (n int CHECK (n > 0))", "INSERT OR IGNORE INTO c VALUES (0)"])]

    def site(self):
        vault = BareVault({"driver": "sqlite", "path": None})
        self.addCleanup(vault.close)
        vault.database["path"] = os.path.join(vault.root, "app.db")
        vault.new_site()
        return vault

    @staticmethod
    def content(vault):
        with contextlib.closing(sqlite3.connect(vault.database["path"])) as connection:
            return [line for line in connection.iterdump() if "__sealift" not in line and
                    "__drizzle" not in line]

    def test_a_fresh_site_ends_as_one_that_was_upgraded_step_by_step(self):
        for foreign_keys in ("off", "on"):
            with self.subTest(foreign_keys=foreign_keys):
                fresh = self.site()
                fresh.apply("1.0.0", self.EVERY, foreign_keys=foreign_keys)
                stepwise = self.site()
                for count in range(1, len(self.EVERY) + 1):
                    stepwise.apply(f"1.{count}.0", self.EVERY[:count], foreign_keys=foreign_keys)
                self.assertEqual(self.content(fresh), self.content(stepwise))
                with contextlib.closing(sqlite3.connect(fresh.database["path"])) as connection:
                    seen = dict(connection.execute("SELECT * FROM seen WHERE what <> 'x'"))
                self.assertEqual(seen, {"sensitive": 0, "like": 1, "row": 0, "changes": 0})

    def test_rows_that_wait_for_another_migration_are_refused_at_once(self):
        vault = self.site()
        waits = ("0001_waits", ["PRAGMA defer_foreign_keys = ON", "INSERT INTO b VALUES (1, 77)"])
        comes = ("0002_comes", ["INSERT INTO a VALUES (77, 0)"])
        said = vault.apply("1.0.0", [self.EVERY[0], waits, comes], foreign_keys="on", status=9)
        self.assertIn("0001_waits.sql: the table b has a row that refers to no row of a", said)


class SqliteAloneTest(OnlyDatabase, unittest.TestCase):
    ONE, TWO, BAD = ONE, TWO, BAD

    def setUp(self):
        self.vault = BareVault({"driver": "sqlite", "path": None})
        self.addCleanup(self.vault.close)
        self.file = os.path.join(self.vault.root, "app.db")
        self.vault.database["path"] = self.file
        self.vault.new_site()

    def content(self):
        connection = sqlite3.connect(self.file)
        try:
            return [line for line in connection.iterdump() if "__sealift" not in line]
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
