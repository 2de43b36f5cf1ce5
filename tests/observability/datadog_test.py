#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dashboards, monitors and SLOs at Datadog, against a server that checks what it is sent."""

import json
import os
import shutil
import subprocess
import time
import unittest

# First: it says where what all tests share lies.
from watched import DASHBOARD, GRAFANA, MONITOR, Watched
from datadog import API_KEY, APPLICATION_KEY, Datadog
from road import BUILDER, INSTALLER, errors, main, write
from sweep import ALL, journal_records, killed_before_record

SLO = {"name": "Checkout", "type": "monitor", "monitor_ids": ["monitors/latency"],
       "thresholds": [{"timeframe": "30d", "target": 99.9}], "tags": ["team:web"]}
FIRST = {"monitors/latency.json": MONITOR, "dashboards/web.json": DASHBOARD, "slos/checkout.json": SLO}
SECOND = {"monitors/latency.json": {**MONITOR, "message": "slower"},
          "monitors/errors.json": {**MONITOR, "name": "Errors"},
          "dashboards/web.json": {**DASHBOARD, "widgets": [
              *DASHBOARD["widgets"],
              {"definition": {"type": "slo", "slo_id": "slos/checkout"}}]},
          "slos/checkout.json": {**SLO, "monitor_ids": ["monitors/latency", "monitors/errors"]}}
FIRST_NAMES = ["Checkout", "Latency", "Web"]
SECOND_NAMES = ["Checkout", "Errors", "Latency", "Web"]


class DatadogTest(unittest.TestCase):
    def setUp(self):
        self.datadog = Datadog()
        self.addCleanup(self.datadog.stop)
        self.road = Watched()
        self.addCleanup(self.road.close)
        self.road.new_site(self.target(), **self.secrets())

    def target(self, **more):
        return {"driver": "datadog", "path": self.road.target("watch"), "site": "datadoghq.eu",
                "api": self.datadog.endpoint, "key": "DD_KEY", "application_key": "DD_APP_KEY", **more}

    def secrets(self, api=API_KEY, application=APPLICATION_KEY):
        files = {}
        for name, value in (("DD_KEY", api), ("DD_APP_KEY", application)):
            path = os.path.join(self.road.root, "secrets", name)
            write(path, value)
            os.chmod(path, 0o600)
            files[name] = {"file": path}
        return {"secrets": files}

    def apply(self, version, files, **component):
        return self.road.installer("apply", self.road.build(version, files, **component), "--yes")

    def is_first(self):
        self.assertEqual(self.datadog.names(), FIRST_NAMES)
        monitor_id, monitor = self.datadog.one("Latency")
        self.assertEqual(monitor["message"], "slow")
        self.assertEqual(self.datadog.one("Checkout")[1]["monitor_ids"], [int(monitor_id)])
        self.assertEqual(len(self.datadog.one("Web")[1]["widgets"]), 1)

    def is_second(self):
        self.assertEqual(self.datadog.names(), SECOND_NAMES)
        self.assertEqual(self.datadog.one("Latency")[1]["message"], "slower")
        ids = [int(self.datadog.one(name)[0]) for name in ("Latency", "Errors")]
        self.assertEqual(self.datadog.one("Checkout")[1]["monitor_ids"], ids)
        self.assertEqual(self.datadog.one("Web")[1]["widgets"][1]["definition"]["slo_id"],
                         self.datadog.one("Checkout")[0])

    def lose_first_answers(self):
        """To what is created, once for each path; the paths, as they come."""
        told = []

        def fault(method, path):
            if method == "POST" and "validate" not in path and path not in told:
                told.append(path)
                return "lost"
            return None

        self.datadog.fault = fault
        return told

    def no_drift(self):
        self.assertEqual(self.road.answer("drift")["differences"], [])


