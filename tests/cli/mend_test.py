#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`doctor --full` finds every kind of damage and says what to do; `doctor --repair` mends what it can
from what was verified, and changes nothing else."""

import glob
import json
import os
import shutil
import sqlite3
import subprocess

from road import INSTALLER, RoadTest, main, persists, tree_digest, write

MENDED, LEFT = "mended", "left"


def flip(path, at=-300):
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(at % size)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


class Damage(RoadTest):
    def setUp(self):
        super().setUp()
        road = self.road
        self.database = road.target("data/app.db")
        os.makedirs(os.path.dirname(self.database))
        road.init_site("--take", "database", "--database", f"main={self.database}")
        road.installer("apply", road.release("1.0.0", persists()), "--yes")
        road.installer("apply", road.release("1.1.0", lambda project: write(
            os.path.join(project, "client/dist/new.txt"), "new\n")), "--yes")
        write(self.web("shared/uploads/one"), "1")
        self.backup = road.answer("backup", "create", "--all")
        self.assertEqual([each["database"] for each in self.backup], ["main", "web/uploads"])
        self.whole = road.root + ".whole"
        shutil.copytree(road.root, self.whole, symlinks=True)
        self.addCleanup(shutil.rmtree, self.whole)
        road.installer("doctor", "--full")

    def again(self):
        """The site as it was."""
        for name in ("site", "srv"):
            shutil.rmtree(os.path.join(self.road.root, name), ignore_errors=True)
            shutil.copytree(os.path.join(self.whole, name), os.path.join(self.road.root, name),
                            symlinks=True)

    def web(self, *path):
        return os.path.join(self.road.target("web"), *path)

    def state(self, *path):
        return os.path.join(self.road.site, "state", *path)

    def bundle(self, version):
        return glob.glob(self.state("store", f"chanuka-{version}-*"))[0]

    def release(self):
        return self.web(os.readlink(self.web("current")))

    def edit(self, path, text):
        """In place of a file that others may have under another name."""
        os.remove(path)
        write(path, text)

    def lead(self, name, to):
        os.remove(self.web(name))
        os.symlink(to, self.web(name))

    def damages(self):
        """What is done, what `doctor` says of it, and what becomes of it."""
        backup = self.state("backups", self.backup[0]["name"])
        keys = self.state("keys")
        current, previous = self.bundle("1.1.0"), self.bundle("1.0.0")
        return [
            (lambda: os.remove(current), "the bundle of revision 2", LEFT),
            (lambda: flip(current), "apply BUNDLE --repair", LEFT),
            (lambda: os.remove(previous), "the bundle of revision 1", LEFT),
            (lambda: flip(previous), "carry it again: cp BUNDLE", LEFT),
            (lambda: self.edit(self.release() + "/index.html", "x"), "index.html", MENDED),
            (lambda: os.remove(self.release() + "/index.html"), "index.html", MENDED),
            (lambda: write(self.release() + "/more", "x"), "more", MENDED),
            (lambda: os.chmod(self.release() + "/new.txt", 0o600), "new.txt", MENDED),
            (lambda: self.lead("current", "releases"), "does not lead to", MENDED),
            (lambda: os.remove(self.web("current")), "current is missing", MENDED),
            (lambda: shutil.rmtree(self.release()), "is missing", MENDED),
            (lambda: os.remove(self.web(".sealift-target")), ".sealift-target", MENDED),
            (lambda: shutil.rmtree(self.state("tables")), "tables is missing", MENDED),
            (lambda: shutil.rmtree(self.state("store")), "store is missing", LEFT),
            (lambda: os.chmod(keys + "/site.age", 0o644), "site.age", MENDED),
            (lambda: os.chmod(keys + "/site.key", 0o640), "site.key", MENDED),
            (lambda: os.remove(keys + "/site.age"), "site.age is missing", LEFT),
            (lambda: os.remove(keys + "/site.key"), "site.key is missing", LEFT),
            (lambda: os.remove(self.state("trust/1.root.json")), "trusts nobody", LEFT),
            (lambda: self.edit(self.state("trust/1.root.json"), "{}"), "1.root.json", LEFT),
            (lambda: flip(self.state("audit.jsonl"), 200), "audit log", LEFT),
            (lambda: self.edit(self.state("audit.jsonl"), ""), "has no line of transaction", LEFT),
            (lambda: self.edit(self.state("state.json"), "{"), "state.json cannot be read", MENDED),
            (lambda: os.remove(backup + ".dump.zst"), "backup main-", LEFT),
            (lambda: flip(backup + ".dump.zst"), "it is of no use; make another", LEFT),
            (lambda: self.edit(backup + ".json", "{"), ".json", LEFT),
            (lambda: self.edit(self.state("clock.json"), '{"latest": "2050-01-01T00:00:00Z"}'),
             "it is behind what this site has seen", LEFT),
            (lambda: os.makedirs(self.web("releases/9.9.9-0123456789ab")), "9.9.9", LEFT),
            (lambda: shutil.rmtree(self.web("shared/uploads")), "shared/uploads", MENDED),
            (lambda: self.lead("current/uploads", "/tmp"), "uploads", MENDED),
            (lambda: os.remove(self.database), "is missing, and the installed release has one", LEFT),
            (lambda: flip(self.state("journal/000001.journal"), 40), "journal", LEFT),
            (lambda: shutil.rmtree(self.state("revisions")), "revisions is missing", LEFT),
            (lambda: write(os.path.join(self.road.site, "site.yaml"), self.settings().replace(
                "production", "staging")), "site.yaml", LEFT),
            (lambda: write(os.path.join(self.road.site, "site.yaml"), self.settings() + (
                f"exports: {{recovery: {'age1' + 'q' * 58}, to: /nowhere}}\n")), "exports", LEFT),
        ]

    def settings(self):
        with open(os.path.join(self.road.site, "site.yaml"), encoding="utf-8") as source:
            return source.read()

    def served(self):
        """What users see; the folders of data are theirs."""
        return tree_digest(self.web("current") + "/")

    def test_every_kind_is_found_and_mended_where_it_says_so(self):
        good = self.served()
        rows = sqlite3.connect(self.database).execute("SELECT count(*) FROM petitions").fetchall()
        count = len(self.damages())
        self.assertGreaterEqual(count, 30)
        for number in range(count):
            self.again()
            make, expected, fate = self.damages()[number]
            make()
            with self.subTest(number=number, expected=expected):
                broken = tree_digest(self.road.root)
                done = self.run_doctor("--full")
                self.assertIn(expected, done.stdout + done.stderr)
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(tree_digest(self.road.root), broken, "a look changes nothing")
                mended = self.run_doctor("--repair", "--yes")
                if fate is MENDED:
                    self.assertEqual(mended.returncode, 0, mended.stdout + mended.stderr)
                    self.assertEqual(self.served(), good)
                    self.road.installer("doctor", "--full")
                    found = sqlite3.connect(self.database).execute(
                        "SELECT count(*) FROM petitions").fetchall()
                    self.assertEqual(found, rows)
                else:
                    self.assertNotEqual(mended.returncode, 0, mended.stdout)

    def run_doctor(self, *more):
        return subprocess.run([INSTALLER, "--site", self.road.site, "doctor", *more],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def test_backups_are_verified_all_and_restored_into_copies(self):
        verified = self.road.answer("backup", "verify", "--all", "--restore")
        self.assertGreaterEqual(len(verified), 3)  # two of now, and those of the applies
        name = self.backup[0]["name"]
        flip(self.state("backups", f"{name}.dump.zst"))
        said = self.road.refused("backup", "verify", "--all", status=5)
        self.assertIn(name, said)
        self.road.refused("backup", "create", status=2)
        self.road.refused("backup", "create", "main", "--all", status=2)
        log = [json.loads(line)["event"] for line in
               open(self.state("audit.jsonl"), encoding="utf-8")]
        self.assertIn("verified", log)


main()
