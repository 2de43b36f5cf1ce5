#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writers of a site's fence do not run while a database changes, and run again whatever comes of it.
Against a real API server and its controllers; pods only pretend to run."""

import json
import os
import sqlite3
import subprocess
import sys

for folder in ("tests/cli", "tests/kubernetes"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], folder))

from cluster import BUILDER, INSTALLER, OnCluster, config_map, deployment, job  # noqa: E402
from road import main, run, write  # noqa: E402
from sweep import ALL, journal_records, killed_before_record  # noqa: E402

FIRST = {"0000_init.sql": "CREATE TABLE orders (id INTEGER PRIMARY KEY);"}
SECOND = {**FIRST, "0001_note.sql": "ALTER TABLE orders ADD COLUMN note TEXT;"}
BROKEN = {**FIRST, "0001_note.sql": "ALTER TABLE nothing ADD COLUMN note TEXT;"}


def unscaled(name, **pod):
    """As where an autoscaler says how many."""
    made = deployment(name, **pod)
    del made["spec"]["replicas"]
    return made


def cron_job(name):
    """Of the version that the tests' server has."""
    return {"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {"name": name},
            "spec": {"schedule": "0 0 31 2 *", "jobTemplate": {"spec": job(name)["spec"]}}}


class Fence(OnCluster):
    def setUp(self):
        super().setUp()
        self.database = os.path.join(self.road.root, "orders.db")
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            site = json.load(source)
        site["databases"] = {"main": {"driver": "sqlite", "path": self.database}}
        site["fence"] = {"kubernetes": ["app/Deployment/web", "app/CronJob/nightly"]}
        write(path, json.dumps(site))

    def build(self, version, *objects, migrations=None, rollback="code-only", **more):
        path = self.road.write_manifests(version, list(objects), **more)
        folder = os.path.join(self.road.project, "sql")
        for name, text in (migrations or FIRST).items():
            write(os.path.join(folder, name), text)
        with open(path, encoding="utf-8") as source:
            release = json.load(source)
        release["components"].insert(0, {"name": "database", "kind": "migrations", "source": "sql",
                                         "format": "sql", "dialect": "sqlite", "database": "main",
                                         "rollback": rollback})
        write(path, json.dumps(release))
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.road.root, "dist"), "--key", self.road.key))["bundle"]

    def columns(self):
        database = sqlite3.connect(self.database)
        try:
            return [row[1] for row in database.execute("PRAGMA table_info(orders)")]
        finally:
            database.close()

    def replicas(self):
        return self.road.get("deployment", "web")["spec"]["replicas"]

    def apply_watched(self, bundle):
        """The replicas of web that were seen while it was applied."""
        running = subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen = set()
        while running.poll() is None:
            seen.add(self.replicas())
        self.assertEqual(running.returncode, 0, running.stderr.read().decode())
        running.stderr.close()
        return seen

    def open_again(self, version, replicas):
        self.stands(version)
        self.run_again(replicas)

    def run_again(self, replicas):
        self.assertFalse(self.road.answer("status")["fenced"])
        live = self.road.get("deployment", "web")
        self.assertEqual((live["spec"]["replicas"], live["status"].get("readyReplicas")), (replicas, replicas))
        self.assertNotIn("sealift-fence", json.dumps(live))

    def test_writers_stop_while_a_database_changes(self):
        self.apply("1.0.0", deployment("web", 2), cron_job("nightly"))  # there is nothing to stop yet
        second = self.build("1.1.0", deployment("web", 2, version="2"), cron_job("nightly"), migrations=SECOND)
        plan = self.road.installer("plan", second).decode()
        self.assertIn("stop the writers of the fence: Deployment web, CronJob nightly", plan)
        self.assertIn("the writers of the fence are stopped from step", plan)
        self.assertEqual(self.apply_watched(second), {0, 2})
        self.open_again("1.1.0", 2)
        self.assertEqual((self.version_of("web"), self.columns()), ("2", ["id", "note"]))
        self.assertFalse(self.road.get("cronjob", "nightly")["spec"]["suspend"])
        # The release goes on to say how many, and no database changes.
        third = self.build("1.2.0", deployment("web", 1, version="2"), cron_job("nightly"), migrations=SECOND)
        self.assertEqual(self.apply_watched(third), {1, 2})
        self.open_again("1.2.0", 1)

    def test_a_migration_that_fails_and_pods_that_fail(self):
        self.apply("1.0.0", deployment("web", 2), rollback="restore")
        said = self.refused(deployment("web", 2, version="2"), migrations=BROKEN, rollback="restore")
        self.assertIn("everything was undone", said)
        self.open_again("1.0.0", 2)
        self.assertEqual((self.version_of("web"), self.columns()), ("1", ["id"]))
        # What has run may have written: no automatic act discards that, and the writers stay stopped.
        said = self.refused(deployment("web", 2, version="2", pod="crash"), version="1.2.0", migrations=SECOND,
                            rollback="restore", status=10)
        self.assertIn("the database main has been migrated", said)
        self.assertEqual((self.replicas(), self.road.names("pod")), (0, []))
        self.assertTrue(os.path.exists(os.path.join(self.road.site, "state/writers.json")))
        self.road.installer("recover", "--restore-database", "--reason", "a test", "--yes")
        self.open_again("1.0.0", 2)
        self.assertEqual((self.version_of("web"), self.columns()), ("1", ["id"]))

    def test_as_many_as_an_autoscaler_has_set_and_a_writer_that_goes(self):
        self.apply("1.0.0", unscaled("web"))
        self.road.kubectl("scale", "deployment", "web", "--replicas=3")
        second = self.build("1.1.0", unscaled("web", version="2"), migrations=SECOND)
        self.road.installer("apply", second, "--yes")
        self.open_again("1.1.0", 3)
        self.assertEqual(self.version_of("web"), "2")
        third = {**SECOND, "0002_more.sql": "CREATE TABLE more (id INTEGER PRIMARY KEY);"}
        self.apply("1.2.0", config_map("other", a="b"), migrations=third)
        self.stands("1.2.0")
        self.assertEqual(self.road.names("deployment,pod"), [])

    def test_a_writer_that_the_release_leaves_as_it_is(self):
        self.apply("1.0.0", deployment("web", 2), health=[
            {"name": "web", "kubernetes": "app/Deployment/web", "within": "1s"}])
        second = self.build("1.1.0", deployment("web", 2), migrations=SECOND, image="server 1.0.0", health=[
            {"name": "web", "kubernetes": "app/Deployment/web", "within": "1s"}])
        self.road.installer("apply", second, "--yes")
        self.open_again("1.1.0", 2)
        self.assertEqual(self.columns(), ["id", "note"])

    def test_kill_before_records(self):
        """Whatever was done by then, recover leads to a release whose writer runs as before."""
        self.apply("1.0.0", deployment("web", 2))
        all_migrations = dict(FIRST)

        def attempt(number):  # with a migration that no earlier one has made
            all_migrations[f"{number:04}_more.sql"] = f"CREATE TABLE more_{number} (id INTEGER PRIMARY KEY);"
            bundle = self.build(f"1.1.{number}", deployment("web", 2, version="2"), migrations=all_migrations)
            return ["apply", bundle, "--yes"]
        records = journal_records(self.road, attempt(1))
        self.road.installer("rollback", "--yes")
        ends = {"1": 0, "2": 0}
        tried = range(1 if ALL else 12, records + 1, 1 if ALL else 10)
        for number, record in enumerate(tried, start=2):
            with self.subTest(record=record):
                killed_before_record(self.road, attempt(number), record)
                self.road.installer("recover", "--yes", *(["--forward"] if number % 2 else []))
                version = self.road.answer("status")["current"]["version"]
                self.run_again(2)  # a database that is ahead of the release before is a difference
                self.assertEqual(self.version_of("web"), "1" if version == "1.0.0" else "2")
                ends[self.version_of("web")] += 1
                if version != "1.0.0":
                    self.road.installer("rollback", "--yes")
        print(f"{records} records, ended on {ends}")


if __name__ == "__main__":
    main()
