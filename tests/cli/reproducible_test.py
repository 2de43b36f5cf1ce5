#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Same inputs, same bytes: two folders, umasks, locales, time zones, one core and all of them."""

import os
import shutil
import subprocess

from road import BUILDER, RoadTest, main, need, write


class Reproducible(RoadTest):
    def test_two_builds(self):
        need("taskset")
        road = self.road
        # More than one frame, so that cores matter.
        for number in range(40):
            write(os.path.join(road.project, f"client/dist/big/{number}.js"),
                  "".join(f"export const x{i} = {i * number};\n" for i in range(20000)))
        other = os.path.join(road.root, "another/place/of/it")
        shutil.copytree(road.project, other, symlinks=True)
        for folder, names, _ in os.walk(other):  # other times, another order of creation
            for name in names:
                os.utime(os.path.join(folder, name), (1, 1))
        settings = [
            (road.project, "022", {"LC_ALL": "C", "TZ": "UTC"}, []),
            (other, "077", {"LC_ALL": "C.UTF-8", "TZ": "Pacific/Auckland"}, ["taskset", "-c", "0"]),
        ]
        results = []
        for index, (folder, umask, env, prefix) in enumerate(settings):
            out = os.path.join(road.root, f"out{index}")
            subprocess.run(["sh", "-c", f'umask {umask}; exec "$@"', "sh", *prefix, BUILDER, "build",
                            "-q", "--output", out, "--key", road.key],
                           cwd=folder, check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, **env, "SOURCE_DATE_EPOCH": "1700000000"})
            with open(os.path.join(out, "chanuka-1.0.0.bundle.tar.zst"), "rb") as bundle:
                results.append(bundle.read())
        self.assertGreater(len(results[0]), 1 << 20)
        self.assertTrue(results[0] == results[1])


main()
