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
import subprocess
import sys
import tempfile
import time
import unittest

from bed import Bed, Releases, see_own_mounts
from judge import Judge, short
from recorder import read_log
from road import need, run

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
WANTED = os.environ.get("SEALIFT_POWER")  # None: a share
SHARE = int(os.environ.get("SEALIFT_SHARE", "4" if WANTED is None else "0"))  # moments of each; 0: all
KEEP = os.path.join(os.environ["SEALIFT_SOURCE"], "build/power")  # disks on which something was wrong

SIZE = 320 << 20  # XFS takes no less
SECTOR = 512
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"],
        "xfs": ["mkfs.xfs", "-q", "-f"],
        "btrfs": ["mkfs.btrfs", "-q", "-f"]}
SCENARIOS = ("init", "first", "upgrade", "rollback", "flags", "restore", "prune", "trust", "stage",
             "recover", "forward")
# What CI records, and on what.
IN_CI = (("ext4", "upgrade"), ("xfs", "rollback"), ("btrfs", "first"), ("xfs", "restore"),
         ("ext4", "forward"), ("btrfs", "flags"))
UNSYNCED = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync,syncfs",
            "-e", "inject=fsync,fdatasync,syncfs:retval=0"]


class Recording:
    """A command on a disk: what the disk was before, what it was asked, and when the command was over."""

    def __init__(self, disks, kind, name, under=()):
        self.kind, self.name = kind, name
        self.base = os.path.join(disks.folder, f"{kind}-{name}.base")
        disks.make_base(kind, name, self.base)
        work, log, fuse = (os.path.join(disks.folder, n) for n in ("work.disk", "log", "fuse"))
        run("cp", "--sparse=always", self.base, work)
        os.makedirs(fuse, exist_ok=True)
        recorder = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "recorder.py"),
                                     work, log, fuse])
        try:
            disks.wait_for(os.path.join(fuse, "disk"))
            with disks.mounted(os.path.join(fuse, "disk")):
                self.code, self.said = disks.bed.run(*disks.judge.scenarios[name].command, under=under)
                self.end = len(read_log(log))
        finally:
            run("umount", fuse)
            recorder.wait()
        self.events = read_log(log)
        os.unlink(work)

    def moments(self):
        """Every case of it."""
        for count in range(self.end + 1):
            yield f"{self.kind} {self.name} {count}"
            open_writes = self.since_flush(count)
            if len(open_writes) > 1:
                for seed in range(3):
                    yield f"{self.kind} {self.name} {count} lost={seed}"
            if count and self.events[count - 1] and len(self.events[count - 1][1]) > SECTOR:
                yield f"{self.kind} {self.name} {count} torn=1"

    def since_flush(self, count):
        """The numbers of the writes that no flush has followed yet."""
        first = count
        while first and self.events[first - 1]:
            first -= 1
        return range(first, count)

    def write_disk(self, text, path):
        """Makes the disk as it was at a moment."""
        count, *words = text.split()[2:]
        count = int(count)
        options = dict(word.split("=") for word in words)
        lost = set()
        if "lost" in options:
            chosen, writes = random.Random(f"{SEED} {options['lost']}"), self.since_flush(count)
            lost = set(chosen.sample(writes, chosen.randint(1, len(writes))))
        run("cp", "--sparse=always", self.base, path)
        with open(path, "r+b") as disk:
            for number, event in enumerate(self.events[:count]):
                if event and number not in lost:
                    offset, data = event
                    if "torn" in options and number == count - 1:
                        data = data[:int(options["torn"]) * SECTOR]
                    disk.seek(offset)
                    disk.write(data)


class DurableBed(Bed):
    """Its fence is one that a power cut leaves as it is, which Sealift cannot do for it."""

    def fence(self):
        return (f'{{close: [sh, -c, "touch {self.closed} && sync {self.closed} {self.db}"], '
                f'open: [sh, -c, "rm -f {self.closed} && sync {self.db}"]}}')


class Mounted:
    def __init__(self, disk, place):
        self.disk, self.place = disk, place

    def __enter__(self):
        run("mount", "-o", "loop", self.disk, self.place)

    def __exit__(self, *_):
        run("umount", self.place)


class Disks:
    """A bed, whose place is a disk of any kind and moment."""

    def __init__(self):
        for program in ("strace", *(words[0] for words in MAKE.values())):
            need(program)
        if os.geteuid() != 0 or not os.path.exists("/dev/fuse") or \
                not os.path.exists("/dev/loop-control"):
            raise unittest.SkipTest("SKIPPED: only root mounts disks, and needs /dev/fuse and loop devices")
        self.folder = tempfile.mkdtemp(prefix="sealift-power-")
        os.chmod(self.folder, 0o755)
        self.releases = Releases()
        self.bed = DurableBed(self.releases, self.folder, 0)
        self.judge = Judge(self.bed)

    def close(self):
        run("rm", "-rf", self.folder)
        self.releases.road.close()

    def mounted(self, disk):
        return Mounted(disk, self.bed.place)

    def learn(self, name):
        if name not in self.judge.new:
            self.judge.learn(name)

    def make_base(self, kind, name, path):
        self.learn(name)
        with open(path, "wb") as disk:
            disk.truncate(SIZE)
        run(*MAKE[kind], path)
        with self.mounted(path):
            self.bed.reset(self.judge.scenarios[name].start)

    @staticmethod
    def wait_for(path):
        deadline = time.monotonic() + 30
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} did not come")
            time.sleep(0.02)

    def wrong(self, recording, text):
        """What is wrong first at a moment; None if all is right."""
        path = os.path.join(self.folder, "moment.disk")
        recording.write_disk(text, path)
        done = recording.code == 0 and int(text.split()[2]) == recording.end and "torn" not in text
        try:
            with self.mounted(path):
                found = self.judge.behind_a_cut(recording.name, done)
        except AssertionError as error:  # a disk that cannot be mounted, say
            found = short(str(error))
        if not found:
            return None
        os.makedirs(KEEP, exist_ok=True)
        kept = os.path.join(KEEP, text.replace(" ", "-") + ".disk")
        recording.write_disk(text, kept)
        return f"scripts/torture --power \"{' '.join(text.split()[:2])}\"\n   {text}: {found}; the disk: {kept}"


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
