#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The power is cut: whatever the disk has by then, the site ends on the old release or on the new one,
and what a command called done stays done. A site lies on a file system of its own, on a disk that
writes down every write and every flush (recorder.py). Each moment of that disk is made again and
mounted; of the writes since the last flush a disk may have kept any, and of the last one a part. A
moment is one case:

    xfs upgrade 57             the first 57 writes and flushes reached the disk
    xfs upgrade 57 lost=3      of those since the last flush some are lost: a seed chooses them
    xfs upgrade 57 torn=1      of the last write only the first sector came

A share with a fixed seed runs in CI. scripts/torture --power runs every moment, or those of the
scenarios that begin with its argument."""

import os
import random
import sys
import unittest

from bed import see_own_mounts
from disks import MAKE, SEED, Disks, Recording

WANTED = os.environ.get("SEALIFT_POWER")  # None: a share
SHARE = int(os.environ.get("SEALIFT_SHARE", "4" if WANTED is None else "0"))  # moments of each; 0: all

SCENARIOS = ("init", "first", "upgrade", "rollback", "flags", "restore", "prune", "trust", "stage",
             "recover", "forward")
# What CI records, and on what.
IN_CI = (("ext4", "upgrade"), ("xfs", "rollback"), ("btrfs", "first"), ("xfs", "restore"),
         ("ext4", "forward"), ("btrfs", "flags"))
UNSYNCED = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync,syncfs",
            "-e", "inject=fsync,fdatasync,syncfs:retval=0"]


class Power(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.disks = Disks()
        cls.addClassCleanup(cls.disks.close)

    def judged(self, recording, moments):
        """How many of them are wrong, each with its words."""
        wrong = []
        for text in moments:
            found = self.disks.wrong(recording, text)
            if found:
                print(found, flush=True)
                wrong.append(text)
        return wrong

    def chosen(self, recording):
        """A share has the end with what was not flushed lost, and some moments before."""
        moments = list(recording.moments())
        if not SHARE:
            return moments
        some = random.Random(SEED).sample(moments, min(SHARE - 1, len(moments)))
        return some + [[m for m in moments if int(m.split()[2]) == recording.end][-1]]

    def test_old_or_new_at_every_moment(self):
        recordings = IN_CI if WANTED is None else [(kind, name) for kind in MAKE for name in SCENARIOS]
        total, ran, wrong = 0, 0, []
        for kind, name in recordings:
            if not f"{kind} {name}".startswith(WANTED or ""):
                continue
            recording = Recording(self.disks, kind, name)
            self.assertEqual(recording.code, 0, recording.said)
            moments = list(recording.moments())
            judged = self.chosen(recording)
            print(f"{kind} {name}: {sum(e is not None for e in recording.events[:recording.end])} writes, "
                  f"{recording.events[:recording.end].count(None)} flushes, {len(moments)} moments, "
                  f"{len(judged)} of them run", flush=True)
            total += len(moments)
            ran += len(judged)
            wrong += self.judged(recording, judged)
        print(f"{total} moments, {ran} run, {len(wrong)} wrong")
        self.assertGreater(total, 0)
        self.assertEqual(wrong, [])

    @unittest.skipIf(WANTED, "some moments were asked for")
    def test_without_syncs_it_shows(self):
        """The same upgrade, of which no sync reaches the system: this test would see it."""
        recording = Recording(self.disks, "ext4", "upgrade", under=UNSYNCED)
        self.assertEqual(recording.code, 0, recording.said)
        moment = f"ext4 upgrade {recording.end}"
        path = os.path.join(self.disks.folder, "moment.disk")
        recording.write_disk(moment, path)
        with self.disks.mounted(path):
            found = self.disks.judge.behind_a_cut("upgrade", done=True)
        self.assertIn("had said that it is done", found or "")


see_own_mounts()
unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
