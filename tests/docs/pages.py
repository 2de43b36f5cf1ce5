# SPDX-License-Identifier: Apache-2.0
"""What the tests of the documents share: pages, their blocks, and a folder to run them in."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["SEALIFT_SOURCE"]
BIN = os.environ["SEALIFT_BIN"]

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from road import need  # noqa: E402, F401


def text_of(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as source:
        return source.read()


STOP_AT_FAILURE = "set -euo pipefail\n"


def script_of(page):
    """The blocks behind <!-- run -->, in order, as one script that stops at the first failure. One
    behind <!-- run: ends with N --> must fail with that exit status."""
    script = STOP_AT_FAILURE
    for status, block in re.findall(r"^<!-- run(?:: ends with (\d+))? -->\n```sh\n(.*?)^```$",
                                    text_of(page), re.MULTILINE | re.DOTALL):
        if status:
            block = (f"set +e\n(set -e\n{block})\nended=$?\nset -e\n"
                     f"[ $ended = {status} ] || {{ echo \"ended with $ended\"; exit 99; }}\n")
        script += block
    return script


class Scratch(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sealift-docs-")
        self.addCleanup(shutil.rmtree, self.root)

    def run_in(self, folder, *command, status=0):
        env = {**os.environ, "PATH": BIN + ":" + os.environ["PATH"]}
        done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, status, f"{command}\n{text}")
        return text


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
