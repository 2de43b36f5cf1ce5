#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Same inputs, same bytes: two clones of a repository in two folders, by two users with other umasks, modes of
files, homes, locales and time zones, at two times, on one core and on all of them."""

import os
import shutil

from road import BUILDER, RoadTest, main, need, run, write

NOBODY = 65534


class Reproducible(RoadTest):
    def setUp(self):
        super().setUp()
        # More than one frame, so that cores matter.
        for number in range(40):
            write(os.path.join(self.road.project, f"client/dist/big/{number}.js"),
                  "".join(f"export const x{i} = {i * number};\n" for i in range(20000)))
        self.git("init", "-q")
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "Begin")
        os.chmod(self.road.root, 0o711)

    def git(self, *words, umask="022"):
        run("sh", "-c", f'umask {umask}; exec git -C "$0" "$@"', self.road.project, *words,
            env={**os.environ, "GIT_AUTHOR_DATE": "1700000000 +0000",
                 "GIT_COMMITTER_DATE": "1700000000 +0000", "GIT_AUTHOR_NAME": "A",
                 "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b"})

    def built(self, place, umask, prefix=(), **variables):
        """The bundle of a clone at this place, which whoever `prefix` makes of us builds."""
        home = os.path.join(self.road.root, place)
        project, out = os.path.join(home, "project"), os.path.join(home, "out")
        self.git("clone", "-q", self.road.project, project, umask=umask)
        key = shutil.copy(self.road.key, home)
        os.makedirs(out)
        if "setpriv" in prefix:
            first = place.split("/", maxsplit=1)[0]
            run("chown", "-R", f"{NOBODY}:{NOBODY}", os.path.join(self.road.root, first))
        run("sh", "-c", f'umask {umask}; exec "$@"', "sh", *prefix, BUILDER, "build", "-q",
            "--output", out, "--key", key, cwd=project,
            env={"PATH": os.environ["PATH"], "TMPDIR": home, **variables})
        self.bundle = os.path.join(out, "chanuka-1.0.0.bundle.tar.zst")
        with open(self.bundle, "rb") as bundle:
            return bundle.read()

    def test_two_builds(self):
        need("git")
        need("taskset")
        other = ["taskset", "-c", "0"]
        if os.geteuid() == 0:
            other += ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        first = self.built("here", "022", HOME="/root", LC_ALL="C", TZ="UTC")
        later = self.built("another/place/of/it", "077", other, HOME="/nonexistent", LC_ALL="C.UTF-8",
                           LANGUAGE="tr", TZ="Pacific/Auckland", USER="nobody")
        self.assertGreater(len(first), 1 << 20)
        self.assertTrue(first == later)
        # What the bundle says of its time is that of the commit.
        self.assertIn(b"2023-11-14T22:13:20Z", run(BUILDER, "--json", "inspect", self.bundle))


main()
