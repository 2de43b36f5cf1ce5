#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 before every system call that changes something, journal records first of all; then
recover, twice. The site must stand on the old or on the new release, never between."""

import os
import shutil
import subprocess

from road import INSTALLER, RoadTest, main, need, run, second_release, tree_digest, write
from sweep import CHANGING, changing_calls, killed_at


# Those by which files that are kept reachable come and go.
OF_KEPT = "linkat,unlinkat,mkdirat,syncfs,renameat,symlinkat"


def keep_files(project, name):
    """A release that keeps the hashed files of the one before, and has one of its own."""
    path = os.path.join(project, "release.yaml")
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if "keep_previous" not in text:
        text = text.replace("kind: assets,", "kind: assets, keep_previous: 1,")
    write(path, text)
    folder = os.path.join(project, "client/dist/assets")
    for old in os.listdir(folder):
        if old.startswith("only."):
            os.unlink(os.path.join(folder, old))
    write(os.path.join(folder, f"only.{name}.js"), f"export const only = '{name}';\n" * 80)


class Crash(RoadTest):
    names = [".sealift-target", "current", "releases"]
    more = {"web": [], "etc": []}  # names that stand in a target beside these

    def setUp(self):
        super().setUp()
        need("strace")
        road = self.road
        self.first = road.release("1.0.0")
        self.second = road.release("1.1.0", second_release)
        road.init_site()
        road.installer("apply", self.first, "--yes")
        self.places = [road.site, os.path.join(road.root, "srv")]
        self.keep = os.path.join(road.root, "keep")
        for place in self.places:
            shutil.copytree(place, os.path.join(self.keep, os.path.basename(place)), symlinks=True)

    def reset(self):
        for place in self.places:
            shutil.rmtree(place)
            shutil.copytree(os.path.join(self.keep, os.path.basename(place)), place, symlinks=True)

    def served(self):
        return tuple(tree_digest(os.path.join(self.road.target(name), "current"))
                     for name in ("web", "etc"))

    def remember(self):
        """From now on reset() leads here."""
        shutil.rmtree(self.keep)
        for place in self.places:
            shutil.copytree(place, os.path.join(self.keep, os.path.basename(place)), symlinks=True)

    def sweep(self, command, old, new, again, changing=CHANGING):
        points = changing_calls(self.road, command, changing)
        self.assertEqual(self.served(), new)
        ended = {old: 0, new: 0}
        for name, when in points:
            self.reset()
            killed_at(self.road, command, name, when)
            where = f"killed before {name} number {when}"
            for _ in range(2):
                run(INSTALLER, "--site", self.road.site, "-q", "recover")
                self.assertIn(self.served(), (old, new), where)
            ended[self.served()] += 1
            run(INSTALLER, "--site", self.road.site, "drift")
            for target in ("web", "etc"):
                names = os.listdir(self.road.target(target))
                self.assertEqual(sorted(names), sorted(self.names + self.more[target]), where)
                releases = os.listdir(os.path.join(self.road.target(target), "releases"))
                self.assertFalse([r for r in releases if r.startswith(".")], where)
            again()
            self.assertEqual(self.served(), new, where)
        print(f"{len(points)} crash points: {ended[old]} ended on the old release, "
              f"{ended[new]} on the new")
        self.assertGreater(len(points), 30 if changing == CHANGING else 3)
        if changing == CHANGING:
            self.assertGreater(min(ended.values()), 0)

    def test_apply(self):
        old = self.served()
        self.road.installer("apply", self.second, "--yes")
        new = self.served()
        self.reset()
        command = ["-q", "apply", self.second, "--yes"]
        self.sweep(command, old, new, lambda: self.road.installer(*command))

    def test_rollback(self):
        self.road.installer("apply", self.second, "--yes")
        self.remember()
        old = self.served()
        self.road.installer("rollback", "1.0.0", "--yes")
        new = self.served()
        self.reset()
        command = ["-q", "rollback", "1.0.0", "--yes"]
        self.sweep(command, old, new, lambda: self.road.installer(*command))

    def test_files_that_are_kept(self):
        """The same where a target keeps the files of the release before: drift, which every round
        ends with, compares them with what the release that stands wants kept."""
        road = self.road
        self.more = {"web": ["kept"], "etc": []}
        third = road.release("1.2.0", lambda project: keep_files(project, "0123abcd"))
        fourth = road.release("1.3.0", lambda project: keep_files(project, "4567cdef"))
        road.installer("apply", self.second, "--yes")
        road.installer("apply", third, "--yes")
        self.remember()
        old = self.served()
        apply = ["-q", "apply", fourth, "--yes"]
        road.installer(*apply)
        new = self.served()
        self.reset()
        self.sweep(apply, old, new, lambda: road.installer(*apply))
        self.remember()
        back = ["-q", "rollback", "1.2.0", "--yes"]
        self.sweep(back, new, old, lambda: road.installer(*back), OF_KEPT)

    def kill_while_switching(self):
        """Leaves the site with one target on the new release and one on the old."""
        killed_at(self.road, ["apply", self.second, "--yes"], "symlinkat", 3)
        self.assertEqual({self.road.current(name)[:14] for name in ("web", "etc")},
                         {"releases/1.0.0", "releases/1.1.0"})

    def test_recover_forward(self):
        """Killed while switching: `status` says so, and --forward ends on the new release."""
        self.road.installer("apply", self.second, "--yes")
        new = self.served()
        self.reset()
        self.kill_while_switching()
        self.assertIn(b"NOT FINISHED", self.road.installer("status", status=10))
        self.assertIn("sealift-installer recover",
                      self.road.refused("apply", self.second, "--yes", status=10))
        self.road.installer("recover", "--forward")
        self.assertEqual(self.served(), new)
        self.road.installer("status")

    def test_an_undo_that_fails_asks_for_a_person_and_can_be_mended(self):
        old = self.served()
        self.kill_while_switching()
        moved = next(name for name in ("web", "etc") if "1.1.0" in self.road.current(name))
        link = os.path.join(self.road.target(moved), "current")
        before = os.readlink(link)
        os.unlink(link)
        os.symlink("elsewhere", link)
        message = self.road.refused("recover", status=10)
        self.assertIn("cannot be undone", message)
        self.assertIn('points to "elsewhere"', message)
        self.assertIn(b"needs_operator", self.road.installer("status", status=10))
        os.unlink(link)
        os.symlink(before, link)
        self.road.installer("recover")
        self.assertEqual(self.served(), old)

    def test_an_interrupt_undoes(self):
        """SIGINT while a step runs: everything is taken back, and the exit status says so."""
        old = self.served()
        done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "trace=symlinkat", "-e",
                               "inject=symlinkat:signal=INT:when=2", INSTALLER, "--site",
                               self.road.site, "apply", self.second, "--yes"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 130)
        self.assertIn(b"everything was undone", done.stderr)
        self.assertEqual(self.served(), old)
        self.road.installer("status")

    def test_a_failing_step_is_undone(self):
        """The disk fills up, a write fails, a sync fails: old release, status 9, nothing left."""
        old = self.served()
        for name, code, when in (("symlinkat", "ENOSPC", 3), ("syncfs", "EIO", 1),
                                 ("renameat", "EROFS", 4)):
            done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e",
                                   f"inject={name}:error={code}:when={when}", INSTALLER, "--site",
                                   self.road.site, "apply", self.second, "--yes"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 9, (name, done.stderr))
            self.assertIn(b"everything was undone", done.stderr)
            self.assertEqual(self.served(), old)
            self.road.installer("drift")
        self.road.installer("apply", self.second, "--yes")


main()
