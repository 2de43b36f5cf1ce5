#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`scripts/demo --stack`, which runs the block of docs/stack.md, with real engines: two releases
serve, the third goes back by itself, and nothing is left but the demo's folder."""

import glob
import os
import re
import shlex
import signal
import subprocess
import tempfile
import time
import unittest

from stack import DockerCompose, EngineFixture, PodmanCompose, main, need, write
from engines import wait_until
from sweep import ALL

SOURCE, BIN = os.environ["SEALIFT_SOURCE"], os.environ["SEALIFT_BIN"]
PROGRAMS = ("curl", "jq", "nginx", "node", "npm", "psql")


def processes(folder):
    """Those that a folder is named to on their command line: Nginx by its configuration."""
    found = []
    for place in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(place, "rb") as words:
                if folder.encode() in words.read():
                    found.append(place)
        except OSError:
            pass  # it has ended
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        for program in PROGRAMS:
            need(program)
        place = tempfile.TemporaryDirectory(prefix="sealift-demo-")
        self.addCleanup(place.cleanup)
        self.root = place.name
        self.demo = os.path.join(place.name, "demo")

    def start(self, **variables):
        return subprocess.Popen(
            [os.path.join(SOURCE, "scripts/demo"), "--bin", BIN, "--stack", self.demo],
            env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)


class Refused(Demo):
    def refused(self, said, **variables):
        running = self.start(**variables)
        self.assertIn(said, running.communicate()[0].decode())
        self.assertEqual(running.returncode, 1)

    def test_a_folder_that_is_not_the_demo_s_is_left_alone(self):
        os.makedirs(self.demo)
        self.refused("was not made by this script")
        self.assertEqual(os.listdir(self.demo), [])

    def test_without_an_engine_it_says_what_to_install(self):
        for name in ("docker", "podman"):
            write(os.path.join(self.root, name), "#!/bin/sh\nexit 1\n")
            os.chmod(os.path.join(self.root, name), 0o755)
        self.refused("apt-get install docker.io docker-compose",
                     PATH=self.root + ":" + os.environ["PATH"])


class WithEngine(EngineFixture, Demo):
    kind = None

    @classmethod
    def start_engine(cls):
        cls.engine = cls.kind.engine_type(cls.folder)
        cls.words = cls.kind.compose_words(cls.engine)

    def start(self):
        engine = self.engine.command
        if self.kind is PodmanCompose:
            engine = [self.words[-1]]  # Podman with what it needs to find this one
        return super().start(COMPOSE=shlex.join(self.words), ENGINE=shlex.join(engine))

    def assert_nothing_is_left(self):
        for words in (("ps", "-aq"), ("images", "-q"), ("volume", "ls", "-q"),
                      ("network", "ls", "--filter", "name=chanuka", "-q")):
            self.assertEqual(self.engine.call(*words), "", words)
        with open(os.path.join(self.demo, "host/site.yaml"), encoding="utf-8") as site:
            cluster = re.search(r"DATABASE_SOCKETS: (\S+)", site.read())[1]
        self.assertFalse(os.path.exists(cluster))
        self.assertEqual(processes(cluster), [])
        for _ in range(50):  # Nginx is told to stop, and does so when it likes
            if not processes(self.demo):
                break
            time.sleep(0.1)
        self.assertEqual(processes(self.demo), [])

    def two_releases_serve_and_the_third_goes_back_by_itself(self):
        running = self.start()
        said = running.communicate()[0].decode()
        self.assertEqual(running.returncode, 0, said)
        self.assertEqual(re.findall(r"^applied chanuka (\S+)", said, re.MULTILINE),
                         ["1.0.0", "1.1.0"])
        self.assertIn("everything was undone, release 1.1.0 serves again: 5 checks hold", said)
        self.assertIn("exit status 9, expected 9", said)
        served = os.readlink(os.path.join(self.demo, "srv/web/current"))
        self.assertTrue(served.startswith("releases/1.1.0-"), served)
        self.assert_nothing_is_left()


class WithDocker(WithEngine):
    kind = DockerCompose

    def test_two_releases_serve_and_the_third_goes_back_by_itself_with_docker(self):
        self.two_releases_serve_and_the_third_goes_back_by_itself()

    def test_a_demo_that_is_cut_off_leaves_nothing(self):
        running = self.start()
        wait_until(lambda: self.engine.call("ps", "-q") or running.poll() is not None,
                   "the first release", seconds=60)
        os.killpg(running.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
        said = running.communicate()[0].decode()
        self.assertNotEqual(running.returncode, 0, said)
        self.assert_nothing_is_left()


class WithPodman(WithEngine):
    kind = PodmanCompose

    if ALL:  # one engine shows the script
        def test_two_releases_serve_and_the_third_goes_back_by_itself_with_podman(self):
            self.two_releases_serve_and_the_third_goes_back_by_itself()


main()
