#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several Compose files become the one that Compose makes of them: docker-compose is asked for both."""

import io
import json
import os
import subprocess
import tarfile
import unittest

import yaml

from stack import API, StackRoad, server
from road import BUILDER, errors, main, need, run, write

# name: the files, the first and those over it
SAMPLES = {
    "production over development": ("""
services:
  web:
    image: api
    build: {context: ., args: {MODE: dev}}
    command: [serve, --debug]
    ports: ["127.0.0.1:8080:80", "9229:9229"]
    volumes: ["rows:/data", "/srv/a:/a"]
    environment: [MODE=dev, DEBUG=1]
    depends_on: [db]
  db: {image: api, restart: "no"}
volumes: {rows: {}}
""", """
services:
  web:
    command: serve
    ports: ["443:443"]
    volumes: ["/srv/rows:/data:ro", "logs:/logs"]
    environment: {MODE: production, WORKERS: 4}
    restart: always
    deploy: {resources: {limits: {cpus: "0.50", memory: 512M}}}
  cache: {image: api}
volumes: {logs: {driver: local}}
"""),
    "lists and mappings of the same": ("""
services:
  a:
    image: api
    labels: {one: "1", two: "2"}
    sysctls: {net.core.somaxconn: 1024}
    extra_hosts: ["x:1.1.1.1"]
    networks: [front]
    cap_add: [NET_ADMIN]
    dns: 1.1.1.1
    tmpfs: /run
    expose: ["3000"]
    healthcheck: {test: [CMD, "true"], interval: 5s}
    logging: {driver: json-file, options: {max-size: 1m}}
    ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}
networks: {front: {}, back: {driver: bridge}}
""", """
services:
  a:
    labels: [two=3, "three=a=b"]
    sysctls: [net.core.somaxconn=2048, net.ipv4.tcp_syncookies=0]
    extra_hosts: {y: 2.2.2.2, x: 3.3.3.3}
    networks: {back: {aliases: [b]}}
    cap_add: [SYS_TIME, NET_ADMIN]
    dns: [8.8.8.8]
    tmpfs: [/tmp]
    expose: ["3001"]
    healthcheck: {interval: 9s, retries: 2}
    logging: {options: {max-file: "3"}}
    ulimits: {nproc: 7}
"""),
    "another driver of logs and long forms": ("""
services:
  a:
    image: api
    logging: {driver: json-file, options: {max-size: 1m}}
    entrypoint: [a, b]
    ports: [{target: 80, published: 8080, protocol: tcp, mode: host}]
    volumes: [{type: volume, source: v, target: /v}]
    secrets: [s]
    devices: ["/dev/null:/dev/x"]
volumes: {v: {}}
secrets: {s: {external: true}, t: {external: true}}
""", """
services:
  a:
    logging: {driver: syslog}
    entrypoint: c
    volumes: [{type: bind, source: /srv, target: /v}]
    secrets: [t]
    devices: ["/dev/zero:/dev/x"]
    user: "1000"
    init: true
    stop_grace_period: 5s
"""),
    "anchors, and three files": ("""
x-all: &all {restart: unless-stopped, environment: &env {A: "1", B: "yes"}}
services:
  a: {<<: *all, image: api}
  b:
    <<: *all
    image: api
    environment: {<<: *env, C: "${NOWHERE:-a:b}"}
""", """
services: {a: {environment: {A: "2"}, mem_limit: 1g}}
""", """
services: {a: {environment: ["D=4"], mem_limit: 2g}, b: {scale: 2, hostname: b}}
"""),
    "a service of the same file is extended": ("""
services:
  base: {image: api, environment: {A: "1", B: "1"}, volumes: ["/srv:/s"]}
  a: {extends: {service: base}, environment: {B: "2"}, volumes: ["/srv/b:/s"]}
  b: {extends: base, command: run}
""",),
    "a service of another file is extended": ("""
services:
  a: {extends: {file: common/base.yaml, service: web}, ports: ["80:80"]}
""",),
}
BASE = """
services:
  web: {extends: {service: base}, volumes: ["./conf:/c:ro", "../shared:/s"], env_file: app.env}
  base: {image: api, environment: [A=1]}
"""


def alike(file):
    """What means the same, written the same: the order of a list, names of images, the build."""
    for service in file["services"].values():
        service.pop("build", None)
        if isinstance(service.get("extra_hosts"), dict):
            service["extra_hosts"] = [":".join(pair) for pair in service["extra_hosts"].items()]
        for key, value in service.items():
            if isinstance(value, list) and key not in ("command", "entrypoint"):
                service[key] = sorted(value, key=json.dumps)
    return json.dumps(file, indent=1, sort_keys=True)