class Released(DatadogTest):
    def test_apply_upgrade_roll_back_uninstall(self):
        self.datadog.objects["monitor"]["7"] = {**MONITOR, "name": "of others"}
        self.datadog.objects["dashboard"]["their-own-000"] = {**DASHBOARD, "title": "theirs"}
        theirs = json.dumps([self.datadog.objects["monitor"]["7"],
                             self.datadog.objects["dashboard"]["their-own-000"]])
        self.apply("1.0.0", FIRST)
        monitor = self.datadog.one("Latency")[1]
        self.assertEqual(monitor["query"], "avg(last_5m):avg:http.latency{env:production} > 1")
        self.assertEqual(self.datadog.one("Web")[1]["description"].split("\n")[0], "of production")
        ids = {name: self.datadog.one(name)[0] for name in FIRST_NAMES}
        self.no_drift()
        second = self.road.build("1.1.0", SECOND)
        plan = self.road.installer("plan", second).decode()
        self.assertIn("create monitors/errors; change monitors/latency, slos/checkout, dashboards/web", plan)
        self.assertNotIn("restart", plan)
        self.datadog.seen.clear()
        self.road.installer("apply", second, "--yes")
        self.assertEqual(sorted(self.datadog.changes()),
                         [("POST", "/api/v1/monitor"), ("PUT", "/api/v1/dashboard/ID"),
                          ("PUT", "/api/v1/monitor/ID"), ("PUT", "/api/v1/slo/ID")])
        self.assertEqual({name: self.datadog.one(name)[0] for name in FIRST_NAMES}, ids)
        self.no_drift()
        self.road.installer("rollback", "--yes")
        self.assertEqual({name: self.datadog.one(name)[0] for name in FIRST_NAMES}, ids)
        del self.datadog.objects["monitor"]["7"]
        del self.datadog.objects["dashboard"]["their-own-000"]
        self.is_first()
        self.no_drift()
        self.datadog.objects["monitor"]["7"], self.datadog.objects["dashboard"]["their-own-000"] = \
            json.loads(theirs)
        self.road.installer("uninstall", "--yes")
        self.assertEqual(self.datadog.names(), ["of others", "theirs"])
        self.assertEqual(json.dumps([self.datadog.objects["monitor"]["7"],
                                     self.datadog.objects["dashboard"]["their-own-000"]]), theirs)

    def test_drift_and_repair(self):
        self.apply("1.0.0", FIRST)
        key, _ = self.datadog.one("Latency")
        self.datadog.objects["monitor"][key]["message"] = "by hand"
        del self.datadog.objects["dashboard"][self.datadog.one("Web")[0]]
        found = self.road.answer("drift", status=20)["differences"]
        self.assertEqual({(each["path"], each["found"]) for each in found},
                         {("monitors/latency", "message is by hand"), ("dashboards/web", "missing")})
        self.road.installer("apply", "--repair", "--yes")
        self.is_first()
        self.no_drift()

    def test_a_mark_that_was_taken_off_and_an_inventory_that_is_lost(self):
        self.apply("1.0.0", FIRST)
        key, _ = self.datadog.one("Latency")
        self.datadog.objects["monitor"][key]["tags"] = []
        self.apply("1.1.0", SECOND)
        self.is_second()
        self.assertEqual(self.datadog.one("Latency")[0], key)
        folder = os.path.join(self.road.site, "state/datadog")
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        self.road.installer("rollback", "--yes")
        self.is_first()
        self.assertEqual(self.datadog.one("Latency")[0], key)

    def test_a_component_that_goes_and_comes_again(self):
        self.apply("1.0.0", FIRST)
        write(os.path.join(self.road.project, "etc/a.txt"), "{{ENVIRONMENT}} {{LIMIT}}")
        self.road.write_site(self.target(), also={"etc": {"driver": "directory",
                                                          "path": self.road.target("etc")}},
                             **self.secrets())
        self.apply("1.1.0", FIRST, components=[{"name": "etc", "kind": "config", "source": "etc",
                                                "target": "etc"}])
        self.assertEqual(self.datadog.names(), [])
        self.road.installer("rollback", "--yes")
        self.is_first()
        self.no_drift()

    def test_two_sites_in_one_organisation_never_meet(self):
        self.apply("1.0.0", FIRST)
        ids = {name: self.datadog.one(name)[0] for name in FIRST_NAMES}
        other = Watched()
        self.addCleanup(other.close)
        other.new_site({**self.target(), "path": other.target("watch")}, **self.secrets())
        other.installer("apply", other.build("1.0.0", FIRST), "--yes")
        self.assertEqual(self.datadog.names(), sorted(2 * FIRST_NAMES))
        other.installer("uninstall", "--yes")
        self.assertEqual({name: self.datadog.one(name)[0] for name in FIRST_NAMES}, ids)
        self.no_drift()

    def test_no_secret_is_anywhere(self):
        self.apply("1.0.0", FIRST)
        bundle = os.path.join(self.road.root, "help.tar")
        self.road.installer("support-bundle", "--output", bundle)
        for folder, _, names in os.walk(self.road.root):
            for name in names:
                path = os.path.join(folder, name)
                if "secrets" in folder or os.path.islink(path):
                    continue
                with open(path, "rb") as content:
                    text = content.read()
                for key in (API_KEY, APPLICATION_KEY):
                    self.assertNotIn(key.encode(), text, path)


