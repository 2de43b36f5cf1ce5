# SPDX-License-Identifier: Apache-2.0
"""What the tests of packages share: the packages of one run of scripts/package, and roots to use them in."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from road import BIN, SOURCE, need, run  # noqa: E402

PROGRAMS = ("sealift", "sealift-installer")


def package(output, *more, **variables):
    """Packs the programs that are tested."""
    environment = {**os.environ, **variables}
    run(os.path.join(SOURCE, "scripts/package"), "--bin", BIN, "--output", output, "--level", "1", *more,
        env=environment)
    return output


def need_root(what):
    if os.geteuid() == 0:
        return
    if os.environ.get("CI"):
        raise AssertionError(f"{what} needs root, and in CI nothing is skipped")
    raise unittest.SkipTest(f"SKIPPED: {what} needs root")


class PackagesTest(unittest.TestCase):
    """Packages of a fixed date, signed with a key of their own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sealift-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.key = os.path.join(cls.folder, "dev.key")
        run(os.path.join(BIN, "sealift"), "keygen", cls.key, "--no-passphrase")
        cls.packages = package(os.path.join(cls.folder, "packages"), "--key", cls.key,
                               SOURCE_DATE_EPOCH="1700000000")

    @classmethod
    def one(cls, *words):
        """The only package whose name has these words."""
        names = os.listdir(cls.packages)
        found = [name for name in names if all(word in name for word in words)]
        if len(found) != 1:
            raise AssertionError(f"{words} in {names}")
        return os.path.join(cls.packages, found[0])


# Where there are no devices, programs that write to /dev/null make a file of it.
ENTER = """mount --rbind /dev "$0/dev"; mount -t proc proc "$0/proc"; exec chroot "$0" "$@" """


def inside(root, *command, status=0, **variables):
    """Runs a command in another root, with nothing of this one's environment and no network."""
    done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "sh", "-ec", ENTER, root,
                           *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **variables})
    text = done.stdout.decode(errors="replace")
    if done.returncode != status:
        raise AssertionError(f"{command}: exit status {done.returncode}, expected {status}\n{text}")
    return text