def merged_in(bundle):
    """The Compose file that a bundle carries."""
    packed = subprocess.run(["zstd", "-dc", bundle], stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as blobs:
        for blob in blobs:
            content = blobs.extractfile(blob).read() if blob.isfile() else b""
            try:
                with tarfile.open(fileobj=io.BytesIO(content)) as tree:
                    return {each.name: tree.extractfile(each).read().decode()
                            for each in tree if each.isfile()}
            except (tarfile.TarError, EOFError):
                continue
    raise AssertionError(f"{bundle} has no tree")


class Merge(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.road = StackRoad()
        self.addCleanup(self.road.close)
        self.builds = 0

    def build(self, files, source, status=0, **component):
        path = self.road.stack("1.0.0", {API: server("api 1")}, files.pop("compose.yaml"), files=files,
                               component={"source": source, **component})
        self.builds += 1
        arguments = ("build", path, "--output", os.path.join(self.road.root, f"dist{self.builds}"),
                     "--key", self.road.key)
        if status:
            return errors(BUILDER, *arguments, status=status)
        return merged_in(json.loads(run(BUILDER, "--json", *arguments))["bundle"])

    def config(self, *files):
        done = subprocess.run(["docker-compose", *[word for file in files for word in ("-f", file)],
                               "config"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return yaml.safe_load(done.stdout)

    def test_docker_compose_makes_the_same_of_both(self):
        need("docker-compose")
        deploy = os.path.join(self.road.project, "deploy")
        for name, texts in SAMPLES.items():
            with self.subTest(name):
                texts = [('version: "3.9"\n' if "mem_limit" not in "".join(texts) else "") +
                         text.replace("image: api", f"image: {API}") for text in texts]
                names = ["compose.yaml", *(f"over-{i}.yaml" for i in range(1, len(texts)))]
                files = {**dict(zip(names, texts)), "common/app.env": "E=1\n", "common/conf/a": "a\n",
                         "shared/a": "a\n", "common/base.yaml": texts[0].split("services")[0] +
                         BASE.replace("image: api", f"image: {API}")}
                tree = self.build(files, ["deploy", *(f"deploy/{name}" for name in names[1:])])
                self.assertNotIn("over-1.yaml", tree)
                write(os.path.join(deploy, "merged.yaml"), tree["compose.yaml"])
                self.assertEqual(
                    alike(self.config(*(os.path.join(deploy, name) for name in names))),
                    alike(self.config(os.path.join(deploy, "merged.yaml"))))

    def test_tags_and_templates(self):
        tree = self.build({
            "compose.yaml": f"services:\n  a:\n    image: {{{{image.api}}}}\n    ports: [\"1:1\"]\n"
                            f"    environment: {{A: '{{{{API_PORT}}}}', B: b}}\n",
            "compose.prod.yaml": "services:\n  a:\n    ports: !reset []\n"
                                 "    environment: !override {C: \"{{API_PORT}}\"}\n"},
            ["deploy/compose.yaml", "deploy/compose.prod.yaml"])
        self.assertEqual(tree["compose.yaml"],
                         'services:\n  a:\n    environment:\n      C: "{{API_PORT}}"\n'
                         "    image: {{image.api}}\n")

    def test_a_mistake_names_the_file_that_has_it(self):
        said = self.build({"compose.yaml": f"services: {{a: {{image: \"{API}\"}}}}\n",
                           "over/prod.yaml": "services:\n  a:\n    enviroment: {A: b}\n"
                                             "    volumes:\n      - ./data:/data\n"},
                          ["deploy", "deploy/over/prod.yaml"], status=3)
        self.assertIn("deploy/over/prod.yaml:3: services.a.enviroment", said)
        self.assertIn("deploy/over/prod.yaml:5: services.a.volumes[0]: mounts data", said)
        said = self.build({"compose.yaml": f"services: {{a: {{image: \"{API}\"}}}}\n",
                           "prod.yaml": "services:\n  a:\n    environment: {A: \"{{NOWHERE}}\"}\n"},
                          ["deploy", "deploy/prod.yaml"], status=3)
        self.assertIn("deploy/prod.yaml:3", said)

    def test_a_list_is_for_compose(self):
        path = self.road.stack("1.0.0", {API: server("api 1")}, "services: {}\n",
                               component={"source": ["deploy"], "runtime": "systemd"})
        self.assertIn("components[0].source: found a list, which only the runtime compose has",
                      errors(BUILDER, "validate", path, status=3))

    def test_files_lie_over_a_compose_file(self):
        said = self.build({"compose.yaml": f"services: {{a: {{image: \"{API}\"}}}}\n",
                           "other/stack.yml": "services: {a: {tty: true}}\n"},
                          ["deploy/other", "deploy/compose.yaml"], status=3)
        self.assertIn("deploy/other: found no Compose file to lay others over", said)

    def test_a_file_of_another_name(self):
        own = {"docker-compose.prod.yml":
               f"services: {{a: {{image: \"{API}\", volumes: [\"./a.conf:/a.conf:ro\"]}}}}\n",
               "a.conf": "a\n"}
        # Of developers: it lies outside of what is built from, or beside it and is excluded.
        other = {"compose.yaml": "services: {a: {build: ., environment: {A: \"${B:?}\"}}}\n"}
        files = {**other, **{"prod/" + name: text for name, text in own.items()}}
        source = ["deploy/prod", "deploy/prod/docker-compose.prod.yml"]
        self.assertEqual(self.build(dict(files), source), own)
        files["prod/docker-compose.yml"] = other["compose.yaml"]
        self.assertEqual(self.build(dict(files), source, exclude=["docker-compose.yml"]), own)
        del files["prod/docker-compose.yml"]
        os.remove(os.path.join(self.road.project, "deploy/prod/docker-compose.yml"))
        self.assertIn("found none of these names", self.build(files, "deploy/prod", status=3))

    def test_what_is_included(self):
        tree = self.build({
            "compose.yaml": f"include:\n  - db/compose.yaml\nservices: {{web: {{image: \"{API}\"}}}}\n",
            "db/compose.yaml": f"services:\n  db: {{image: \"{API}\", volumes: [\"./init:/i:ro\"]}}\n",
            "db/init/a.sql": "select 1;\n"}, "deploy")
        self.assertEqual(sorted(tree), ["compose.yaml", "db/init/a.sql"])
        self.assertIn('"./db/init:/i:ro"', tree["compose.yaml"])


if __name__ == "__main__":
    main()