API_TEST = {"name": "Home answers", "type": "api", "subtype": "http", "message": "down",
            "public_id": "abc-def-ghi", "monitor_id": 7, "locations": ["aws:eu-west-3"],
            "options": {"tick_every": 60}, "tags": ["team:web"],
            "config": {"request": {"method": "GET", "url": "https://{{ENVIRONMENT}}.shop.example/"},
                       "assertions": [{"type": "statusCode", "operator": "is", "target": 200}]}}
BROWSER_TEST = {**API_TEST, "name": "Checkout works", "type": "browser",
                "config": {"request": {"method": "GET", "url": "https://shop.example/"}, "assertions": []},
                "steps": [{"name": "click", "type": "click", "params": {}}]}
del BROWSER_TEST["subtype"]
PIPELINE = {"id": "x", "type": "pipeline", "is_read_only": False, "name": "shop", "is_enabled": True,
            "filter": {"query": "service:shop"},
            "processors": [{"type": "date-remapper", "sources": ["time"], "is_enabled": True}]}
# Names are in another order than references.
COMPOSITE = {"name": "Broken", "type": "composite", "message": "both",
             "query": "monitors/latency && !monitors/errors"}
SLO_ALERT = {"name": "Burns", "type": "slo alert", "message": "burns",
             "query": 'error_budget("slos/checkout").over("30d") > 75'}
MORE = {**SECOND, "api-tests/home.json": API_TEST, "browser-tests/checkout.json": BROWSER_TEST,
        "pipelines/shop.json": PIPELINE, "monitors/a-both.json": COMPOSITE, "monitors/burns.json": SLO_ALERT}


