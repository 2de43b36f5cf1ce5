#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`site export`, `site restore` and `site rehearse` are killed at each of their changes, before it, after
it and in the middle of what they write, each record of a journal among them: the same command then ends
well, and nothing else has changed.

A share with a fixed seed runs in CI; scripts/torture --archives does all."""

import os
import random
import shutil
import subprocess
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from disturb import Disturb, counted
from road import INSTALLER, RoadTest, main, need, persists, run, second_release, tree_digest, write

SEED = int(os.environ.get("SEALIFT_SEED", "11"))
SHARE = int(os.environ.get("SEALIFT_SHARE", "6"))  # kills of each command
ALL = "SEALIFT_ARCHIVES" in os.environ
HOW = ("before", "half", "after")


class Killed(RoadTest):
    def setUp(self):
        super().setUp()
        need("age-keygen")
        road = self.road
        self.disturb = Disturb(road.root)
        self.identity = os.path.join(road.root, "recovery.age")
        run("age-keygen", "-o", self.identity)
        self.recovery = run("age-keygen", "-y", self.identity).decode().strip()
        self.database = os.path.join(road.root, "srv/data/app.db")
        os.makedirs(os.path.dirname(self.database))
        road.init_site("--take", "database", "--database", f"main={self.database}")
        road.installer("apply", road.release("1.0.0", persists()), "--yes")
        road.installer("apply", road.release("1.1.0", second_release), "--yes")
        write(os.path.join(road.target("web"), "current/uploads/photo"), "a photo")
        self.folder = os.path.join(road.root, "archives")
        self.opens = ("--identity", self.identity, "--key", self.export()["key"])
        self.archive = os.path.join(self.folder, os.listdir(self.folder)[0])
        self.places = [road.site, os.path.join(road.root, "srv"), self.folder]
        for place in self.places:
            shutil.copytree(place, place + ".before", symlinks=True)

    def export(self):
        return self.road.answer("site", "export", "--to", self.folder, "--recovery", self.recovery)

    def again(self, *gone):
        """Everything as it was, but for what a test takes away."""
        for place in self.places:
            shutil.rmtree(place, ignore_errors=True)
            if place not in gone:
                shutil.copytree(place + ".before", place, symlinks=True)

    def seen(self):
        with sqlite3.connect(self.database) as connection:
            rows = list(connection.iterdump())
        connection.close()
        return (rows, [tree_digest(os.path.join(self.road.target(name), "current"))
                       for name in ("web", "etc")],
                tree_digest(os.path.join(self.road.target("web"), "shared")),
                self.road.answer("status")["current"]["version"])

    def cases(self, command, gone=()):
        """Kills, each after the world was put back: which they were."""
        self.again(*gone)
        log = os.path.join(self.road.root, "log")
        run(*self.disturb.counting(log, "changing"), INSTALLER, "--site", self.road.site, *command)
        count = len(counted(log)[0])
        every = [(when, how) for when in range(1, count + 1) for how in HOW]
        chance = random.Random(SEED)
        chosen = every if ALL else sorted(chance.sample(every, SHARE))
        for when, how in chosen:
            self.again(*gone)
            subprocess.run([*self.disturb.under(f"changing:kill={how}:when={when}"), INSTALLER,
                            "--site", self.road.site, *command], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            yield f"{command[1]} killed {how} its change {when} of {count}, seed {SEED}"
        print(f"site {command[1]}: killed at {len(chosen)} of {len(every)} moments")

    def test_an_export(self):
        before = self.seen()
        for why in self.cases(("site", "export", "--to", self.folder, "--recovery", self.recovery)):
            with self.subTest(why):
                for name in os.listdir(self.folder):
                    if name.endswith(".site.tar"):  # whole, or it has not that name
                        self.verifies(os.path.join(self.folder, name))
                self.assertEqual(self.seen(), before)
                self.verifies(self.export()["archive"])
                self.assertEqual([name for name in os.listdir(self.folder) if "part" in name], [])
                self.road.installer("audit", "verify")

    def verifies(self, archive):
        run(INSTALLER, "--site", self.road.root + "/nowhere", "site", "restore", archive, *self.opens,
            "--dry-run", "--settings", self.elsewhere())

    def elsewhere(self):
        """A site.yaml of targets that are empty: a dry run compares it with this machine."""
        path = os.path.join(self.road.root, "elsewhere.yaml")
        with open(os.path.join(self.road.site + ".before", "site.yaml"), encoding="utf-8") as source:
            write(path, source.read().replace("/srv/", "/empty/"))
        return path

    def test_a_restore(self):
        before = self.seen()
        command = ("site", "restore", self.archive, *self.opens, "--yes")
        gone = self.places[:2]
        for why in self.cases(command, gone):
            with self.subTest(why):
                state = os.path.join(self.road.site, "state")
                if (not os.path.exists(os.path.join(state, "site.json")) or
                        os.path.exists(os.path.join(state, "restoring.json"))):
                    self.road.installer(*command)
                self.assertEqual(self.seen(), before)
                self.road.installer("drift")
                self.road.installer("audit", "verify")
                self.assertEqual([name for name in os.listdir(self.road.site)
                                  if name not in ("site.yaml", "state")], [])

    def test_a_rehearsal(self):
        before, place = self.seen(), os.path.join(self.road.root, "place")
        command = ("site", "rehearse", self.archive, *self.opens, "--place", place)
        os.makedirs(place)
        for why in self.cases(command):
            with self.subTest(why):
                self.assertEqual(self.seen(), before)
                shutil.rmtree(place)  # what a kill leaves there is nobody's
                os.makedirs(place)
                self.road.installer(*command)
                self.assertEqual(os.listdir(place), [])
                self.road.installer("audit", "verify")


if __name__ == "__main__":
    main()
