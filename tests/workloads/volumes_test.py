#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Volumes of Compose are backed up and restored through the engine, with owners and modes, and one that
holds something is never written over. With SEALIFT_EVERY=1 Docker shows it too (lost_test.py does a part)."""

import os
import sys
import unittest

from stack import (API, DockerCompose, PodmanCompose, StackTest, main, server, service)

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from sweep import ALL, killed_at  # noqa: E402

FILL = ("/bin/busybox mkdir -p /rows/deep; echo of users > /rows/deep/kept; /bin/busybox ln -s deep/kept "
        "/rows/link; /bin/busybox chown -R 1000:55 /rows; /bin/busybox chmod 0750 /rows /rows/deep/kept")
LOOK = ("cd /rows && /bin/busybox cat link && /bin/busybox find . | /bin/busybox sort | "
        "/bin/busybox xargs /bin/busybox stat -c '%n %u:%g %a %F'")


class Volumes:
    def setUp(self):
        super().setUp()
        self.road.change_site(lambda site: site["targets"]["stack"].update(volumes=["rows"]))
        compose = {"services": {"api": service(API, "{{API_PORT}}", volumes=["rows:/rows"])},
                   "volumes": {"rows": {}}}
        self.apply(self.road.build_stack("1.0.0", {API: server("api 1.0.0")}, compose))
        self.inside(FILL)
        self.before = self.inside(LOOK)

    def inside(self, words):
        (name,) = self.lines("ps", "-q")
        return self.engine.call("exec", name, "/bin/busybox", "sh", "-c", words)

    def volume(self):
        (name,) = [name for name in self.lines("volume", "ls", "-q") if name.endswith("_rows")]
        return name

    def lose(self):
        for name in self.lines("ps", "-aq"):
            self.engine.call("rm", "-f", name)
        self.engine.call("volume", "rm", self.volume())

    def test_one_comes_back_whole_and_is_never_written_over(self):
        road = self.road
        for name in ("stack:others", "images:rows", "nowhere:rows"):
            self.assertIn(f'site.yaml has no volume "{name}"',
                          road.refused("backup", "create", name, status=2))
        (made,) = road.answer("backup", "create", "--all")
        self.assertEqual((made["database"], made["driver"]), ("stack:rows", "volume"))
        self.assertTrue(made["name"].startswith("stack@rows-"))
        road.installer("backup", "verify", made["name"])
        restore = ("backup", "restore", made["name"], "--yes", "--reason", "lost")
        road.installer(*restore)  # it holds just that
        self.inside("/bin/busybox touch /rows/new")
        self.assertIn("holds something else", road.refused(*restore, status=6))
        self.assertIn("./new", self.inside(LOOK))
        self.lose()
        said = road.refused("backup", "create", "stack:rows", status=6)
        self.assertIn("has no volume rows of the project", said)
        # Cut off, it begins again.
        for when in (3, 9):
            killed_at(road, restore, "clone", when)
        road.installer(*restore)
        road.installer("apply", "--repair", "--yes")
        self.assertEqual(self.inside(LOOK), self.before)
        self.assertEqual([name for name in self.engine.images() if "volume" in name], [])
        self.assertEqual(len(self.lines("ps", "-aq")), 1)
        road.installer("doctor")


class OfPodman(Volumes, StackTest):
    kind = PodmanCompose


@unittest.skipUnless(ALL, "lost_test.py shows it with Docker")
class OfDocker(Volumes, StackTest):
    kind = DockerCompose


if __name__ == "__main__":
    main()
