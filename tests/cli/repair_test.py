#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`apply --repair`: what differs from the installed release is made whole, as a transaction."""

import os
import shutil
import stat

from road import InstalledTest, main, write


class RepairTest(InstalledTest):
    def setUp(self):
        super().setUp()
        self.road.installer("apply", self.second, "--yes")
        self.whole = self.served("web", "etc")

    def file(self, name, path):
        return os.path.join(self.road.target(name), "current", path)

    def repair(self):
        road = self.road
        road.installer("drift", status=20)
        self.assertEqual(road.answer("apply", "--repair", "--yes")["result"], "repaired")
        road.installer("drift")
        self.assertEqual(self.served("web", "etc"), self.whole)

    def test_an_edit_is_shown_and_repaired(self):
        road = self.road
        write(self.file("web", "index.html"), "defaced\n")
        for command in (("plan", self.second), ("apply", self.second, "--yes")):
            answer = road.answer(*command)
            self.assertEqual(len(answer["drift"]), 1)
            self.assertIn("index.html", answer["drift"][0])
        said = self.warnings("apply", self.second, "--yes")
        self.assertIn("repair it with: sealift-installer apply --repair", said)
        before = self.served("web", "etc")
        dry = road.answer("apply", "--repair", "--dry-run")
        self.assertEqual(dry["plan"]["purpose"], "repair")
        self.assertEqual([each["changed"] for each in dry["changes"] if each["component"] == "web"],
                         [1])
        self.assertEqual(self.served("web", "etc"), before)
        self.repair()
        self.assertEqual(road.answer("history")[-1]["purpose"], "repair")
        self.assertEqual([entry["event"] for entry in self.audit()[-4:]],
                         ["drift", "repair", "checkpoint", "drift-gone"])
        self.assertEqual(road.answer("apply", "--repair", "--yes")["result"], "unchanged")
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")

    def warnings(self, *command):
        return self.road.refused(*command, status=0)

    def test_modes_links_strangers_and_missing_files(self):
        os.chmod(self.file("web", "index.html"), 0o666)
        self.repair()
        os.unlink(self.file("web", "icon.svg"))
        self.repair()
        write(self.file("web", "shell.php"), "<?php\n")
        self.repair()
        os.unlink(self.file("etc", "app.env"))
        self.repair()

    def test_what_is_gone_comes_back(self):
        road = self.road
        os.unlink(os.path.join(road.target("web"), "current"))
        self.assertIn("apply --repair", road.refused("apply", self.second, "--yes", status=6))
        self.repair()
        os.unlink(os.path.join(road.target("web"), "current"))
        os.symlink("elsewhere", os.path.join(road.target("web"), "current"))
        self.repair()
        shutil.rmtree(os.path.join(road.target("web"), road.current("web")))
        self.repair()
        os.unlink(os.path.join(road.target("web"), ".sealift-target"))
        self.repair()
        shutil.rmtree(road.target("etc"))
        self.repair()

    def test_a_failing_repair_leaves_everything_as_it_was(self):
        road = self.road
        page = self.file("web", "index.html")
        write(page, "defaced\n")
        web = road.target("web")
        served = road.current("web")
        store = os.path.join(road.site, "state/store")
        kept = [os.path.join(store, name) for name in os.listdir(store) if "1.1.0" in name]
        with open(kept[0], "r+b") as bundle:
            bundle.truncate(os.path.getsize(kept[0]) - 4096)
        self.assertIn("error:", self.failed("apply", "--repair", "--yes"))
        self.assertEqual(road.current("web"), served)
        with open(page, encoding="utf-8") as edited:
            self.assertEqual(edited.read(), "defaced\n")
        self.assertEqual(len(os.listdir(os.path.join(web, "releases"))), 2)
        # The same bundle brings it back.
        road.installer("apply", self.second, "--repair", "--yes")
        self.assertEqual(self.served("web"), self.whole[:1])

    def failed(self, *command):
        for status in (5, 9):
            try:
                return self.road.refused(*command, status=status)
            except AssertionError as other:
                seen = other
        raise seen

    def test_another_bundle_is_no_repair(self):
        road = self.road
        third = road.release("1.2.0")
        self.assertIn("expected the installed release chanuka 1.1.0",
                      road.refused("apply", third, "--repair", "--yes", status=6))
        self.assertEqual(len(os.listdir(os.path.join(road.site, "state/store"))), 2)
        road.refused("apply", "--repair", "--set", "PUBLIC_HOST=x", "--yes", status=2)

    def test_a_rollback_that_verifies_repairs_what_is_served(self):
        page = self.file("web", "index.html")
        mode = stat.S_IMODE(os.stat(page).st_mode)
        write(page, "defaced\n")
        self.road.installer("rollback", "1.1.0", "--verify", "--yes")
        self.assertEqual(self.served("web", "etc"), self.whole)
        self.assertEqual(stat.S_IMODE(os.stat(page).st_mode), mode)


if __name__ == "__main__":
    main()
