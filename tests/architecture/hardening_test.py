#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of a release build are hardened: what the linker says, and what the compiler left."""

import json
import os
import platform
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
from road import main  # noqa: E402

BIN = os.environ["SEALIFT_BIN"]
BUILD = os.path.dirname(os.path.abspath(BIN))


def said_by(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def is_release_build():
    path = os.path.join(BUILD, "CMakeCache.txt")
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as cache:
        return "CMAKE_BUILD_TYPE:STRING=Release" in cache.read()


class Hardening(unittest.TestCase):
    def setUp(self):
        if not is_release_build():
            raise unittest.SkipTest("SKIPPED: only a release build is hardened")

    def test_what_the_linker_made(self):
        for program in "sealift", "sealift-installer":
            path = os.path.join(BIN, program)
            with self.subTest(program=program):
                self.assertIn("DYN (Position-Independent Executable", said_by("readelf", "-hW", path))
                segments = said_by("readelf", "-lW", path)
                self.assertIn("GNU_RELRO", segments)
                for line in segments.splitlines():
                    if line.strip().startswith(("LOAD", "GNU_STACK")):
                        self.assertNotIn("RWE", line)
                dynamic = said_by("readelf", "-dW", path)
                self.assertIn("BIND_NOW", dynamic)
                self.assertNotIn("TEXTREL", dynamic)
                # The programs are stripped; what is called what stands in the file beside them.
                self.assertIn("__stack_chk_fail", said_by("nm", f"{path}.debug"))

    def test_where_calls_may_land(self):
        # The programs as a whole are not marked (GNU_PROPERTY_X86_FEATURE_1_AND): Debian's libc.a,
        # libsqlite3.a and others are built without, and one part without is enough.
        if platform.machine() != "x86_64":
            raise unittest.SkipTest("SKIPPED: the flag is one of x86")
        for program in "sealift", "sealift-installer":
            path = os.path.join(BIN, program)
            [begin] = [int(line.split()[0], 16) for line in said_by("nm", f"{path}.debug").splitlines()
                       if line.endswith(" T main")]
            code = said_by("objdump", "-d", "--no-show-raw-insn", f"--start-address={begin:#x}",
                           f"--stop-address={begin + 4:#x}", path)
            self.assertIn("endbr64", code, program)

    def test_every_file_of_ours_is_compiled_so(self):
        with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as text:
            ours = [each["command"] for each in json.load(text)]
        self.assertTrue(ours)
        flags = ["-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=2"]
        if platform.machine() == "x86_64":
            flags.append("-fcf-protection")
        for command in ours:
            for flag in flags:
                self.assertIn(flag, command)


if __name__ == "__main__":
    main()