class More(DatadogTest):
    """Synthetic tests, pipelines, and monitors that refer to others."""

    def is_more(self):
        for name in ("Home answers", "Checkout works", "shop", "Broken", "Burns"):
            self.datadog.one(name)
        ids = [self.datadog.one(name)[0] for name in ("Latency", "Errors")]
        self.assertEqual(self.datadog.one("Broken")[1]["query"], f"{ids[0]} && !{ids[1]}")
        self.assertEqual(self.datadog.one("Burns")[1]["query"],
                         f'error_budget("{self.datadog.one("Checkout")[0]}").over("30d") > 75')
        self.assertEqual(self.datadog.one("Home answers")[1]["config"]["request"]["url"],
                         "https://production.shop.example/")

    def test_apply_drift_roll_back_uninstall(self):
        self.datadog.objects["api"]["abc-900-xyz"] = {**API_TEST, "name": "theirs", "tags": ["sealift:other"]}
        self.datadog.objects["monitor"]["5900"] = {"name": "of theirs", "type": "synthetics alert"}
        self.datadog.objects["pipeline"]["theirs"] = {**PIPELINE, "name": "their pipeline"}
        theirs = ["of theirs", "their pipeline", "theirs"]
        self.apply("1.0.0", FIRST)
        self.assertFalse([each for each in self.datadog.seen if "synthetics" in each[1] or "logs" in each[1]])
        second = self.road.build("1.1.0", MORE)
        self.assertIn("create pipelines/shop, api-tests/home, browser-tests/checkout, monitors/errors, "
                      "monitors/a-both, monitors/burns", self.road.installer("plan", second).decode())
        self.road.installer("apply", second, "--yes")
        self.is_more()
        self.no_drift()
        self.assertIn("sealift-test", str(self.datadog.one("[Synthetics] Home answers")[1]["tags"]))
        key = self.datadog.one("Checkout works")[0]
        self.datadog.objects["browser"][key]["steps"] = []
        del self.datadog.objects["pipeline"][self.datadog.one("shop")[0]]
        found = self.road.answer("drift", status=20)["differences"]
        self.assertEqual({(each["path"], each["found"]) for each in found},
                         {("browser-tests/checkout", "steps is []"), ("pipelines/shop", "missing")})
        self.road.installer("apply", "--repair", "--yes")
        self.is_more()
        self.no_drift()
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.datadog.names(), sorted([*FIRST_NAMES, *theirs]))
        self.road.installer("apply", second, "--yes")
        self.is_more()
        self.road.installer("uninstall", "--yes")
        self.assertEqual(self.datadog.names(), sorted(theirs))

    def test_lost_answers_and_a_lost_inventory(self):
        told = self.lose_first_answers()
        self.apply("1.0.0", MORE)
        self.assertEqual(len(told), 6)
        self.datadog.fault = lambda method, path: None
        self.is_more()
        shutil.rmtree(os.path.join(self.road.site, "state/datadog"))
        self.no_drift()
        self.road.installer("uninstall", "--yes")
        self.assertEqual(self.datadog.names(), [])

    def test_a_failed_release_is_taken_back(self):
        self.apply("1.0.0", FIRST)
        self.datadog.fault = lambda method, path: \
            400 if (method, path[:17]) == ("PUT", "/api/v1/dashboard") else None
        self.road.refused("apply", self.road.build("1.1.0", MORE), "--yes", status=9)
        self.datadog.fault = lambda method, path: None
        self.is_first()
        self.no_drift()
        # Who has not bought them, or may not, installs all the same what needs neither.
        self.datadog.unbought = True
        self.apply("1.1.0", SECOND)
        self.is_second()
        said = self.road.refused("apply", self.road.build("1.2.0", MORE), "--yes", status=9)
        self.assertIn("answered 403 to: list pipelines: is not activated", said)
        self.assertIn("the site is as before", said)
        self.datadog.unbought = False
        self.is_second()


