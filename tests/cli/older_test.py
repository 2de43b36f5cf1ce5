#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sites that older programs made (tests/fixtures/): each is read, and a transaction that was cut off is
finished or undone, with steps of every driver that needs no server. And what newer programs will make
is refused untouched."""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import unittest

from road import INSTALLER, SOURCE, InstalledTest, main, run, tree_digest

FIXTURE = os.path.join(SOURCE, "tests/fixtures/7cca061/sites.tar.xz")
# Documents of a site hold absolute paths, and each line of a journal the digest of the one before.
PREFIX = "/tmp/sealift-7cca061"
FILES = ("cdn", "etc", "web")  # those that both releases have otherwise


def phases():
    with tarfile.open(FIXTURE) as packed:
        return sorted(name for name in {member.name.split("/")[1] for member in packed
                                        if "/" in member.name} if name != "settled")


class Older(unittest.TestCase):
    def setUp(self):
        self.lock = open(PREFIX + ".lock", "w", encoding="utf-8")
        self.addCleanup(self.lock.close)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.addCleanup(shutil.rmtree, PREFIX, ignore_errors=True)

    def lay(self, name):
        """The files are root's, as far as this test can see."""
        shutil.rmtree(PREFIX, ignore_errors=True)
        os.makedirs(PREFIX)
        run("tar", "-C", PREFIX, "--strip-components=2", "-xJf", FIXTURE, f"./{name}")

    def installer(self, *command, status=0):
        user = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
        return run(*user, INSTALLER, "--site", os.path.join(PREFIX, "site"), *command, status=status)

    def answer(self, *command, status=0):
        return json.loads(self.installer("--json", *command, status=status))

    def served(self):
        """The version that each target serves."""
        return {os.path.basename(os.readlink(os.path.join(PREFIX, "srv", name, "current")))
                .split("-")[0] for name in FILES}

    def columns(self):
        connection = sqlite3.connect(os.path.join(PREFIX, "app.db"))
        try:
            return {row[1] for row in connection.execute("PRAGMA table_info(petitions)")}
        finally:
            connection.close()

    def whole(self, version):
        self.assertEqual(self.served(), {version})
        self.assertEqual("email" in self.columns(), version != "1.0.0")
        with open(os.path.join(PREFIX, "cdn/serves"), encoding="utf-8") as serves:
            self.assertEqual(serves.read().strip(), version)
        self.assertFalse(os.path.exists(os.path.join(PREFIX, "site/state/fence.json")))
        # A flag that the site has changed, and nothing else.
        drift = self.answer("drift", status=20)
        self.assertEqual([each["component"] for each in drift["differences"]], ["flags"])
        self.assertFalse(self.answer("status")["unfinished"])

    def end(self, name):
        """Once the database is migrated, only a person may say that what was written since goes."""
        if "email" in self.columns() and not name.endswith("-not-closed"):
            self.installer("recover", status=10)
            self.installer("recover", "--restore-database", "--reason", "nobody was let in")
        else:
            self.installer("recover")

    def test_every_document_of_a_site_is_read(self):
        self.lay("settled")
        self.assertEqual(self.answer("status")["current"]["version"], "1.0.0")
        self.assertEqual([each["purpose"] for each in self.answer("history")],
                         ["apply", "flags"])
        self.assertIn("too slow", self.installer("flags", "list").decode())
        self.assertIn("https://set.example", self.installer("config", "show").decode())
        self.assertEqual(len(self.answer("backup", "list")), 1)
        self.assertIn("smoke", self.installer("health").decode())
        self.whole("1.0.0")

    def test_a_transaction_that_was_cut_off_is_ended(self):
        names = phases()
        self.assertGreater(len(names), 10)
        for name in names:
            with self.subTest(name):
                self.lay(name)
                closed = name.endswith("-not-closed")
                status = self.answer("status", status=0 if closed else 10)
                self.assertEqual(status["unfinished"], not closed)
                self.assertEqual(len(self.answer("history")), 3)
                self.end(name)
                self.whole("1.1.0" if name.startswith("commit") else "1.0.0")

    def test_it_can_be_finished_too(self):
        self.lay("activate-applied")
        self.installer("recover", "--forward")
        self.whole("1.1.0")


def rewritten(journal, change):
    """A journal as a program would have written it whose plan `change` makes, each record again with
    the digest of the one before."""
    with open(journal, "rb") as file:
        records = [json.loads(line) for line in file.read().rstrip(b"\0").splitlines()]
    change(records[0]["detail"])
    lines = b""
    for number, record in enumerate(records):
        if number > 0:
            record["prev"] = before
        line = json.dumps(record, separators=(",", ":"), sort_keys=True).encode() + b"\n"
        before = hashlib.sha256(line).hexdigest()
        lines += line
    with open(journal, "wb") as file:
        file.write(lines)


class Newer(InstalledTest):
    """What a newer program wrote is told from damage, and nothing changes."""

    COMMANDS = (["status"], ["history"], ["drift"], ["recover"], ["rollback", "--yes"], ["doctor"])

    def untouched(self, *expected, status):
        kept = os.path.join(self.road.root, "before")
        shutil.copytree(self.road.site, kept, symlinks=True)
        served = self.served("web", "etc")
        for command in (["apply", self.second, "--yes"], *self.COMMANDS):
            with self.subTest(command=command):
                said = self.road.refused(*command, status=status)
                for words in expected:
                    self.assertIn(words, said)
                self.assertNotIn("damaged", said)
        os.remove(os.path.join(kept, "state/lock"))  # says who had it last
        os.remove(self.state("lock"))
        self.assertEqual(tree_digest(self.road.site), tree_digest(kept))
        self.assertEqual(self.served("web", "etc"), served)

    def test_a_journal_of_a_newer_form(self):
        journal = self.state("journal/000001.journal")
        rewritten(journal, lambda plan: plan.update(format=2))
        self.untouched(journal, "found 2, which this program is too old for: it reads 1",
                       "state.json of a site names it", status=6)
        with open(self.state("state.json"), encoding="utf-8") as summary:
            self.assertRegex(json.load(summary)["program"], r"^\d+\.\d+\.\d+")

    def test_a_journal_with_a_key_of_a_newer_program(self):
        rewritten(self.state("journal/000001.journal"), lambda plan: plan.update(weather="fine"))
        self.untouched('found the unknown field "weather"', "another version of this program",
                       status=6)

    def test_a_site_file_of_a_newer_form(self):
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("schema: 1", "schema: 2"))
        for command in (["apply", self.second, "--yes"], ["status"], ["rollback", "--yes"]):
            self.assertIn("schema: found the number 2, expected 1, the version of this file's form",
                          self.road.refused(*command, status=3))
        self.assertIn("1.0.0", self.road.current("web"))

    def test_a_plan_of_a_newer_form(self):
        path = os.path.join(self.road.root, "plan.json")
        self.road.installer("plan", self.second, "--output", path)
        with open(path, encoding="utf-8") as file:
            plan = json.load(file)
        plan["format"] = 2
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        self.assertIn("found 2, which this program is too old for: it reads 1",
                      self.road.refused("apply", path, "--yes", status=6))
        self.assertIn("1.0.0", self.road.current("web"))


if __name__ == "__main__":
    main()
