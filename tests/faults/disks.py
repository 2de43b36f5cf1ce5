# SPDX-License-Identifier: Apache-2.0
"""A bed that lies on a file system of its own, on a disk that writes down every write and every flush
(recorder.py). Each moment of that disk can be made again and mounted."""

import os
import random
import subprocess
import sys
import tempfile
import time
import unittest

from bed import Bed, Releases
from judge import Judge, short
from recorder import read_log
from road import need, run

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
KEEP = os.path.join(os.environ["SEALIFT_SOURCE"], "build/power")  # disks on which something was wrong

SIZE = 320 << 20  # XFS takes no less
SECTOR = 512
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"],
        "xfs": ["mkfs.xfs", "-q", "-f"],
        "btrfs": ["mkfs.btrfs", "-q", "-f"]}


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
        if os.path.exists(path):
            return
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

    def found_at(self, recording, text):
        """What is wrong first at a moment; None if all is right."""
        path = os.path.join(self.folder, "moment.disk")
        recording.write_disk(text, path)
        done = recording.code == 0 and int(text.split()[2]) == recording.end and "torn" not in text
        try:
            with self.mounted(path):
                return self.judge.behind_a_cut(recording.name, done)
        except AssertionError as error:  # a disk that cannot be mounted, say
            return short(str(error))

    def wrong(self, recording, text):
        """The same with how to look at it, and the disk is kept."""
        found = self.found_at(recording, text)
        if not found:
            return None
        os.makedirs(KEEP, exist_ok=True)
        kept = os.path.join(KEEP, text.replace(" ", "-") + ".disk")
        recording.write_disk(text, kept)
        return f"scripts/torture --power \"{' '.join(text.split()[:2])}\"\n   {text}: {found}; the disk: {kept}"
