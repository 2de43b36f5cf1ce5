#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dashboards, monitors and rules as a part of the release: what CI refuses, and files in a folder."""

import json
import os
import shutil
import unittest

import yaml

from watched import DASHBOARD, GRAFANA, MONITOR, RULES, Watched
from road import BUILDER, errors, main, run, write

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

    def test_templates_of_logs_have_the_release_and_a_spool(self):
        """None of the programs is in Debian: what they would read is only read as YAML here."""
        values = {"LOGS_SPOOL": "/var/spool/shop", "NGINX_LOGS": "/var/log/nginx/*.log",
                  "SERVER_LOGS": "/srv/shop/server/*.log", "AUDIT_LOG": "/srv/shop/state/audit.jsonl",
                  "LOGS_HOST": "logs.shop.example", "LOGS_PORT": 443, "LOGS_SPOOL_MIB": 512}
        found = {host: self.installed_logs({**values, "LOGS_HOST": host}) for host in (values["LOGS_HOST"], "")}
        for fluent, vector, agent in found.values():
            files = [values[name] for name in ("NGINX_LOGS", "SERVER_LOGS", "AUDIT_LOG")]
            self.assertEqual([each["path"] for each in fluent["pipeline"]["inputs"]], files)
            self.assertEqual({each["storage.type"] for each in fluent["pipeline"]["inputs"]}, {"filesystem"})
            self.assertEqual(fluent["pipeline"]["filters"][0]["record"],
                             ["service shop", "env production", "version 1.0.0"])
            self.assertEqual(fluent["service"]["storage.path"], values["LOGS_SPOOL"])
            self.assertEqual([each for source in vector["sources"].values() for each in source["include"]], files)
            self.assertEqual(vector["transforms"]["labelled"]["source"],
                             '.service = "shop"\n.env = "production"\n.version = "1.0.0"\n')
            known = {*vector["sources"], *vector["transforms"]}
            for each in (*vector["transforms"].values(), *vector["sinks"].values()):
                self.assertLessEqual(set(each["inputs"]), known)
            self.assertEqual([each["path"] for each in agent["logs"]], files)
            for each in agent["logs"]:
                self.assertEqual((each["service"], each["tags"]),
                                 ("shop", ["env:production", "version:1.0.0"]))
        connected, alone = found.values()
        self.assertEqual([each["name"] for each in connected[0]["pipeline"]["outputs"]], ["http"])
        self.assertEqual(connected[0]["pipeline"]["outputs"][0]["storage.total_limit_size"], "512M")
        (collector,) = connected[1]["sinks"].values()
        self.assertEqual((collector["uri"], collector["buffer"][0]["type"]),
                         ("https://logs.shop.example:443/", "disk"))
        self.assertGreaterEqual(collector["buffer"][0]["max_size"], 268435488)
        self.assertEqual([each["name"] for each in alone[0]["pipeline"]["outputs"]], ["file"])
        self.assertEqual([each["type"] for each in alone[1]["sinks"].values()], ["file"])

    def installed_logs(self, values):
        """As the programs would read them on a site whose values these are."""
        road = Watched()
        self.addCleanup(road.close)
        shutil.copytree(os.path.join(os.environ["SEALIFT_SOURCE"], "templates/logs"),
                        os.path.join(road.project, "logs"))
        road.new_site({"driver": "directory", "path": road.target("watch")})
        path = road.write_project("1.0.0", {}, components=[
            {"name": "logs", "kind": "config", "source": "logs", "target": "watch"}])
        write(os.path.join(road.project, "environments/production.yaml"),
              json.dumps({"schema": 1, "values": values}))
        bundle = json.loads(run(BUILDER, "--json", "build", path, "--output", os.path.join(road.root, "dist"),
                                "--key", road.key))["bundle"]
        road.installer("apply", bundle, "--yes")
        installed = []
        for name in ("fluent-bit.yaml", "vector.yaml", "datadog-agent.yaml"):
            with open(os.path.join(road.target("watch"), "current", name), encoding="utf-8") as text:
                installed.append(yaml.safe_load(text))
        return installed


if __name__ == "__main__":
    main()
