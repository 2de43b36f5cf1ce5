#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dashboards, monitors and rules as a part of the release: what CI refuses, and files in a folder."""

import json
import os
import unittest

from watched import DASHBOARD, GRAFANA, MONITOR, RULES, Watched
from road import BUILDER, errors, main, run

ALL = {"monitors/latency.json": MONITOR, "dashboards/web.json": DASHBOARD,
       "slos/checkout.yaml": "name: Checkout\ntype: monitor\nmonitor_ids: [monitors/latency]\n"
                             "thresholds: [{timeframe: 30d, target: 99.9}]\n",
       "prometheus/web.yml": RULES, "grafana/web.json": GRAFANA, "README.md": "of the team"}
RAW = {"raw": ["prometheus/**"]}


class InFolders(unittest.TestCase):
    def setUp(self):
        self.road = Watched()
        self.addCleanup(self.road.close)

    def read(self, path):
        with open(os.path.join(self.road.target("watch"), "current", path), encoding="utf-8") as text:
            return text.read()

    def test_apply_upgrade_roll_back(self):
        self.road.new_site({"driver": "directory", "path": self.road.target("watch")})
        self.road.installer("apply", self.road.build("1.0.0", ALL, **RAW), "--yes")
        monitor = json.loads(self.read("monitors/latency.json"))
        self.assertEqual(monitor["query"], "avg(last_5m):avg:http.latency{env:production} > 1")
        self.assertEqual(self.read("prometheus/web.yml"), RULES)
        self.assertEqual(self.read("README.md"), "of the team")
        second = {name: ALL[name] for name in ("grafana/web.json", "monitors/latency.json",
                                               "dashboards/web.json")}
        self.road.installer("apply", self.road.build("1.1.0", second), "--yes")
        self.assertFalse(os.path.exists(os.path.join(self.road.target("watch"), "current/prometheus")))
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.read("prometheus/web.yml"), RULES)
        self.assertEqual(self.road.answer("drift")["differences"], [])

    def test_rules_that_change_reload_who_reads_them(self):
        told = os.path.join(self.road.root, "told")
        self.road.new_site({"driver": "directory", "path": self.road.target("watch")},
                           services={"prometheus": {"reload": ["touch", told]}})
        parts = {**RAW, "services": {"prometheus": ["prometheus/**"]}}
        self.road.installer("apply", self.road.build("1.0.0", ALL, **parts), "--yes")
        self.assertTrue(os.path.exists(told))
        os.remove(told)
        other = {**ALL, "grafana/web.json": {**GRAFANA, "title": "Other"}}
        self.road.installer("apply", self.road.build("1.1.0", other, **parts), "--yes")
        self.assertFalse(os.path.exists(told))


class Refused(unittest.TestCase):
    def setUp(self):
        self.road = Watched()
        self.addCleanup(self.road.close)

    def said(self, files, *more, status=3, **component):
        path = self.road.write_project("1.0.0", files, **component)
        return errors(BUILDER, "validate", path, *more, status=status)

    def test_all_mistakes_in_one_run(self):
        said = self.said({
            "monitors/latency.json": {**MONITOR, "type": "metric", "mesage": "x"},
            "dashboards/web.json": {"title": "Web", "layout_type": "free"},
            "slos/a.yaml": "name: a\ntype: monitor\nmonitor_ids: [monitors/latncy]\nthresholds: []\n",
            "prometheus/web.yml": "groups: [{name: a, rules: [{expr: up}]}]",
            "grafana/web.json": {**GRAFANA, "id": 7}, "lost.json": {}})
        for each in ('monitors/latency.json: type: found "metric"',
                     "dashboards/web.json: found no widgets",
                     'slos/a.yaml: refers to "monitors/latncy"', "did you mean \"monitors/latency\"?",
                     "groups[0].rules[0]: found neither record and alert",
                     "grafana/web.json: id: found the number 7", "lost.json: lies in no folder"):
            self.assertIn(each, said)

    def test_an_unknown_field_is_a_warning(self):
        said = self.said({"monitors/latency.json": {**MONITOR, "mesage": "x"}}, status=0)
        self.assertIn('found the field "mesage"', said)
        self.assertIn('did you mean "message"?', said)

    def test_a_mistake_of_a_value(self):
        said = self.said({"dashboards/web.json": {**DASHBOARD, "layout_type": "{{ENVIRONMENT}}"}})
        self.assertIn('layout_type: found "production"', said)

    def test_secrets_and_nothing(self):
        self.assertIn("found no dashboard", self.said({"README.md": "x"}))
        path = self.road.write_project("1.0.0", {"monitors/latency.json": {**MONITOR, "message": "{{KEY}}"}})
        schema = os.path.join(self.road.project, "environments/schema.json")
        with open(schema, "w", encoding="utf-8") as out:
            json.dump({"schema": 1, "keys": {"KEY": {"secret": True, "means": "of Datadog"},
                                             "ENVIRONMENT": {"means": "its name"},
                                             "LIMIT": {"type": "integer", "means": "in seconds"}}}, out)
        self.assertIn("uses KEY, which is a secret", errors(BUILDER, "validate", path, status=3))

    def test_what_ships_with_sealift_is_taken(self):
        folder = os.path.join(os.environ["SEALIFT_SOURCE"], "templates/monitoring")
        files = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), encoding="utf-8") as text:
                if name.endswith(".json"):
                    files["grafana/" + name] = text.read()
                elif name.endswith((".yml", ".yaml")):
                    files["prometheus/" + name] = text.read()
        self.assertEqual(len(files), 2)
        path = self.road.write_project("1.0.0", files, raw=["**"])
        with open(os.path.join(self.road.project, "environments/production.yaml"), "w",
                  encoding="utf-8") as out:
            out.write("schema: 1\nvalues: {}\n")
        run(BUILDER, "validate", path)


if __name__ == "__main__":
    main()
