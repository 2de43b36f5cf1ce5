#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The memory of every command has a bound that does not grow with the release: a middle-sized share of
what scripts/torture --load measures. And what a plan of a large release reads."""

import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from road import INSTALLER, main, run  # noqa: E402
import load  # noqa: E402

# MiB of the largest process. This program itself counts with some 20.
BOUND = 120


class Bounded(unittest.TestCase):
    def check(self, yard, change):
        self.addCleanup(yard.close)
        for command, (_, _, memory) in yard.way(change).items():
            with self.subTest(command=command):
                self.assertLess(memory, BOUND)

    def test_many_files(self):
        self.check(*load.assets(load.many_files, 10_000))

    def test_a_large_file(self):
        self.check(*load.assets(load.zeros, 100))

    def test_many_migrations(self):
        self.check(*load.migrations(1_000))


class Planned(unittest.TestCase):
    """A release with more than 64 MiB of payload."""

    def setUp(self):
        self.yard, _ = load.assets(load.zeros, 70)
        self.addCleanup(self.yard.close)
        self.yard.build("1.0.0")
        self.bundle = self.yard.bundle("1.0.0")

    def installer(self, *command, status=0):
        return run(INSTALLER, "--site", self.yard.site, *command, status=status)

    def damage(self, place):
        with open(self.bundle, "r+b") as file:
            file.seek(place, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(place, os.SEEK_END)
            file.write(bytes([byte ^ 1]))

    def test_a_plan_says_what_it_did_not_read_and_apply_reads_it(self):
        self.assertIn(b"not read yet: 70.0 MiB of files and images", self.installer("plan", self.bundle))
        plan = json.loads(self.installer("--json", "plan", self.bundle))
        self.assertGreater(plan["unread"], 70 << 20)
        self.damage(-300)  # in the last frames, behind everything that a plan shows
        self.installer("plan", self.bundle)
        for command in (("verify", self.bundle), ("apply", self.bundle, "--yes")):
            self.installer(*command, status=5)
        self.assertFalse(os.path.exists(os.path.join(self.yard.root, "srv/web/current")))

    def test_a_plan_refuses_a_copy_that_was_cut_off(self):
        os.truncate(self.bundle, os.path.getsize(self.bundle) - 1)
        self.installer("plan", self.bundle, status=5)


if __name__ == "__main__":
    main()
