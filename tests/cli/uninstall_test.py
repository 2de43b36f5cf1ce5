#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`uninstall`: a release goes from its targets as one transaction; data stays, and so does the way
back."""

import os
import shutil

from road import INSTALLER, InstalledTest, RoadTest, main, need, persists, run, second_release, write
from sweep import changing_calls, killed_at


class UninstallTest(InstalledTest):
    def setUp(self):
        super().setUp()
        self.road.installer("apply", self.second, "--yes")
        self.whole = self.served("web", "etc")

    def assert_nothing_stands(self):
        road = self.road
        for name in ("web", "etc"):
            self.assertIsNone(road.current(name))
        status = road.answer("status")
        self.assertTrue(status["uninstalled"])
        self.assertNotIn("current", status)
        self.assertEqual(status["previous"]["version"], "1.1.0")
        self.assertEqual(status["damage"], [])

    def test_it_goes_and_comes_back(self):
        road = self.road
        dry = road.answer("uninstall", "--dry-run")
        self.assertEqual(dry["plan"]["purpose"], "uninstall")
        self.assertEqual(self.served("web", "etc"), self.whole)
        done = road.answer("uninstall", "--yes", "--reason", "moved")
        self.assertEqual((done["result"], done["version"]), ("uninstalled", "1.1.0"))
        self.assert_nothing_stands()
        self.assertIn("none: 1.1.0", road.installer("status").decode())
        self.assertEqual(road.answer("uninstall", "--yes")["result"], "unchanged")
        past = road.answer("history")[-1]
        self.assertEqual((past["purpose"], past["version"]), ("uninstall", "1.1.0"))
        line = [entry for entry in self.audit() if entry["event"] == "uninstall"]
        self.assertEqual([(each["details"]["version"], each["details"]["reason"]) for each in line], [("1.1.0", "moved")])
        for command in (("drift",), ("doctor",), ("health",), ("audit", "verify"), ("receipt",),
                        ("metrics",), ("prune",)):
            road.installer(*command)
        self.assertIn("before any other", road.refused("rollback", "1.0.0", "--yes", status=2))
        road.installer("rollback", "--yes")
        self.assertEqual(self.served("web", "etc"), self.whole)
        road.installer("drift")
        # As if it had never gone: the way back leads on to the release before.
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")

    def test_nothing_older_comes_in_its_place(self):
        road = self.road
        road.installer("uninstall", "--yes")
        self.assertIn("version 1.0.0 is older than 1.1.0",
                      road.refused("apply", self.first, "--yes", status=4))
        self.assertEqual(road.answer("apply", self.second, "--yes")["result"], "applied")
        self.assertEqual(self.served("web", "etc"), self.whole)
        third = road.release("1.2.0")
        road.installer("uninstall", "--yes")
        road.installer("apply", third, "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.2.0")
        self.assertFalse(road.answer("status")["uninstalled"])

    def test_what_somebody_switched_by_hand_is_no_less_than_a_plan(self):
        road = self.road
        link = os.path.join(road.target("web"), "current")
        os.unlink(link)
        os.symlink("elsewhere", link)
        self.assertIn("somebody switched it by hand",
                      road.refused("uninstall", "--yes", status=6))
        self.assertEqual(os.readlink(link), "elsewhere")
        self.assertEqual(self.served("etc"), self.whole[1:])

    def test_a_first_release_of_a_site_that_never_had_one(self):
        other = self.road
        shutil.rmtree(other.site)
        shutil.rmtree(other.target(""))
        other.init_site()
        self.assertEqual(other.answer("uninstall", "--yes")["result"], "unchanged")


class DataTest(RoadTest):
    def test_data_stays_and_is_there_again(self):
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0", persists()), "--yes")
        upload = os.path.join(road.target("web"), "current/uploads/one")
        write(upload, "1")
        road.installer("uninstall", "--yes")
        kept = os.path.join(road.target("web"), "shared/uploads/one")
        for command in (("prune",), ("drift",)):
            road.installer(*command)
            self.assertTrue(os.path.exists(kept))
        road.installer("apply", road.release("1.1.0", second_release), "--yes")
        with open(upload, encoding="utf-8") as found:
            self.assertEqual(found.read(), "1")


class KilledTest(InstalledTest):
    def test_before_calls_that_change_something(self):
        need("strace")
        road = self.road
        places = [road.site, road.target("")]
        keep = os.path.join(road.root, "keep")
        for place in places:
            shutil.copytree(place, os.path.join(keep, os.path.basename(place.rstrip("/"))),
                            symlinks=True)
        whole = self.served("web", "etc")
        command = ["-q", "uninstall", "--yes"]
        ended = {"old": 0, "nothing": 0}
        points = changing_calls(road, command)[::4]
        for name, when in points:
            for place in places:
                shutil.rmtree(place)
                shutil.copytree(os.path.join(keep, os.path.basename(place.rstrip("/"))), place,
                                symlinks=True)
            killed_at(road, command, name, when)
            for _ in range(2):
                run(INSTALLER, "--site", road.site, "-q", "recover")
            if road.current("web"):
                self.assertEqual(self.served("web", "etc"), whole)
                ended["old"] += 1
            else:
                self.assertIsNone(road.current("etc"))
                self.assertTrue(road.answer("status")["uninstalled"])
                ended["nothing"] += 1
            road.installer("drift")
        print(f"{len(points)} crash points: {ended['old']} ended on the old release, {ended['nothing']} on none")
        self.assertGreater(min(ended.values()), 0)


if __name__ == "__main__":
    main()
