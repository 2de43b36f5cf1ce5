# SPDX-License-Identifier: Apache-2.0
"""The tests' own injector (disturb.cpp says what it can do), compiled when a test needs it."""

import os
import sys

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from road import need, run  # noqa: E402

JOURNAL = "pwrite64,fdatasync:in=/state/journal/"  # each record and its sync
STORE = "read,pread64:in=/state/store/"  # of bundles that were verified
TRANSFERS = "read,pread64,write,pwrite64,sendfile,copy_file_range"
ACTS = (":kill=", ":most=", ":done", ":alter", ":by=")  # that strace has not, or not so


class Disturb:
    """The injector, in a folder of a test."""

    def __init__(self, folder):
        need("c++")
        self.folder = folder
        self.program = os.path.join(folder, "disturb")
        run("c++", "-std=c++20", "-O1", "-o", self.program,
            os.path.join(os.path.dirname(__file__), "disturb.cpp"))
        os.chmod(self.program, 0o755)

    def under(self, *rules):
        """The words before a command that is to be disturbed."""
        return [self.program, *rules, "--"]

    def counting(self, log, *calls):
        """The words before one whose calls are only counted, each list of calls for itself."""
        return [self.program, "--log", log, *(f"{names}:count" for names in calls), "--"]


def counted(log, lists=1):
    """What counting() found, for each of its lists of calls: [(name, bytes, path)]."""
    found = [[] for _ in range(lists)]
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            rule, _, name, size, path = line.rstrip("\n").split(" ", 4)
            found[int(rule)].append((name, int(size), path))
    return found


def is_for(rule):
    """The injector's, not strace's."""
    return any(act in rule for act in ACTS)
