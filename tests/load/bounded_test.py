#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The memory of every command has a bound that does not grow with the release: a middle-sized share of
what scripts/torture --load measures."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from road import main  # noqa: E402
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


if __name__ == "__main__":
    main()