class Refused(DatadogTest):
    def test_wrong_keys(self):
        bundle = self.road.build("1.0.0", FIRST)
        for wrong, said in (({"api": "x" * 32}, "API key, the secret DD_KEY"),
                            ({"application": "y" * 40}, "application key, the secret DD_APP_KEY")):
            self.road.write_site(self.target(), **self.secrets(**wrong))
            text = self.road.refused("apply", bundle, "--yes", status=9)
            self.assertIn(said, text)
            self.assertIn("the site is as before", text)
            self.assertNotIn("none of this release's", text)
        self.assertEqual(self.datadog.changes(), [])
        self.road.write_site(self.target(), **self.secrets())
        self.road.installer("apply", bundle, "--yes")
        self.road.write_site(self.target(), **self.secrets(application="y" * 40))
        doctor = self.road.answer("doctor", status=20)
        self.assertTrue(any("the secret DD_APP_KEY" in each["found"] for each in doctor), doctor)

    def test_what_is_no_object_of_datadog_and_a_query_that_it_does_not_take(self):
        mixed = {**FIRST, "grafana/a.json": GRAFANA}
        said = self.road.refused("apply", self.road.build("1.0.0", mixed), "--yes", status=6)
        self.assertIn("grafana/a.json: is no object of Datadog", said)
        said = errors(BUILDER, "validate", self.road.write_project("1.0.0", mixed), "--site",
                      os.path.join(self.road.site, "site.yaml"), status=3)
        self.assertIn("grafana/a.json is no object of Datadog, which the target watch is", said)
        bad = {**FIRST, "monitors/errors.json": {**MONITOR, "name": "Errors", "query": "fail"}}
        said = self.road.refused("apply", self.road.build("1.0.1", bad), "--yes", status=9)
        self.assertIn("monitors/errors.json: The value provided", said)
        self.assertEqual(self.datadog.names(), [])
        said = self.road.refused("apply", self.road.build("1.0.2", FIRST), "--yes", status=0)
        self.is_first()


