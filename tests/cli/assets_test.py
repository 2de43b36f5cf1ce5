#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of earlier releases that stay reachable: which they are, when they come and go, and what is
said of them."""

import os
import re
import subprocess

from road import BUILDER, INSTALLER, RoadTest, errors, main, write

APP = "assets/app.3f9a1c2e.js"  # that every release of the example has


class Kept(RoadTest):
    def setUp(self):
        super().setUp()
        self.road.init_site()
        self.web = self.road.target("web")

    def release(self, version, keep=1, app=None):
        """A release with a script of its own; `app` is what the script that all have says."""
        def change(project):
            path = os.path.join(project, "release.yaml")
            with open(path, encoding="utf-8") as source:
                text = re.sub(r" (keep_previous: \d+|compress: \[[^]]*\]),", "", source.read())
            if keep is not None:
                text = text.replace("kind: assets,", f"kind: assets, keep_previous: {keep},")
            write(path, text)
            folder = os.path.join(project, "client/dist/assets")
            for old in os.listdir(folder):
                if old.startswith("own-"):
                    os.unlink(os.path.join(folder, old))
            write(os.path.join(folder, self.own(version)), version)
            if app:
                write(os.path.join(project, "client/dist", APP), app)
        return self.road.release(version, change)

    @staticmethod
    def own(version):
        return f"own-{version.replace('.', '')}a7f3c.js"

    def apply(self, version, **more):
        return self.road.installer("apply", self.release(version, **more), "--yes")

    def kept(self):
        """The versions whose own scripts are kept, by their order."""
        folder = os.path.join(self.web, "kept/assets")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return sorted("{}.{}.{}".format(*name[4:7]) for name in names if name.startswith("own-"))

    def test_the_release_that_stands_says_how_many_are_kept(self):
        self.apply("1.0.0", keep=None)
        self.assertFalse(os.path.exists(os.path.join(self.web, "kept")))
        self.apply("1.1.0", keep=1)
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0"])
        self.apply("1.2.0", keep=2)
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0", "1.2.0"])
        self.apply("1.3.0", keep=1)
        self.assertEqual(self.kept(), ["1.2.0", "1.3.0"])
        self.road.installer("rollback", "--yes")  # 1.2.0 keeps two: 1.3.0 and 1.1.0 stood before
        self.assertEqual(self.kept(), ["1.1.0", "1.2.0", "1.3.0"])
        self.road.installer("drift")
        self.apply("1.4.0", keep=None)
        self.assertFalse(os.path.exists(os.path.join(self.web, "kept")))
        self.road.installer("drift")
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.kept(), ["1.2.0", "1.3.0", "1.4.0"])
        self.road.installer("drift")

    def test_they_take_no_space_of_their_own_and_outlive_their_release(self):
        for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
            self.apply(version, keep=3)
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0", "1.2.0", "1.3.0"])
        self.assertTrue(os.path.samefile(os.path.join(self.web, "kept", APP),
                                         os.path.join(self.web, "current", APP)))
        site = os.path.join(self.road.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            text = re.sub(r"(?m)^retention:.*\n", "", source.read())
        write(site, text + "retention: {releases: 1}\n")
        self.road.installer("prune")
        self.assertEqual(len(os.listdir(os.path.join(self.web, "releases"))), 3)
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0", "1.2.0", "1.3.0"])
        self.road.installer("drift")
        self.apply("1.4.0", keep=3)
        self.assertEqual(self.kept(), ["1.1.0", "1.2.0", "1.3.0", "1.4.0"])
        self.road.installer("drift")

    def test_stage_leaves_what_is_kept_alone(self):
        self.apply("1.0.0")
        self.apply("1.1.0")
        third = self.release("1.2.0")
        self.road.installer("stage", third, "--yes")
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0"])
        self.road.installer("drift")
        self.road.installer("apply", third, "--yes")
        self.assertEqual(self.kept(), ["1.1.0", "1.2.0"])
        self.road.installer("drift")

    def test_drift_names_what_is_missing_changed_or_strange(self):
        self.apply("1.0.0")
        self.apply("1.1.0")
        folder = os.path.join(self.web, "kept/assets")
        os.unlink(os.path.join(folder, self.own("1.0.0")))
        os.unlink(os.path.join(folder, self.own("1.1.0")))
        write(os.path.join(folder, self.own("1.1.0")), "9.9.9")
        write(os.path.join(folder, "stranger.js"), "x")
        found = {each["path"]: each["found"]
                 for each in self.road.answer("drift", status=20)["differences"]}
        self.assertEqual(found, {f"kept/assets/{self.own('1.0.0')}": "missing",
                                 f"kept/assets/{self.own('1.1.0')}": "content differs",
                                 "kept/assets/stranger.js": "not part of the release"})
        self.apply("1.2.0", keep=2)
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0", "1.2.0"])
        self.road.installer("drift")
        moved = os.path.join(self.web, "kept")
        os.rename(moved, moved + "-elsewhere")
        os.symlink("kept-elsewhere", moved)
        found = self.road.answer("drift", status=20)["differences"]
        self.assertEqual([(each["path"], each["found"]) for each in found],
                         [("kept", "of another type")])

    def test_how_many_alone_can_change(self):
        self.apply("1.0.0", keep=None)
        self.apply("1.1.0", keep=None)
        before = self.road.current("web")
        self.road.release("1.2.0", lambda project: None)  # the same files
        path = os.path.join(self.road.project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        write(path, text.replace("kind: assets,", "kind: assets, keep_previous: 1,"))
        bundle = self.road.release("1.3.0")
        self.road.installer("apply", bundle, "--yes")
        self.assertEqual(self.road.current("web"), before)
        self.assertEqual(self.kept(), ["1.0.0", "1.1.0"])
        self.road.installer("drift")
        self.assertIn(b"already applied", self.road.installer("apply", bundle, "--yes"))

    def test_an_unchanging_file_that_changes_is_warned_of_and_not_kept(self):
        self.apply("1.0.0", app="export const one = 1;\n")
        done = subprocess.run([INSTALLER, "--site", self.road.site, "apply",
                               self.release("1.1.0", app="export const two = 2;\n"), "--yes"],
                              stdin=subprocess.DEVNULL, capture_output=True, check=True)
        self.assertIn(f"component web: {APP} is immutable, and has other content".encode(),
                      done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.web, "kept", APP)))
        self.road.installer("drift")

    def test_a_folder_that_is_not_ours_is_refused(self):
        self.apply("1.0.0", keep=None)
        write(os.path.join(self.web, "kept/mine"), "mine")
        message = self.road.refused("apply", self.release("1.1.0"), "--yes", status=6)
        self.assertIn("kept is there already, and sealift did not put it there", message)
        with open(os.path.join(self.web, "kept/mine"), encoding="utf-8") as mine:
            self.assertEqual(mine.read(), "mine")

    def test_mistakes_are_named_with_file_line_and_key(self):
        path = os.path.join(self.road.project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        line = text[:text.index("kind: config")].count("\n") + 1
        write(path, text.replace("kind: config,", "kind: config, keep_previous: 2,"))
        self.assertIn(f"release.yaml:{line}: components[1].keep_previous: found keep_previous, "
                      "which config do not have", errors(BUILDER, "validate", path, status=3))
        write(path, text.replace("kind: assets,", "kind: assets, serve: [{match: '/x', "
                                 "cache: forever}],"))
        said = errors(BUILDER, "validate", path, status=3)
        self.assertIn('components[0].serve[0].match: found "/x", expected names', said)
        self.assertIn('components[0].serve[0].cache: found "forever", expected immutable', said)


main()
