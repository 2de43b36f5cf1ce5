#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Controls: where the installer is made to do less than it does, the tests of faults find it. One
sync at a time never reaches the disk; files get their names before they are synced; what was verified
is not what is written. Without syncs at all: power_test.py.

scripts/torture --controls removes each sync of SEALIFT_CONTROLS ("xfs upgrade"), and says which of
them a moment shows to be needed and which none does."""

import collections
import os
import random
import re
import tempfile
import unittest

from bed import see_own_mounts
from disks import SEED, Disks, Recording
from disturb import counted
from road import main, run

SYNCS = "fsync,fdatasync,syncfs"
WANTED = os.environ.get("SEALIFT_CONTROLS")  # None: those that were seen to be needed
MOMENTS = int(os.environ.get("SEALIFT_MOMENTS", "12"))  # of each recording, beside its end
TEMPORARY = re.compile(r"/\.[^/]*\.[0-9a-f]{12}$")
# Of an upgrade on XFS, what a cut of the power at its end shows by itself: the last sync of each.
NEEDED = ("site/state/journal/000002.journal", "srv/etc/releases/.staging-2", "db/petitions.db")


def role(path, place):
    """A file by what it is for: temporary names have random parts."""
    return re.sub(r"[0-9a-f]{12}", "*", os.path.relpath(path, place) if path else "")


class Controls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.disks = Disks()
        cls.addClassCleanup(cls.disks.close)
        cls.disturb = cls.disks.releases.disturb
        cls.bed, cls.judge = cls.disks.bed, cls.disks.judge

    def calls(self, name, calls):
        """(number, call, file) of a command that nothing disturbs."""
        self.disks.learn(name)
        self.bed.reset(self.judge.scenarios[name].start)
        log = os.path.join(self.disks.folder, "calls")
        self.bed.run(*self.judge.scenarios[name].command, under=self.disturb.counting(log, calls))
        return [(number, call, role(path, self.bed.place))
                for number, (call, _, path) in enumerate(counted(log)[0], 1)]

    def shown(self, kind, name, numbers, most=MOMENTS):
        """What a cut of the power shows where these syncs never reach the disk; None: nothing."""
        rules = [f"{SYNCS}:done:when={number}" for number in numbers]
        recording = Recording(self.disks, kind, name, under=self.disturb.under(*rules))
        self.assertEqual(recording.code, 0, recording.said)
        moments = list(recording.moments())
        ends = [m for m in moments if int(m.split()[2]) == recording.end and "torn" not in m]
        some = random.Random(SEED).sample(moments, min(most, len(moments)))
        for text in [ends[0], ends[-1], *some]:
            found = self.disks.found_at(recording, text)
            if found:
                return f"{text}: {found}"
        return None

    @unittest.skipIf(WANTED is not None, "each sync was asked for")
    def test_a_sync_that_is_needed_shows(self):
        every = self.calls("upgrade", SYNCS)
        for file in NEEDED:
            last = [number for number, _, of in every if of == file][-1]
            self.assertIsNotNone(self.shown("xfs", "upgrade", [last], most=0), file)

    @unittest.skipUnless(WANTED, "only by scripts/torture --controls")
    def test_each_sync(self):
        kind, name = WANTED.split()
        found = collections.defaultdict(list)
        for number, call, file in self.calls(name, SYNCS):
            shown = self.shown(kind, name, [number])
            found["needed" if shown else "not shown"].append(number)
            print(f"{'needed   ' if shown else 'not shown'} {number:3} {call} {file}\n"
                  f"          {shown or ''}", flush=True)
        print({word: len(numbers) for word, numbers in found.items()})
        self.assertGreater(len(found["needed"]), 0)

    @unittest.skipIf(WANTED is not None, "each sync was asked for")
    def test_names_before_content_shows(self):
        """Each file is given its name, and what is in it is never synced."""
        numbers = [number for number, _, file in self.calls("upgrade", SYNCS)
                   if TEMPORARY.search("/" + file.replace("*", "0" * 12))]
        self.assertGreater(len(numbers), 3)
        self.assertIsNotNone(self.shown("xfs", "upgrade", numbers, most=0))

    @unittest.skipIf(WANTED is not None, "each sync was asked for")
    def test_what_was_not_verified_shows(self):
        """A bit of what is written into a target is another than the one that was verified."""
        writes = "write,pwrite64,copy_file_range"
        place = [number for number, _, file in self.calls("upgrade", writes)
                 if file.startswith("srv/")]
        self.assertGreater(len(place), 3)
        for number in place:
            self.bed.reset("one")
            whole = self.judge.everything()
            outcome = self.bed.run("apply", self.bed.releases.second, "--yes",
                                   under=self.disturb.under(f"{writes}:alter:when={number}"))
            self.assertIsNotNone(next(self.judge.wrongs_behind("upgrade", outcome, whole), None))


see_own_mounts()
main()
