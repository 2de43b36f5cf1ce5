# SPDX-License-Identifier: Apache-2.0
"""The same migrations by drizzle-orm 0.x and 1.x and by us, in turns: databases, tracking tables
included, come out alike, and each understands what the other did."""

import re
import sqlite3

from vault import LAYOUTS, Postgres, Vault, need, os, run, unittest
from road import BIN, main, npm_packages
from sweep import ALL

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(os.path.dirname(BIN), "databases")
MAJORS = {"0": "drizzle", "1": "drizzle 1"}

POSTGRESQL = [
    ("0000_init", ["CREATE TYPE role AS ENUM ('admin', 'user')",
                   "CREATE TABLE accounts (id serial PRIMARY KEY, name text NOT NULL, r role)",
                   "INSERT INTO accounts (name, r) VALUES ('Zoë', 'admin')"]),
    ("0001_petitions", ["CREATE TABLE petitions (id serial PRIMARY KEY, owner int NOT NULL)",
                        "ALTER TABLE petitions ADD CONSTRAINT o FOREIGN KEY (owner) REFERENCES "
                        "accounts (id)", "CREATE INDEX owners ON petitions USING btree (owner)"]),
    ("0002_seed", ["INSERT INTO petitions (owner) SELECT id FROM accounts",
                   "-- only a word\nUPDATE accounts SET name = 'it''s' || $$;$$ WHERE id = 1"])]
SQLITE = [
    ("0000_init", ["CREATE TABLE `accounts` (`id` integer PRIMARY KEY, `name` text NOT NULL)",
                   "INSERT INTO accounts (name) VALUES ('Zoë')"]),
    ("0001_petitions", ["CREATE TABLE `petitions` (`id` integer PRIMARY KEY, `owner` integer, "
                        "FOREIGN KEY (`owner`) REFERENCES `accounts`(`id`))",
                        "CREATE INDEX `owners` ON `petitions` (`owner`)"]),
    ("0002_seed", ["INSERT INTO petitions (owner) SELECT id FROM accounts"])]


def timeless(text):
    """Times at which rows were written differ, and nothing else does."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00", "TIME", text)


class Turns:
    """`order` says who migrates at each of three releases: o is us, t is drizzle-orm."""

    def test_ours_theirs_and_mixed(self):
        for major, layout in MAJORS.items():
            ends = {}
            for order in ("ooo", "ttt", "oto", "tot", *(("oot", "tto") if ALL else ())):
                with self.subTest(major=major, order=order):
                    ends[order] = self.take_turns(major, layout, order)
                    self.assertEqual(ends[order], ends["ooo"])

    def take_turns(self, major, layout, order):
        vault = self.new_vault()
        try:
            vault.new_site()
            for count, who in enumerate(order, 1):
                some = self.migrations[:count]
                if who == "o":
                    vault.apply(f"1.{count}.0", some, layout=layout)
                    continue
                folder = os.path.join(vault.root, f"theirs-{count}")
                LAYOUTS[layout](folder, some, self.dialect)
                run("node", os.path.join(NODE, "drizzle.mjs"), major, self.dialect,
                    self.where(vault), folder)
            # Whoever comes next finds nothing to do.
            vault.apply("1.9.0", self.migrations, layout=layout)
            states = vault.states()
            self.assertEqual(set(states.values()), {"applied"})
            self.assertEqual(len(states), 3)
            before = self.dump(vault)
            folder = os.path.join(vault.root, "theirs-last")
            LAYOUTS[layout](folder, self.migrations, self.dialect)
            run("node", os.path.join(NODE, "drizzle.mjs"), major, self.dialect, self.where(vault),
                folder)
            self.assertEqual(self.dump(vault), before)
            return before
        finally:
            vault.close()


class PostgresqlTest(Turns, unittest.TestCase):
    dialect = "postgresql"
    migrations = POSTGRESQL

    @classmethod
    def setUpClass(cls):
        need("psql")
        npm_packages(HERE, NODE)
        cls.server = Postgres()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def new_vault(self):
        name = "app_" + os.urandom(4).hex()
        self.server.sql("postgres", f"CREATE DATABASE {name};")
        vault = Vault({"driver": "postgresql", "url": self.server.url(name)})
        vault.name = name
        return vault

    def where(self, vault):
        return vault.database["url"]

    def dump(self, vault):
        return timeless(self.server.dump(vault.name, "-N", "sealift"))


class SqliteTest(Turns, unittest.TestCase):
    dialect = "sqlite"
    migrations = SQLITE

    @classmethod
    def setUpClass(cls):
        npm_packages(HERE, NODE)

    def new_vault(self):
        vault = Vault({"driver": "sqlite", "path": None})
        vault.database["path"] = os.path.join(vault.root, "app.db")
        return vault

    def where(self, vault):
        return vault.database["path"]

    def dump(self, vault):
        connection = sqlite3.connect(self.where(vault))
        try:
            lines = [line for line in connection.iterdump() if "__sealift" not in line]
        finally:
            connection.close()
        return timeless("\n".join(sorted(lines)))


if __name__ == "__main__":
    main()
