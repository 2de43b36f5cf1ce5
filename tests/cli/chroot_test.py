#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installer works where there is nothing else: an empty root with itself, a bundle and a site."""

import os
import shutil
import unittest

from road import INSTALLER, RoadTest, main, run, second_release


class EmptyRoot(RoadTest):
    def test_the_installer_is_static(self):
        headers = run("readelf", "-l", INSTALLER)
        self.assertNotIn(b"INTERP", headers)

    def test_verify_apply_rollback(self):
        if os.geteuid() != 0:
            if os.environ.get("CI"):
                self.fail("chroot needs root, and in CI nothing is skipped")
            raise unittest.SkipTest("SKIPPED: chroot needs root")
        road = self.road
        bundles = [road.release("1.0.0"), road.release("1.1.0", second_release)]
        root = os.path.join(road.root, "empty")
        os.makedirs(os.path.join(root, "media"))
        shutil.copy(INSTALLER, os.path.join(root, "sealift-installer"))
        for file in bundles + [road.trust]:
            shutil.copy(file, os.path.join(root, "media"))

        def inside(*command):
            return run("chroot", root, "/sealift-installer", "--site", "/site", *command)
        inside("init", "--release", "chanuka", "--environment", "production", "--target",
               "web=/srv/web", "--target", "etc=/srv/etc", "--value", "PUBLIC_URL=https://x",
               "--value", "PUBLIC_HOST=x")
        inside("trust", "init", "/media/1.root.json", "--fingerprint", road.fingerprint)
        for bundle in bundles:
            inside("verify", "/media/" + os.path.basename(bundle))
            inside("apply", "/media/" + os.path.basename(bundle), "--yes")
        inside("rollback", "--yes")
        inside("drift")
        self.assertTrue(os.readlink(os.path.join(root, "srv/web/current")).startswith("releases/1.0.0-"))
        self.assertEqual(sorted(os.listdir(root)), ["media", "sealift-installer", "site", "srv"])


main()
