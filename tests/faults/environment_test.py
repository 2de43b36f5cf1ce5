#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What others do while an installer works: they start it a hundred times, change the bundle that it
reads, pull the medium out, fill the disk, put a link in place of a target, take the root file system
away. The site stands on the old release or on the new one, and the exit status says which.

The moment is chosen by a seed, anywhere in the time that the command takes; SEALIFT_ROUNDS moments of
each (scripts/torture --environment runs many more)."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from bed import Bed, Releases, see_own_mounts
from judge import Judge, Stand
from road import run, write

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
ROUNDS = int(os.environ.get("SEALIFT_ROUNDS", "4"))
ROOT = os.geteuid() == 0


class Environment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sealift-environment-")
        os.chmod(cls.folder, 0o755)
        cls.releases = Releases()
        cls.addClassCleanup(cls.releases.road.close)
        cls.addClassCleanup(run, "rm", "-rf", cls.folder)
        cls.bed = Bed(cls.releases, cls.folder, 0)
        cls.judge = Judge(cls.bed)
        cls.judge.learn("upgrade")
        cls.bed.reset("one")
        began = time.monotonic()
        cls.bed.must("apply", cls.releases.second, "--yes")
        cls.duration = time.monotonic() - began

    def setUp(self):
        self.bed.reset("one")
        self.random = random.Random(f"{SEED} {self.id()}")
        self.bundle = shutil.copy(self.releases.second, os.path.join(self.folder, "medium.bundle"))

    def start(self, *command, **more):
        return subprocess.Popen([self.bed.program, "--site", self.bed.site, *command],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **more)

    def upgrade_while(self, disturb, undo=lambda: None):
        """An upgrade that is disturbed at some moment, and what is wrong behind it."""
        whole = self.judge.everything()
        process = self.start("apply", self.bundle, "--yes")
        time.sleep(self.random.uniform(0, 1.1) * self.duration)
        disturb()
        out, err = process.communicate(timeout=120)
        undo()
        outcome = process.returncode, (err or out).decode(errors="replace").strip()
        wrong = next(self.judge.wrongs_behind("upgrade", outcome, whole), None)
        self.assertIsNone(wrong)
        return outcome

    def rounds(self):
        for number in range(ROUNDS):
            with self.subTest(round=number):
                self.setUp()
                yield number

    def test_a_bundle_that_is_changed_while_it_is_read(self):
        def change():
            with open(self.bundle, "r+b") as file:
                file.seek(self.random.randrange(os.path.getsize(self.bundle)))
                file.write(b"not what was signed")

        for _ in self.rounds():
            self.upgrade_while(change)

    def test_a_medium_that_is_pulled_out(self):
        for _ in self.rounds():
            self.upgrade_while(lambda: os.truncate(self.bundle, 0))

    @contextlib.contextmanager
    def small_disk(self, options):
        """The site on a file system of its own, which has little room beside it."""
        if not ROOT:
            self.skipTest("SKIPPED: mounting a small file system needs root")
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", self.bed.place)
        try:
            self.bed.reset("one")
            yield
        finally:
            run("umount", self.bed.place)

    def test_a_disk_that_others_fill(self):
        filler = os.path.join(self.bed.place, "filler")

        def fill():
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while True:
                    file.write(bytes(1 << 16))

        for _ in self.rounds():
            with self.small_disk("size=24M"):
                self.upgrade_while(fill, lambda: os.unlink(filler))

    def test_inodes_that_others_use_up(self):
        folder = os.path.join(self.bed.place, "fillers")

        def fill():
            with contextlib.suppress(OSError):
                os.makedirs(folder)
                for number in range(1 << 20):
                    with open(os.path.join(folder, str(number)), "wb"):
                        pass

        for _ in self.rounds():
            with self.small_disk("nr_inodes=600"):
                self.upgrade_while(fill, lambda: shutil.rmtree(folder, ignore_errors=True))

    def test_a_disk_that_becomes_read_only(self):
        """As ext4 makes itself where it finds an error: what was not synced is lost, and nothing can
        be written any more, not even that something failed. A repair of the disk later, one of the two
        releases stands."""
        if not ROOT or not os.path.exists("/dev/loop-control"):
            self.skipTest("SKIPPED: mounting a disk needs root and loop devices")
        disk = os.path.join(self.folder, "disk")
        with open(disk, "wb") as image:
            image.truncate(256 << 20)
        run("mkfs.ext4", "-q", "-F", disk)

        def mount():
            run("mount", "-o", "loop,errors=remount-ro", disk, self.bed.place)

        def fail():
            device = os.path.basename(run("findmnt", "-no", "SOURCE", self.bed.place).decode().strip())
            write(f"/sys/fs/ext4/{device}/trigger_fs_error", "1")

        def repair():
            run("umount", self.bed.place)
            subprocess.run(["e2fsck", "-fy", disk], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            mount()

        for _ in self.rounds():
            mount()
            try:
                self.bed.reset("one")
                run("sync", "-f", self.bed.place)  # what the test has copied is not what may be lost
                self.upgrade_while(fail, repair)
            finally:
                run("umount", self.bed.place)

    def test_a_link_in_place_of_a_target(self):
        target, away = os.path.join(self.bed.srv, "web"), os.path.join(self.bed.srv, "web.away")
        elsewhere = os.path.join(self.folder, "elsewhere")
        os.makedirs(os.path.join(elsewhere, "releases"))
        self.addCleanup(shutil.rmtree, elsewhere)

        def swap():
            os.rename(target, away)
            os.symlink(elsewhere, target)

        def swap_back():
            os.unlink(target)
            os.rename(away, target)

        for _ in self.rounds():
            self.upgrade_while(swap, swap_back)
            self.assertEqual([*os.walk(elsewhere)],
                             [(elsewhere, ["releases"], []), (elsewhere + "/releases", [], [])])

    def test_a_hundred_starts(self):
        """Of those that are started together one works, and the others say that it does."""
        started = 0
        while started < 100:
            self.bed.reset("one")
            together = self.random.randint(2, 8)
            started += together
            processes = [self.start("apply", self.releases.second, "--yes") for _ in range(together)]
            said = [process.communicate(timeout=120)[1].decode() for process in processes]
            statuses = [process.returncode for process in processes]
            self.assertIn(0, statuses, said)
            self.assertLessEqual(set(statuses), {0, 7}, said)
            self.assertEqual(Stand(self.bed), self.judge.new["upgrade"])
        self.assertEqual(self.bed.run("doctor")[0], 0)

    def test_other_commands_beside_an_upgrade(self):
        """Readers see one release or the other; writers wait or are refused."""
        allowed = {("status",): {0, 10}, ("history",): {0}, ("drift",): {0, 7, 10, 20},
                   ("verify", self.releases.second): {0}, ("plan", self.releases.second): {0, 7, 10},
                   ("prune",): {0, 7, 10}, ("rollback", "--yes"): {0, 6, 7, 10},
                   ("health",): {0, 10}, ("doctor",): {0, 5, 10}}
        wrong, over = [], threading.Event()

        def ask(words, statuses):
            while not over.wait(0.1):
                code, said = self.bed.run(*words)
                if code not in statuses:
                    wrong.append((words, code, said))
                    return

        threads = [threading.Thread(target=ask, args=case) for case in allowed.items()]
        for thread in threads:
            thread.start()
        for _ in range(max(2, ROUNDS // 2)):
            code, said = self.bed.run("apply", self.releases.second, "--yes", "--lock-timeout", "60")
            self.assertEqual(code, 0, said)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.bed.must("apply", self.releases.second, "--yes")
        self.assertEqual(self.bed.served(), self.judge.new["upgrade"].served)

    def test_children_that_flood_and_leave_others_behind(self):
        """A fence that writes without end, and whose own children keep its outputs open."""
        path = os.path.join(self.bed.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            lines = [line for line in source if not line.startswith("fence:")]
        script = os.path.join(self.bed.place, "flood")
        write(script, f"#!/bin/sh\ntouch {self.bed.closed}\nsleep 300 &\n"
                      "head -c 300000000 /dev/zero\n")
        os.chmod(script, 0o755)
        write(path, "".join(lines) +
              f"fence: {{close: [{script}], open: [rm, -f, {self.bed.closed}]}}\n")
        self.addCleanup(subprocess.run, ["pkill", "-f", "^sleep 300$"], check=False)
        before = time.monotonic()
        code, said = self.bed.run("apply", self.releases.second, "--yes")
        self.assertEqual(code, 0, said)
        self.assertLess(time.monotonic() - before, 60)
        self.assertEqual(Stand(self.bed).served, self.judge.new["upgrade"].served)
        self.assertFalse(self.bed.kept_out())

    def test_nothing_but_the_site_can_be_written(self):
        """The root file system is read-only, /tmp runs no programs, and no variable is set."""
        if not ROOT:
            self.skipTest("SKIPPED: mounting needs root")
        if os.stat(self.folder).st_dev == os.stat("/").st_dev:
            self.skipTest("SKIPPED: the tests' folder is on the root file system")
        code, said = self.bed.run(
            "apply", self.releases.second, "--yes",
            under=["unshare", "-m", "sh", "-c", "mount -o remount,bind,ro / && "
                   'mount -t tmpfs -o noexec tmpfs /tmp && exec env -i "$@"', "sh"])
        self.assertEqual(code, 0, said)
        self.assertEqual(Stand(self.bed), self.judge.new["upgrade"])


see_own_mounts()
unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
