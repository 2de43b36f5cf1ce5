#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site's environment and release name are those it was applied with, until a person says so."""

import os

from road import InstalledTest, main, write


class EnvironmentTest(InstalledTest):
    def say(self, environment):
        """Writes another environment into site.yaml."""
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            lines = source.read().splitlines()
        write(path, "\n".join(f'environment: "{environment}"' if line.startswith("environment:")
                              else line for line in lines) + "\n")

    def test_another_environment_is_refused_by_every_command(self):
        road = self.road
        before = self.served("web", "etc")
        self.say("staging")
        for command in (("plan", self.second), ("apply", self.second, "--yes"),
                        ("apply", self.first, "--yes"), ("stage", self.second, "--yes"),
                        ("apply", "--repair", "--yes"), ("rollback", "1.0.0", "--yes")):
            said = road.refused(*command, status=6)
            self.assertIn("site.yaml: environment: found staging, expected production", said)
            self.assertIn("put it back in site.yaml: environment: production", said)
        self.assertIn("--change-environment", road.refused("apply", self.second, "--yes", status=6))
        self.assertEqual(self.served("web", "etc"), before)
        self.assertEqual(len(os.listdir(os.path.join(road.site, "state/store"))), 1)
        self.assertIn("environment: production becomes staging", road.installer("status").decode())
        self.assertIn(b"site.yaml", road.installer("doctor", status=20))

    def test_a_change_that_is_meant_is_shown_and_audited(self):
        road = self.road
        self.say("staging")
        shown = road.installer("plan", self.second, "--change-environment").decode()
        self.assertIn("environment: production becomes staging", shown)
        changes = [{"key": "environment", "from": "production", "to": "staging"}]
        dry = road.answer("apply", self.second, "--change-environment", "--dry-run")
        self.assertEqual(dry["siteChanges"], changes)
        road.installer("apply", self.second, "--change-environment", "--yes")
        entries = {entry["event"]: entry["details"] for entry in self.audit()}
        for event in ("accepted", "apply"):
            self.assertEqual(entries[event]["environment"], "staging")
            self.assertEqual(entries[event]["siteChanges"], changes)
        self.assertEqual([each["environment"] for each in road.answer("history")],
                         ["production", "staging"])
        self.assertEqual(road.answer("status")["current"]["environment"], "staging")
        # The way back is to the release and to its environment.
        self.assertIn("expected production", road.refused("rollback", "--yes", status=6))
        self.say("production")
        self.assertIn("expected staging", road.refused("apply", "--repair", "--yes", status=6))
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["environment"], "production")

    def test_the_environment_alone_can_change(self):
        road = self.road
        self.say("staging")
        done = road.answer("apply", self.first, "--change-environment", "--yes")
        self.assertEqual(done["result"], "applied")
        self.assertEqual(road.answer("status")["current"]["environment"], "staging")
        self.assertEqual(road.answer("apply", self.first, "--yes")["result"], "unchanged")

    def test_another_release_name_is_refused(self):
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        write(path, text.replace('release: "chanuka"', 'release: "other"'))
        said = self.road.refused("rollback", "1.0.0", "--yes", status=6)
        self.assertIn("site.yaml: release: found other, expected chanuka", said)


if __name__ == "__main__":
    main()
