#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an installer would refuse of a Compose file is refused where the file is written."""

import json
import os
import unittest

from stack import API, WEB, StackRoad, server
from road import BUILDER, errors, main, run, write

IMAGES = {API: server("api 1"), WEB: server("web 1")}


class JudgeTest(unittest.TestCase):
    def setUp(self):
        self.road = StackRoad()
        self.addCleanup(self.road.close)

    def release(self, compose, **more):
        if isinstance(compose, dict):
            compose = {"services": {"used": {"image": API}, "too": {"image": WEB},
                                    **compose.get("services", compose)},
                       **{key: value for key, value in compose.items()
                          if key != "services" and "services" in compose}}
        return self.road.stack("1.0.0", IMAGES, compose, **more)

    def build(self, path, status=0):
        return errors(BUILDER, "build", path, "--output", os.path.join(self.road.root, "dist"),
                      "--key", self.road.key, status=status)

    def taken(self, compose, **more):
        path = self.release(compose, **more)
        said = errors(BUILDER, "validate", path, status=0)
        self.build(path)
        return said

    def refused(self, compose, *words, **more):
        path = self.release(compose, **more)
        for said in (errors(BUILDER, "validate", path, status=3), self.build(path, 3)):
            for word in words:
                self.assertIn(word, said)
        return said