class Faults(DatadogTest):
    def test_lost_answers_make_nothing_twice(self):
        told = self.lose_first_answers()
        self.apply("1.0.0", FIRST)
        self.assertEqual(len(told), 3)
        self.is_first()
        self.no_drift()

    def test_waits_as_long_as_it_is_asked(self):
        count = [0]

        waits = []

        def fault(method, path):
            count[0] += 1
            if waits and len(waits[-1]) == 1:
                waits[-1].append(time.monotonic())
            if count[0] % 12 == 2:
                waits.append([time.monotonic()])
            return {2: (429, {"X-RateLimit-Reset": "1"}), 5: 503, 8: "cut"}.get(count[0] % 12)

        self.datadog.fault = fault
        self.apply("1.0.0", FIRST)
        self.assertTrue(waits)
        for begin, end in waits:
            self.assertGreaterEqual(end - begin, 1)
        self.datadog.fault = lambda method, path: None
        self.is_first()

    def test_a_server_that_fails_for_good_is_undone(self):
        self.apply("1.0.0", FIRST)
        ids = {name: self.datadog.one(name)[0] for name in FIRST_NAMES}
        second = self.road.build("1.1.0", SECOND)
        self.datadog.fault = lambda method, path: \
            400 if (method, path[:17]) == ("PUT", "/api/v1/dashboard") else None
        said = self.road.refused("apply", second, "--yes", status=9)
        self.assertIn("answered 400 to: change dashboards/web", said)
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")
        self.datadog.fault = lambda method, path: None
        self.is_first()
        self.assertEqual({name: self.datadog.one(name)[0] for name in FIRST_NAMES}, ids)
        self.no_drift()

    def test_the_way_back_needs_no_room_for_its_inventory(self):
        self.apply("1.0.0", FIRST)
        second = self.road.build("1.1.0", SECOND)
        folder = os.path.join(self.road.site, "state/datadog")
        shutil.rmtree(folder)
        write(folder, "no folder")  # for root, whom no rights keep from writing
        self.datadog.fault = lambda method, path: \
            400 if (method, path[:17]) == ("PUT", "/api/v1/dashboard") else None
        said = self.road.refused("apply", second, "--yes", status=9)
        self.assertIn("the ids of the objects at Datadog were not written down", said)
        self.datadog.fault = lambda method, path: None
        self.is_first()
        self.no_drift()
        self.road.installer("apply", second, "--yes")
        self.assertEqual(self.datadog.names(), SECOND_NAMES)

    def test_an_undo_that_is_refused_waits_for_a_person(self):
        self.apply("1.0.0", FIRST)
        second = self.road.build("1.1.0", SECOND)
        failing = []

        def fault(method, path):
            if method == "PUT" and path.startswith("/api/v1/dashboard"):
                failing.append(path)
            return 400 if failing else None

        self.datadog.fault = fault
        self.road.refused("apply", second, "--yes", status=10)
        self.datadog.fault = lambda method, path: None
        self.road.installer("recover")
        self.is_first()
        self.no_drift()

    def test_a_secret_that_has_another_name_by_now(self):
        self.apply("1.0.0", FIRST)
        path = os.path.join(self.road.root, "secrets/DD_KEY")
        secrets = self.secrets()["secrets"]
        self.road.write_site(self.target(key="DD_NEW"),
                             secrets={"DD_APP_KEY": secrets["DD_APP_KEY"], "DD_NEW": {"file": path}})
        self.no_drift()
        self.datadog.fault = lambda method, path: \
            400 if (method, path[:17]) == ("PUT", "/api/v1/dashboard") else None
        self.road.refused("apply", self.road.build("1.1.0", SECOND), "--yes", status=9)
        self.is_first()

    def test_a_target_that_moves_to_another_site_of_datadog(self):
        self.apply("1.0.0", FIRST)
        other = Datadog()
        self.addCleanup(other.stop)
        # What lies there under the number of one of ours is somebody else's.
        theirs = {**MONITOR, "name": "theirs"}
        other.objects["monitor"][self.datadog.one("Latency")[0]] = theirs
        other.count = 500
        self.road.write_site(self.target(site="us3.datadoghq.com", api=other.endpoint), **self.secrets())
        second = self.road.build("1.1.0", SECOND)
        other.fault = lambda method, path: 400 if "/dashboard" in path and method == "POST" else None
        self.road.refused("apply", second, "--yes", status=9)
        self.is_first()
        self.assertEqual(other.names(), ["theirs"])
        other.fault = lambda method, path: None
        self.road.installer("apply", second, "--yes")
        self.assertEqual((self.datadog.names(), other.names()), ([], [*SECOND_NAMES, "theirs"]))
        self.assertEqual(other.objects["monitor"]["1001"], theirs)
        self.road.installer("rollback", "--yes")
        self.is_first()
        self.assertEqual(other.names(), ["theirs"])

    def killed_at(self, bundle, number):
        """Kills the installer when it has been answered its change of that number, or not at all."""
        count = [0]

        def fault(method, path):
            if method == "GET" or "validate" in path:
                return None
            count[0] += 1
            if count[0] != number:
                return None
            running[0].kill()
            return "lost"

        self.datadog.fault = fault
        running = [subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)]
        running[0].wait()
        self.datadog.fault = lambda method, path: None
        self.assertEqual(running[0].returncode, -9)
        self.road.installer("recover", "--lock-timeout", "5")

    def test_killed_while_it_changes(self):
        first, second = self.road.build("1.0.0", FIRST), self.road.build("1.1.0", SECOND)
        for number in (1, 2, 3) if ALL else (2,):
            self.killed_at(first, number)
            self.assertEqual(self.datadog.names(), [])
        self.road.installer("apply", first, "--yes")
        for number in (1, 2, 3, 4) if ALL else (1, 4):
            self.killed_at(second, number)
            self.is_first()
        self.no_drift()

    def test_killed_before_records(self):
        self.apply("1.0.0", FIRST)
        second = self.road.build("1.1.0", SECOND)
        records = journal_records(self.road, ["apply", second, "--yes"])
        self.assertGreater(records, 5)
        self.is_second()
        self.road.installer("rollback", "--yes")
        for record in range(1, records + 1, 1 if ALL else 4):
            killed_before_record(self.road, ["apply", second, "--yes"], record)
            self.road.installer("recover")
            version = self.road.answer("status")["current"]["version"]
            with self.subTest(record=record):
                {"1.0.0": self.is_first, "1.1.0": self.is_second}[version]()
                self.no_drift()
            if version == "1.1.0":
                self.road.installer("rollback", "--yes")


if __name__ == "__main__":
    main()
