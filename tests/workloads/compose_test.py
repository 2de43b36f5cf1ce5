#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stack of Compose comes up from a release, changes with it, and goes back with it: with real
engines, and with both programs that Debian has."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

from stack import (API, BUILDER, INSTALLER, JOB, SERVE, WEB, DockerCompose, Image, PodmanCompose,
                   StackTest, main, need, run, server, service, write)
from sweep import ALL, EVERY, journal_records, killed_before_record


class ComposeTests:
    first_record = 0

    def first_bundle(self):
        return self.road.build_stack("1.0.0", {API: server("api 1"), WEB: server("web 1")},
                                     self.road.two_services(), {"page.html": "page one\n"})

    def first(self):
        bundle = self.first_bundle()
        self.apply(bundle)
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))
        return bundle

    def second(self, api=None, page="page one\n", **more):
        return self.road.build_stack("1.1.0", {API: api or server("api 2"), WEB: server("web 1")},
                                     self.road.two_services(), {"page.html": page}, **more)

    def test_install_upgrade_roll_back(self):
        bundle = self.first()
        self.stands("1.0.0")
        before = self.containers()
        self.assertEqual(self.road.answer("plan", bundle)["plan"]["steps"], [])

        second = self.second()
        plan = self.road.answer("plan", second)["plan"]["steps"]
        self.assertIn("bring stack up: recreate api", [step["summary"] for step in plan])
        self.apply(second)
        self.assertEqual((self.road.api(), self.road.web()), ("api 2", "web 1"))
        self.stands("1.1.0")
        after = self.containers()
        self.assertNotEqual(after["api"], before["api"])
        self.assertEqual(after["web"], before["web"], "what has not changed goes on running")

        self.road.installer("rollback", "--yes")
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))
        self.stands("1.0.0")
        self.assertEqual(self.containers()["web"], before["web"])
        self.assertEqual(self.road.leftovers(), [])

        self.road.installer("uninstall", "--yes")
        self.assertEqual(self.containers(), {})
        self.road.installer("rollback", "--yes")
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))

    def test_a_file_that_is_mounted_belongs_to_its_service(self):
        self.first()
        before = self.containers()
        self.assertEqual(self.road.web("index.html"), "page one\n")
        self.apply(self.road.build_stack("1.0.1", {API: server("api 1"), WEB: server("web 1")},
                                         self.road.two_services(), {"page.html": "page two\n"}))
        self.assertEqual(self.road.web("index.html"), "page two\n")
        self.assertEqual(self.containers()["api"], before["api"])
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.road.web("index.html"), "page one\n")

    def test_services_start_by_their_profiles(self):
        stack = self.road.two_services()
        stack["services"]["more"] = service(WEB, 0, profiles=["more"])
        stack["services"]["debug"] = {"image": "x/debugger:1", "profiles": ["debug"]}
        self.apply(self.road.build_stack("1.0.0", {API: server("api 1"), WEB: server("web 1")}, stack,
                                         {"page.html": "page one\n"},
                                         values={"COMPOSE_PROFILES": "more"}))
        self.assertEqual(sorted(self.containers()), ["api", "more", "web"])

    def test_a_service_that_ends_at_once_goes_back(self):
        self.first()
        before = self.containers()
        broken = self.road.two_services()
        broken["services"]["api"] = service(API, 0, command="echo no database here; exit 3")
        bundle = self.road.build_stack("1.1.0", {API: server("api 2"), WEB: server("web 1")},
                                       broken, {"page.html": "page one\n"})
        said = self.road.refused("apply", bundle, "--yes", status=9)
        self.assertIn("has ended with status 3; it said: no database here", said)
        self.assertIn("everything was undone", said)
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))
        self.stands("1.0.0")
        if self.kind is DockerCompose:  # podman-compose has other paths in each release
            self.assertEqual(self.containers()["web"], before["web"])
        self.assertEqual(self.road.leftovers(), [])

    def test_a_first_install_that_fails_leaves_nothing(self):
        broken = self.road.two_services()
        broken["services"]["api"] = service(API, 0, command="exit 1")
        bundle = self.road.build_stack("1.0.0", {API: server("api 1"), WEB: server("web 1")},
                                       broken, {"page.html": "x"})
        self.road.refused("apply", bundle, "--yes", status=9)
        self.assertEqual(self.containers(), {})
        self.assertEqual(self.engine.images(), {})
        self.assertFalse(os.path.exists(self.road.target("stack")))
        self.assertEqual(self.road.leftovers(), [])

    def test_services_that_a_release_no_longer_has_go(self):
        self.first()
        alone = self.road.two_services()
        del alone["services"]["web"]
        self.apply(self.road.build_stack("1.1.0", {API: server("api 1")}, alone))
        self.assertEqual(set(self.containers()), {"api"})
        self.assertIsNone(self.road.web())
        self.road.installer("rollback", "--yes")
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))

    def test_a_file_as_projects_have_it(self):
        """Variables, a build for the developers, jobs that the file tells, and variables of a
        component that is installed with it."""
        settings = self.road.target("settings")
        self.road.change_site(lambda site: site["targets"].update(
            settings={"driver": "directory", "path": settings}))
        self.road.change_site(lambda site: site.update(allow={"host_paths": [settings]}))
        show = "/bin/busybox env > /www/env; " + SERVE
        compose = self.road.two_services()
        compose["services"]["job"] = service(API, 0, command="exit 0", restart="no")
        compose["services"]["api"] = service(
            "docker.io/chanuka/api:${TAG:-1}", "${API_PORT}", command=show, build="./nothing",
            pull_policy="always", environment={"A": "${NOWHERE:-default}", "W": "${WORDS}"},
            env_file=[settings + "/current/images.env"],
            depends_on={"job": {"condition": "service_completed_successfully"}})
        bundle = self.road.build_stack(
            "1.0.0", {API: server("api 1"), WEB: server("web 1")}, compose, {"page.html": "x"},
            more={"template": "FROM_CONFIG=yes\n"}, values={"WORDS": "one # $two"})
        self.apply(bundle)
        shown = self.road.api("env")
        for line in ("A=default", "W=one # $two", "FROM_CONFIG=yes"):
            self.assertIn(line, shown.splitlines())
        self.stands("1.0.0")

    def with_data(self, version, **more):
        """A release whose container adds its version to rows of data."""
        compose = self.road.two_services()
        compose["services"]["api"] = service(
            API, "{{API_PORT}}", volumes=["./data:/www/data"],
            command=f"echo {version} >> /www/data/rows; " + SERVE)
        return self.road.build_stack(version, {API: server("api 1"), WEB: server("web 1")}, compose,
                                     {"page.html": version}, component={"persist": ["data"]}, **more)

    def test_folders_of_data_are_kept_over_releases(self):
        rows = os.path.join(self.road.target("stack"), "shared/data/rows")
        self.apply(self.with_data("1.0.0"))
        self.assertEqual(self.road.api("data/rows"), "1.0.0\n")
        self.apply(self.with_data("1.1.0"))
        self.assertEqual(self.road.api("data/rows"), "1.0.0\n1.1.0\n")
        self.stands("1.1.0")
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.road.api("data/rows"), "1.0.0\n1.1.0\n1.0.0\n")
        self.stands("1.0.0")
        self.apply(self.with_data("1.2.0"))
        self.road.installer("prune")
        with open(rows, encoding="utf-8") as shared:
            self.assertEqual(shared.read(), "1.0.0\n1.1.0\n1.0.0\n1.2.0\n")
        self.assertEqual(self.road.api("data/rows"), "1.0.0\n1.1.0\n1.0.0\n1.2.0\n")
        path = self.road.write_release("1.3.0", {API: server("api 1")})
        self.apply(json.loads(run(BUILDER, "--json", "build", path, "--output",
                                  os.path.join(self.road.root, "dist"), "--key",
                                  self.road.key))["bundle"])
        self.assertEqual(self.containers(), {})
        self.assertTrue(os.path.exists(rows))

    def test_data_of_a_project_before_is_adopted(self):
        path = self.road.target("stack")
        write(os.path.join(path, "compose.yaml"), "services: {}\n")
        write(os.path.join(path, "data/rows"), "before\n")
        site = os.path.join(self.road.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            text = source.read()
        shutil.rmtree(self.road.site)
        prepared = os.path.join(self.road.root, "site.yaml")
        write(prepared, text)
        run(INSTALLER, "--site", self.road.site, "init", "--from", prepared, "--adopt", "--persist",
            "stack=data")
        self.road.installer("trust", "init", self.road.trust, "--fingerprint", self.road.fingerprint)
        self.assertEqual(os.readlink(os.path.join(path, "data")), "shared/data")
        self.apply(self.with_data("1.0.0"))
        self.assertEqual(self.road.api("data/rows"), "before\n1.0.0\n")
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.containers(), {})
        with open(os.path.join(path, "data/rows"), encoding="utf-8") as rows:
            self.assertEqual(rows.read(), "before\n1.0.0\n")
        self.apply(self.with_data("1.1.0"))
        self.assertEqual(self.road.api("data/rows"), "before\n1.0.0\n1.1.0\n")

    def test_a_folder_of_data_is_the_user_s_that_the_service_says(self):
        compose = self.road.two_services()
        compose["services"]["api"].update(
            user="1234:1235", volumes=["./data/db:/www/data"],
            command=["/bin/busybox touch /www/data/rows && exec /bin/busybox sleep 1000"])
        self.apply(self.road.build_stack(
            "1.0.0", {API: server("api 1"), WEB: server("web 1")}, compose, {"page.html": "x"},
            component={"persist": ["data"]}))
        status = os.stat(os.path.join(self.road.target("stack"), "shared/data/db/rows"))
        self.assertEqual((status.st_uid, status.st_gid), (1234, 1235))

    def test_jobs_run_to_their_end(self):
        compose = self.road.two_services()
        compose["services"]["job"] = service(JOB, 0, command="echo done; exit 0")
        images = {API: server("api 1"), WEB: server("web 1"), JOB: Image("job")}
        files = {"page.html": "x"}
        self.apply(self.road.build_stack("1.0.0", images, compose, files,
                                         component={"jobs": ["job"]}))
        self.stands("1.0.0")
        compose["services"]["job"] = service(JOB, 0, command="exit 4")
        bundle = self.road.build_stack("1.1.0", images, compose, files, component={"jobs": ["job"]})
        said = self.road.refused("apply", bundle, "--yes", status=9)
        self.assertIn("has ended with status 4", said)
        self.stands("1.0.0")

    def test_what_was_stopped_by_hand_is_drift_and_is_mended(self):
        self.first()
        self.engine.call("rm", "-f", self.containers()["web"])
        found = self.road.answer("drift", status=20)["differences"]
        self.assertEqual([(row["path"], row["found"]) for row in found],
                         [("service web", "has no container")])
        self.road.installer("apply", "--repair", "--yes")
        self.assertEqual(self.road.web(), "web 1")
        self.stands("1.0.0")

    def test_a_component_that_goes_is_taken_down_and_its_data_stays(self):
        compose = self.road.two_services()
        compose["services"]["api"]["volumes"] = ["data:/data"]
        compose["volumes"] = {"data": {}}
        self.apply(self.road.build_stack("1.0.0", {API: server("api 1"), WEB: server("web 1")},
                                         compose, {"page.html": "x"}))
        path = self.road.write_release("1.1.0", {API: server("api 1")})
        bundle = json.loads(run(BUILDER, "--json", "build", path, "--output",
                                os.path.join(self.road.root, "dist"), "--key",
                                self.road.key))["bundle"]
        self.apply(bundle)
        self.assertEqual(self.containers(), {})
        self.assertEqual(len(self.lines("volume", "ls", "-q")), 1)
        self.road.installer("rollback", "--yes")
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))

    def test_killed_before_records_of_the_journal(self):
        need("strace")
        self.first()
        bundle = self.second(page="page two\n")
        apply = ["-q", "apply", bundle, "--yes"]
        records = journal_records(self.road, apply)
        self.assertEqual(self.road.api(), "api 2")
        self.road.installer("rollback", "--yes")
        ended = {"1.0.0": 0, "1.1.0": 0}
        # The last one is where it is committed already.
        for record in [records, *range(records - 1 - self.first_record, 0, -EVERY)]:
            killed_before_record(self.road, apply, record)
            self.road.installer("-q", "recover", "--lock-timeout", "10")
            version = self.road.answer("status")["current"]["version"]
            ended[version] += 1
            api, page = {"1.0.0": ("api 1", "page one\n"), "1.1.0": ("api 2", "page two\n")}[version]
            self.assertEqual((self.road.api(), self.road.web(), self.road.web("index.html")),
                             (api, "web 1", page), f"killed before record {record}")
            self.stands(version)
            self.assertEqual(self.road.leftovers(), [])
            if version == "1.1.0":
                self.road.installer("-q", "rollback", "--yes")
        print(f"killed before {sum(ended.values())} of {records} records: {ended}")
        self.assertGreater(records, 10)
        self.assertGreater(ended["1.0.0"], records // 2 // EVERY)
        self.assertGreater(ended["1.1.0"], 0)


class OfDocker(ComposeTests, StackTest):
    kind = DockerCompose

    def replicas(self, version, command=None):
        """Two containers, which only their network reaches."""
        check = {"test": ["CMD", "/bin/busybox", "test", "-e", "/tmp/well"], "interval": "1s",
                 "timeout": "2s", "retries": 2}
        well = "/bin/busybox mkdir -p /tmp; /bin/busybox touch /tmp/well; " + SERVE
        api = service(API, 0, command=command or well, healthcheck=check,
                      environment={"VERSION": version}, deploy={"replicas": 2})
        return self.road.build_stack(version, {API: server("api 1")}, {"services": {"api": api}},
                                     component={"canary": ["api"]})

    def test_one_container_goes_first_and_the_others_follow(self):
        self.apply(self.replicas("1.0.0"))
        before = set(self.lines("ps", "-q", "--no-trunc"))
        self.assertEqual(len(before), 2)
        said = self.road.refused("apply", self.replicas("1.1.0", SERVE), "--yes", status=9)
        self.assertIn("says that it is not healthy", said)
        self.assertEqual(set(self.lines("ps", "-q", "--no-trunc")), before,
                         "those that serve were never touched")
        self.stands("1.0.0")
        self.apply(self.replicas("1.2.0"))
        after = set(self.lines("ps", "-q", "--no-trunc"))
        self.assertEqual((len(after), after & before), (2, set()))
        self.stands("1.2.0")


class OfPodman(ComposeTests, StackTest):
    kind = PodmanCompose
    first_record = 1
    if not ALL:  # ours alone, whatever the engine does
        test_a_component_that_goes_is_taken_down_and_its_data_stays = None
        test_a_file_that_is_mounted_belongs_to_its_service = None
        test_a_folder_of_data_is_the_user_s_that_the_service_says = None
        test_data_of_a_project_before_is_adopted = None
        test_folders_of_data_are_kept_over_releases = None
        test_jobs_run_to_their_end = None
        test_killed_before_records_of_the_journal = None
        test_services_that_a_release_no_longer_has_go = None
        test_services_start_by_their_profiles = None
        test_what_was_stopped_by_hand_is_drift_and_is_mended = None

    def test_a_port_that_is_freed_late(self):
        """podman-compose goes on where Podman could not start a container."""
        bundle = self.first_bundle()
        holder = socket.create_server(("127.0.0.1", self.road.ports["API_PORT"]))
        self.addCleanup(holder.close)

        def let_go():
            while "created" not in self.engine.call("ps", "-a", "--format", "{{.Status}}").lower():
                time.sleep(0.2)
            time.sleep(1)
            holder.close()
        thread = threading.Thread(target=let_go, daemon=True)
        thread.start()
        self.apply(bundle)
        thread.join()
        self.assertEqual((self.road.api(), self.road.web()), ("api 1", "web 1"))

    def test_a_port_that_another_has(self):
        bundle = self.first_bundle()
        self.road.change_site(lambda site: site["targets"]["stack"].update(timeout=120))
        with socket.create_server(("127.0.0.1", self.road.ports["API_PORT"])):
            begun = time.monotonic()
            said = self.road.refused("apply", bundle, "--yes", status=9)
        self.assertLess(time.monotonic() - begun, 100, "it does not wait for the whole timeout")
        self.assertNotIn("needs longer", said)
        self.assertIn("address already in use", said)
        self.assertEqual(self.containers(), {})


class Refused(StackTest):
    """What is refused before anything has changed."""

    kind = DockerCompose

    def refuse(self, compose, *words, files=None, **more):
        images = {API: server("api 1"), WEB: server("web 1")}
        bundle = self.road.build_stack("1.0.0", images, compose, files or {"page.html": "x"}, **more)
        done = subprocess.run([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        said = done.stderr.decode()
        self.assertNotEqual(done.returncode, 0)
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(self.containers(), {})
        self.assertFalse(os.path.exists(self.road.target("stack")), said)

    def test_what_compose_does_not_take(self):
        compose = self.road.two_services()
        compose["services"]["api"]["ports"] = ["no:port:x"]
        self.refuse(compose, "Compose does not take compose.yaml")

    def test_a_target_of_another_sort(self):
        self.road.change_site(lambda site: site["targets"].update(
            stack={"driver": "directory", "path": self.road.target("stack")}))
        self.refuse(self.road.two_services(), "component stack is for compose, the target stack is "
                    "one of directory")

    def test_a_compose_that_is_not_there(self):
        self.road.change_site(
            lambda site: site["targets"]["stack"].update(command=["no-such-compose"]))
        self.refuse(self.road.two_services(), "no-such-compose: is no Compose that works")


if __name__ == "__main__":
    main()
