#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backups are copied to second places, and seen to lie there: a folder, a command."""

import hashlib
import json
import os
import shutil
import sqlite3

from road import InstalledTest, main, write


def digest(path):
    with open(path, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


class Copies(InstalledTest):
    def setUp(self):
        super().setUp()
        self.database = os.path.join(self.road.root, "app.db")
        sqlite3.connect(self.database).execute("CREATE TABLE rows (id)")
        self.second = os.path.join(self.road.root, "second")
        os.makedirs(self.second)
        self.store = os.path.join(self.road.root, "store")
        os.makedirs(self.store)
        with open(os.path.join(self.road.site, "site.yaml"), encoding="utf-8") as source:
            self.plain = source.read()
        self.settle()

    def settle(self, *copies):
        databases = {"main": {"driver": "sqlite", "path": self.database}}
        write(os.path.join(self.road.site, "site.yaml"),
              f"{self.plain}databases: {json.dumps(databases)}\n" +
              (f"backups: {json.dumps({'copies': list(copies)})}\n" if copies else ""))

    def command(self, script, verify=True):
        path = os.path.join(self.road.root, f"keep-{hashlib.sha256(script.encode()).hexdigest()[:8]}")
        write(path, f"#!/bin/sh\nset -e\n{script}\n")
        os.chmod(path, 0o755)
        read = {"verify": ["cat", f"{self.store}/{{file}}"]} if verify else {}
        return {"command": [path, self.store + "/{file}"], **read}

    def own(self):
        folder = self.state("backups")
        return {name: digest(os.path.join(folder, name)) for name in os.listdir(folder)}

    def there(self):
        (site,) = os.listdir(self.second)
        folder = os.path.join(self.second, site, "backups")
        return {name: digest(os.path.join(folder, name)) for name in os.listdir(folder)}

    def create(self):
        return self.road.answer("backup", "create", "main")[0]["name"]

    def test_each_place_gets_each_backup_once(self):
        log = os.path.join(self.road.root, "keep.log")
        self.create()  # before there was a place
        self.settle({"to": self.second}, self.command(f'cat > "$1"; echo "$1" >> {log}'))
        self.create()
        self.assertEqual(self.there(), self.own())
        kept = {name: digest(os.path.join(self.store, name)) for name in os.listdir(self.store)}
        self.assertEqual(kept, {name: found for name, found in self.own().items()
                                if name.endswith(".dump.zst")})
        self.assertEqual([run["copied"] for run in self.road.answer("backup", "copy")], [[], []])
        with open(log, encoding="utf-8") as lines:
            self.assertEqual(len(lines.readlines()), 2)
        copied = [line for line in self.audit() if line["event"] == "copied"]
        self.assertEqual(len(copied), 4)
        self.road.installer("doctor")

    def test_a_copy_that_somebody_removed_is_noticed_and_made_again(self):
        self.settle({"to": self.second, "keep": 2})
        names = [self.create() for _ in range(3)]
        (site,) = os.listdir(self.second)
        folder = os.path.join(self.second, site, "backups")
        self.road.installer("doctor")  # the first went by retention
        for name in os.listdir(folder):
            if name.startswith(names[2]):
                os.unlink(os.path.join(folder, name))
        said = self.road.installer("doctor", status=20).decode()
        self.assertIn(f"{names[2]} is gone from there", said)
        self.assertEqual(self.road.answer("backup", "copy")[0]["copied"], [names[2]])
        self.assertEqual(sorted(self.there()), sorted(f"{name}{end}" for name in names[1:]
                                                      for end in (".json", ".dump.zst")))
        self.road.installer("doctor")
        self.assertEqual(self.road.answer("backup", "copy")[0]["copied"], [])

    def test_a_copy_that_fails_takes_nothing_from_the_backup(self):
        for place, found in (({"to": os.path.join(self.road.root, "not-mounted")}, "is missing"),
                             (self.command("cat >/dev/null; echo quota >&2; exit 3", False), "quota"),
                             (self.command('head -c 10 > "$1"; cat > /dev/null'), "was read back")):
            with self.subTest(found):
                self.settle(place)
                name = self.create()
                self.road.installer("backup", "verify", name)
                for command in ("doctor", "status"):
                    said = self.road.installer(command, status=20 if command == "doctor" else 0)
                    self.assertIn(found, said.decode())
                self.assertIn(found, self.road.refused("backup", "copy", status=8))
                self.assertEqual(self.audit()[-1]["event"], "copy-failed")
        # What was wrong is gone, and so is what was said.
        self.settle(self.command('cat > "$1"'))
        self.assertEqual(len(self.road.answer("backup", "copy")[0]["copied"]), 3)
        self.road.installer("doctor")

    def test_a_folder_keeps_as_many_as_it_says(self):
        self.settle({"to": self.second, "keep": 2})
        names = [self.create() for _ in range(4)]
        self.assertEqual({name.split(".")[0] for name in self.there()}, set(names[-2:]))
        self.assertEqual(len(self.own()), 8)
        self.assertEqual(self.road.answer("backup", "copy")[0]["copied"], [])
        # One of them alone is enough.
        (site,) = os.listdir(self.second)
        dump = os.path.join(self.second, site, "backups", names[-1] + ".dump.zst")
        shutil.copy(dump, self.road.root)
        shutil.rmtree(self.road.site)
        shutil.rmtree(os.path.join(self.road.root, "srv"))
        os.remove(self.database)
        self.road.init_site("--database", f"main={self.database}")
        self.road.installer("site", "restore", "--bundle", self.first, "--backup", f"main={dump}",
                            "--yes", "--reason", "fire")
        self.assertTrue(os.path.exists(self.database))

    def test_mistakes_are_named_together(self):
        self.settle({"to": self.second, "verify": ["true"]}, {"keep": 3},
                    {"command": ["true"], "keep_days": 3}, {"to": "/a"}, {"to": "/a"})
        said = self.road.refused("status", status=3)
        for found in ("found verify with a folder", "found to and command, or neither",
                      "found keep with a command", "found the same place twice"):
            self.assertIn(found, said)


if __name__ == "__main__":
    main()
