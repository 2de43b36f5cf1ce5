#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clock of the host is 20 years behind, 50 years ahead, or jumps while a command runs: what was
not to be installed is not, the way back stays open, records stay readable, and behind a clock that
is right again everything goes on. The installer itself asks what time it is, and is told another
(disturb.cpp)."""

import json
import os
import random
import tempfile
import unittest

from bed import Bed, Releases
from disturb import counted
from judge import Judge, Stand
from road import main, run, write

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
EVERY = bool(os.environ.get("SEALIFT_EVERY"))  # command, and moment at which the clock may jump
YEAR = 31_557_600
BEHIND, AHEAD = -20 * YEAR, 50 * YEAR
READERS = (["status"], ["history"], ["drift"], ["backup", "list"], ["trust", "show"])


class Clock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sealift-clock-")
        cls.addClassCleanup(run, "rm", "-rf", cls.folder)
        cls.releases = Releases()
        cls.addClassCleanup(cls.releases.road.close)
        cls.disturb = cls.releases.disturb
        cls.bed = Bed(cls.releases, cls.folder, 0)
        cls.judge = Judge(cls.bed)

    @staticmethod
    def if_every(*names):
        return names if EVERY else ()

    def at(self, by, *command):
        """A command whose clock is so many seconds off: (status, what it said)."""
        return self.bed.run(*command, under=self.disturb.under(f"clock:by={by}"))

    def judged(self, name, *rules, statuses=(0,)):
        """A command that the clock disturbs does what it always does, or changes nothing."""
        if name not in self.judge.new:
            self.judge.learn(name)
        self.bed.reset(self.judge.scenarios[name].start)
        whole = self.judge.everything()
        outcome = self.bed.run(*self.judge.scenarios[name].command, under=self.disturb.under(*rules))
        wrong = next(self.judge.wrongs_behind(name, outcome, whole), None)
        with self.subTest(name=name, rules=rules):
            self.assertIsNone(wrong)
            self.assertIn(outcome[0], statuses, outcome[1])

    def found_by_doctor(self, by):
        """What is wrong with the clock, in its words."""
        code, said = self.at(by, "-q", "--json", "doctor")
        self.assertEqual(code, 20, said)
        return next(row["mend"] for row in json.loads(said) if row["what"] == "clock")

    def backups(self):
        """How their names begin, as they are listed."""
        return [row["name"][:9] for row in json.loads(self.bed.must("--json", "backup", "list"))]

    def remembered(self):
        with open(os.path.join(self.bed.site, "state/clock.json"), encoding="utf-8") as text:
            return json.load(text)["latest"]

    def remember(self, year):
        write(os.path.join(self.bed.site, "state/clock.json"),
              json.dumps({"latest": f"{year}-01-01T00:00:00Z"}))

    def test_readers_say_the_same_at_any_time(self):
        for by in (BEHIND, AHEAD):
            self.bed.reset("two")
            for command in READERS:
                right = self.bed.run(*command)
                self.assertEqual(self.at(by, *command)[0], right[0], command)
        self.assertIn("it is behind what this site has seen", self.found_by_doctor(BEHIND))

    def test_behind_nothing_is_kept_from_working(self):
        for name in ("upgrade", "recover", *self.if_every("first", "rollback", "flags", "prune")):
            self.judged(name, f"clock:by={BEHIND}")

    def test_behind_the_remembered_time_stays(self):
        self.bed.reset("one")
        before = self.remembered()
        code, said = self.at(BEHIND, "apply", self.releases.second, "--yes")
        self.assertEqual(code, 0, said)
        self.assertEqual(self.remembered(), before)

    def test_behind_an_expired_root_stays_expired(self):
        """The site has seen a time at which its root was no longer valid."""
        self.bed.reset("one")
        self.remember(2050)
        stand = Stand(self.bed)
        for by in (BEHIND, 0):
            code, said = self.at(by, "apply", self.releases.second, "--yes")
            self.assertEqual(code, 4, said)
            self.assertIn("clock", said)
            self.assertEqual(Stand(self.bed), stand)

    def test_ahead_new_releases_wait_and_the_way_back_is_open(self):
        for name in ("rollback", "recover", *self.if_every("flags", "prune", "forward")):
            self.judged(name, f"clock:by={AHEAD}")
        for name in ("upgrade", *self.if_every("first")):
            self.judged(name, f"clock:by={AHEAD}", statuses=(4,))

    def test_ahead_with_a_reason_a_release_is_taken_and_no_time_remembered(self):
        self.bed.reset("one")
        before = self.remembered()
        code, said = self.at(AHEAD, "apply", self.releases.second, "--yes", "--accept-expired",
                             "--reason", "the clock is wrong")
        self.assertEqual(code, 0, said)
        self.assertEqual(self.remembered(), before)
        self.bed.must("doctor")

    def test_a_clock_that_ran_ahead_once_has_a_way_out(self):
        self.bed.reset("one")
        code, said = self.at(YEAR, "apply", self.releases.second, "--yes")  # the root is valid so long
        self.assertEqual(code, 0, said)
        self.assertIn("if that time was wrong, remove", self.found_by_doctor(0))
        self.bed.must("rollback", "--yes")
        self.bed.must("apply", self.releases.second, "--yes")
        numbers = [row["revision"] for row in json.loads(self.bed.must("--json", "history"))]
        self.assertEqual(numbers, sorted(numbers))
        os.unlink(os.path.join(self.bed.site, "state/clock.json"))
        self.bed.must("doctor")
        self.bed.must("apply", self.releases.last, "--yes")

    def test_jumping_while_a_command_runs(self):
        chosen = random.Random(SEED)
        log = os.path.join(self.folder, "log")
        for name in ("upgrade", *self.if_every("first", "rollback", "flags", "recover", "forward")):
            self.bed.reset(self.judge.scenarios[name].start)
            self.bed.run(*self.judge.scenarios[name].command,
                         under=self.disturb.counting(log, "clock"))
            every = range(2, len(counted(log)[0]) + 1)
            for number in every if EVERY else chosen.sample(every, 2):
                self.judged(name, f"clock:by={BEHIND}:when={number}+")
                self.judged(name, f"clock:by={AHEAD}:when={number}+", statuses=(0, 4))
                # Ahead, and right again.
                self.judged(name, f"clock:by={AHEAD}:when={number}", statuses=(0, 4))

    def test_the_newest_backup_is_the_one_that_was_made_last(self):
        """Whatever time it bears: the oldest go first."""
        self.bed.reset("one")
        self.bed.keep_one_release("{releases: 1, backups: 2}")
        for by in (AHEAD, AHEAD, BEHIND, 0):
            code, said = self.at(by, "--json", "backup", "create", "main")
            self.assertEqual(code, 0, said)
        years = ["main-2076", "main-2076", "main-2006", "main-2026"]
        self.assertEqual(self.backups()[-4:], years)
        self.bed.must("prune")
        self.assertEqual(self.backups()[-2:], years[-2:])


main()
