#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`scripts/demo --kubernetes`, which runs the block of docs/kubernetes-tour.md."""

import os
import subprocess
import sys
import tempfile
import unittest

for folder in ("tests/cli", "tests/kubernetes"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], folder))

from cluster import SOURCE, Cluster  # noqa: E402
from road import main, need  # noqa: E402

BIN = os.environ["SEALIFT_BIN"]


class Tour(unittest.TestCase):
    def setUp(self):
        for program in ("jq", "node", "npm"):
            need(program)
        place = tempfile.TemporaryDirectory(prefix="sealift-tour-")
        self.addCleanup(place.cleanup)
        self.demo = os.path.join(place.name, "demo")

    def run_demo(self, kubeconfig):
        return subprocess.run(
            [os.path.join(SOURCE, "scripts/demo"), "--bin", BIN, "--kubernetes", self.demo],
            env={**os.environ, "KUBECONFIG": kubeconfig}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def test_all_of_it(self):
        cluster = Cluster()
        self.addCleanup(cluster.close)
        done = self.run_demo(cluster.kubeconfig)
        said = done.stdout.decode()
        self.assertEqual(done.returncode, 0, said[-3000:])
        self.assertIn("exceeded quota: room", said)
        self.assertIn("uninstalled chanuka 1.0.0", said)

    def test_without_a_cluster_it_says_so(self):
        done = self.run_demo("/dev/null")
        self.assertEqual(done.returncode, 1)
        self.assertIn("kubectl reaches no cluster", done.stdout.decode())


if __name__ == "__main__":
    main()