class Compose(JudgeTest):
    def test_all_mistakes_at_once_with_their_lines(self):
        self.refused(f"services:\n  a: {{image: \"{API}\", deploy: {{replicas: many}}}}\n"
                     "  b:\n    image: x/other:2\n  c: {build: .}\n",
                     'compose.yaml:2: services.a: found "many" replicas',
                     "compose.yaml:5: services.c: is built where it runs")
        self.refused(f"services:\n  a: {{image: \"{API}\"}}\n  b:\n    image: x/other:2\n",
                     "compose.yaml:4: services.b.image: names the image docker.io/x/other:2")

    def test_images_in_every_spelling(self):
        self.taken(f"services:\n  a:\n    image: &app {API}\n  b:\n    image: *app\n"
                   f"    environment:\n      image: portrait.png\n  c: {{\"image\": \"{WEB}\"}}\n"
                   "  debug: {image: x/debugger, profiles: [debug]}\n")
        self.refused(f"x-other: &other x/other:2\nservices:\n  a: {{image: \"{API}\"}}\n"
                     "  b: {\"image\": *other}\n", "names the image docker.io/x/other:2")

    def test_a_mistake_of_one_environment_names_it(self):
        path = self.release("services:\n  a: {image: \"{{image.api}}\"}\n"
                            "  b: {image: \"{{image.web}}\", deploy: {replicas: {{COUNT}}}}\n",
                            values={"COUNT": 2})
        with open(path, encoding="utf-8") as source:
            release = json.load(source)
        release["environments"].append("staging")
        write(path, json.dumps(release))
        write(os.path.join(self.road.project, "environments/staging.yaml"),
              "schema: 1\nvalues: {COUNT: many}\n")
        said = errors(BUILDER, "validate", path, status=3)
        self.assertIn('services.b: found "many" replicas', said)
        self.assertIn("(in staging)", said)

    def test_what_hangs_on_a_value_of_the_site_is_no_mistake(self):
        text = (f"services:\n  a: {{image: \"{API}\", deploy: {{replicas: {{{{COUNT}}}}}}}}\n"
                f"  b: {{image: \"{WEB}\", environment: {{A: {{{{LATER | compose}}}}}}}}\n")
        self.taken(text, values={"COUNT": None, "LATER": None})
        self.refused(text.replace(WEB, "x/other:2"), "names the image docker.io/x/other:2",
                     values={"COUNT": None, "LATER": None})

    def test_jobs_and_canaries_that_the_file_does_not_have(self):
        self.refused({}, "jobs: compose.yaml has no service nobody",
                     "canary: compose.yaml has no service noone",
                     component={"jobs": ["nobody"], "canary": ["noone"]})

    def test_a_mount_of_nothing_would_lose_data(self):
        self.refused({"b": {"image": API, "volumes": ["./data:/data", "./page/:/p"],
                            "env_file": "app.env"}},
                     "services.b.volumes[0]: mounts data, of which the release holds nothing",
                     "services.b.env_file: reads app.env, which the release does not hold",
                     files={"page/index.html": "x"})
        self.refused({"services": {}, "volumes": {"v": {"driver_opts": {
            "type": "none", "o": "bind", "device": "./rows"}}}},
                     "volumes.v.driver_opts.device: mounts rows")

    def test_folders_of_data_that_are_kept(self):
        service = {"b": {"image": API, "volumes": ["./data/rows:/data"]}}
        self.taken(service, component={"persist": ["data"]})
        said = self.taken(service, component={"persist": ["data", "other"]})
        self.assertIn("persist: no service of compose.yaml mounts other", said)
        self.refused(service, "mounts data/rows, of which the release holds nothing",
                     "persist: [data/rows]", component={"persist": ["other"]})
        self.refused(service, "components[0].persist[0]: data is a folder of data, and "
                     "components.stack: deploy has data there", 'exclude: ["data"]',
                     component={"persist": ["data"]}, files={"data/rows/x": "x"})
        self.refused({"b": {"image": API, "volumes": ["./srv:/srv"]},
                      "c": {"image": API, "volumes": [".:/app"]}},
                     "services.b.volumes[0]: mounts srv, and srv/data in it is kept by persist",
                     "services.c.volumes[0]: mounts ., and srv/data in it is kept by persist",
                     component={"persist": ["srv/data"]}, files={"srv/x": "x"})
        self.refused({"b": {"image": API, "env_file": ["data/x.env"]}},
                     "reads data/x.env, which the release does not hold",
                     component={"persist": ["data"]})

    def test_variables_take_the_values_of_the_configuration(self):
        said = self.taken({"b": {"image": API, "environment": {"A": "${WORD:-x}", "B": "${NOWHERE}"}}},
                          values={"WORD": "one # two"})
        self.assertIn("nothing sets the variable NOWHERE", said)
        self.assertNotIn("WORD", said)
        self.refused({"b": {"image": API, "environment": {"A": "${NOWHERE:?say it}"}}},
                     "services.b.environment.A: the variable NOWHERE is not set: say it")

    def test_an_env_file_of_their_own_is_taken_as_it_is(self):
        said = self.taken({"b": {"image": API, "environment": {"A": "${WORD}", "B": "${OTHER}"}}},
                          files={".env": "WORD={{WORD}}\n"}, values={"WORD": "one"})
        self.assertIn("nothing sets the variable OTHER", said)

    def test_profiles_are_a_value_of_the_configuration(self):
        text = (f"services:\n  a: {{image: \"{API}\"}}\n"
                "  b: {image: x/metrics:1, profiles: [metrics]}\n"
                f"  c: {{image: \"{WEB}\", profiles: [more]}}\n")
        self.taken(text)
        self.taken(text, values={"COMPOSE_PROFILES": "more"})
        self.refused(text, "services.b.image: names the image docker.io/x/metrics:1",
                     values={"COMPOSE_PROFILES": "metrics,more"})

    def test_every_choice_of_profiles_is_tried(self):
        text = (f"services:\n  a: {{image: \"{API}\"}}\n  w: {{image: \"{WEB}\"}}\n"
                "  b: {image: x/metrics:1, profiles: [metrics]}\n")
        self.taken(text, values={"COMPOSE_PROFILES": ""})
        schema = os.path.join(self.road.project, "environments/schema.json")
        write(schema, json.dumps({"schema": 1, "keys": {"COMPOSE_PROFILES": {
            "means": "parts", "enum": ["", "metrics"], "default": ""}}}))
        self.refused(text, "names the image docker.io/x/metrics:1",
                     'where COMPOSE_PROFILES is "metrics"')

    def test_a_site_is_asked_what_it_allows_and_chooses(self):
        path = self.release(f"services:\n  a: {{image: \"{API}\", privileged: true, network_mode: host}}\n"
                            f"  b: {{image: \"{WEB}\", volumes: [\"/srv/rows:/r\", \"/srv/b/x:/x\"]}}\n"
                            "  c: {image: x/more:1, profiles: [more]}\n",
                            values={"COMPOSE_PROFILES": ""})
        site = os.path.join(self.road.root, "site.yaml")

        def said(status, **more):
            write(site, json.dumps({"schema": 1, "release": "chanuka", "environment": "production",
                                    "targets": {"images": {"driver": "docker"},
                                                "stack": {"driver": "compose", "path": "/srv/b"}},
                                    **more}))
            return errors(BUILDER, "validate", path, "--site", site, status=status)
        said(0)
        found = said(3, allow={})
        self.assertIn("site.yaml: component stack: service a is privileged", found)
        self.assertIn("service a has network_mode host", found)
        self.assertIn("service b takes /srv/rows from the host", found)
        self.assertIn("allow: {host_paths: [/srv/rows]}", found)
        self.assertNotIn("/srv/b/x", found)
        said(0, allow={"privileged": ["stack"], "host_network": ["stack"], "host_paths": ["/srv"]})
        self.assertIn("site.yaml: components.stack: compose.yaml:4: services.c.image: names the image",
                      said(3, values={"COMPOSE_PROFILES": "more"}))

    def test_units_that_run_as_root_are_asked_for_too(self):
        project = self.road.project
        path = os.path.join(project, "release.yaml")
        write(path, json.dumps({
            "schema": 1, "name": "chanuka", "version": "1.0.0", "environments": ["production"],
            "components": [{"name": "units", "kind": "manifests", "runtime": "systemd",
                            "source": "units", "target": "units"}]}))
        write(os.path.join(project, "environments/production.yaml"),
              "schema: 1\nvalues: {WHO: root}\n")
        write(os.path.join(project, "units/a.service"), "[Service]\nExecStart=/bin/true\n")
        write(os.path.join(project, "units/b.service"),
              "[Service]\nUser={{WHO}}\nExecStart=/bin/true\n")
        write(os.path.join(project, "units/c.service"), "[Service]\nExecStart=/bin/true\n")
        write(os.path.join(project, "units/c.service.d/user.conf"), "[Service]\nUser=c\n")
        site = os.path.join(self.road.root, "site.yaml")

        def said(status, allow, command=("systemctl",), **values):
            write(site, json.dumps({
                "schema": 1, "release": "chanuka", "environment": "production", "allow": allow,
                "values": values, "targets": {"units": {
                    "driver": "systemd", "path": "/srv/units", "command": list(command)}}}))
            return errors(BUILDER, "validate", path, "--site", site, status=status)
        found = said(3, {})
        self.assertIn("component units: unit a.service runs as root", found)
        self.assertIn("unit b.service runs as root", found)
        self.assertNotIn("c.service", found)
        self.assertNotIn("b.service", said(3, {}, WHO="web"))
        said(0, {"root_units": ["units"]})
        said(0, {}, command=("systemctl", "--user"))

    def test_the_table_of_the_documentation_is_true(self):
        with open(os.path.join(os.environ["SEALIFT_SOURCE"], "docs/compose.md"),
                  encoding="utf-8") as source:
            rows = [line.split(" | ") for line in source if line.startswith("| `")]
        self.assertGreater(len(rows), 30)
        image = {"docker.io/library/app:1": server("app")}
        for example, verdict, *_ in rows:
            texts = example.removeprefix("| ").strip("`").split("` and `")
            file = texts[0] if texts[0].startswith("services") else "services: {" + ", ".join(
                f"s{i}: {text}" for i, text in enumerate(texts)) + "}"
            if file.startswith("services: {a") or file.startswith("services: {init"):
                file = file.replace("}, volumes:", "}\nvolumes:").replace("}, include:", "}\ninclude:")
                file = file.replace("}, networks:", "}\nnetworks:")
            with self.subTest(example):
                path = self.road.stack("1.0.0", image, file, files={
                    "conf/app.conf": "a\n", "app.env": "A=b\n"},
                                       values={"PORT": 80} if "${PORT}" in file else {})
                said = errors(BUILDER, "validate", path, status=3 if verdict == "refused" else 0)
                findings = [line for line in said.splitlines() if "components.stack" in line]
                self.assertEqual(bool(findings), verdict != "taken", said)

    def test_what_is_no_yaml(self):
        self.refused("services: {db: [\n", "compose.yaml:")
        self.refused("x-a: 1\n", "found no services")


if __name__ == "__main__":
    main()
