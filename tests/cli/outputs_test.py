#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One set of values, some of them nasty, rendered by a real apply, and each file read by the program
that it is for: docker-compose, podman, docker, a shell, Nginx, JSON, YAML."""

import base64
import http.client
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tarfile
import unittest

import yaml

from road import BUILDER, SOURCE, Road, errors, main, need, run, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../images"))
from engines import Docker, Podman, wait_until  # noqa: E402

BUSYBOX = "/bin/busybox"

PORTABLE = {
    "PLAIN": "plain", "EQUALS": "a=b=c=", "UNICODE": "zażółć-😀", "URL": "https://h:1/x?y=1,2",
    "EMPTY": "", "TRUE_TEXT": "true", "NULL_TEXT": "null", "NUMBER_TEXT": "007", "NUMBER": 42,
    "SWITCH": True, "STAR": "*", "MARKS": "{a}[b]!%@^+-_:,./?", "DASH": "-n", "LONG": "x" * 5000,
}
NASTY = {
    "SPACES": "two  words", "QUOTES": "it's \"quoted\"", "DOLLAR": "$HOME ${PATH} $$ $(id) $",
    "HASH": "a #b", "HASH_FIRST": "#b", "LINES": "one\ntwo\n\n", "LEADING": " led", "TRAILING": "t ",
    "TAB": "a\tb", "BACKSLASH": "a\\nb\\", "BACKTICKS": "`id`", "SEMICOLON": "a;b&c|d", "ANGLES": "<a>",
    "PARENTHESES": "(a)", "HOME_TEXT": "~/x", "QUOTED": "'q'", "EXPORT": "export A=b",
    "WIDE_BLANK": "a\u00a0b\u3000", "COLON": "a: b - c", "MUSTACHE": "{{x}} }}",
}
LISTS = {
    "NAMES": ["a", "b c", 3, False],
    "SERVERS": [{"host": "127.0.0.1", "port": 3000, "fails": 3},
                {"host": "127.0.0.1", "port": 3001, "fails": 1}],
}
ALL = {**PORTABLE, **NASTY, **LISTS}
NO_NGINX = {"DOLLAR", "LINES", "TAB", "LONG"}

RELEASE = """schema: 1
name: chanuka
version: 1.0.0
environments: [production]
notes: CHANGES.md
trust: trust
components:
  - {name: web, kind: assets, source: client/dist, target: web}
  - name: site
    kind: config
    source: config/
    target: etc
    outputs:
      - {file: app.env, format: dotenv, services: [api, worker]}
      - {file: portable.env, format: dotenv, keys: [PLAIN, "NUMBER*", "UNI*"]}
      - {file: gen/app.json, format: json}
      - {file: gen/app.yaml, format: yaml}
      - {file: compose.env.yaml, format: compose, services: [api]}
      - {file: gen/k8s.yaml, format: kubernetes, name: chanuka, namespace: prod}
"""

COMPOSE = """version: "3.8"
services:
  api: {image: "x:1", env_file: app.env}
  worker: {image: "x:1", env_file: app.env}
"""

SYSTEMD = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"

NGINX = """daemon off;
master_process off;
pid {{PREFIX}}/pid;
error_log stderr;
events {}
http {
  access_log off;
  upstream api {
{{#SERVERS}}
    server {{host}}:{{port}} max_fails={{fails}} fail_timeout=10s;
{{/SERVERS}}
{{^SERVERS}}
    server 127.0.0.1:1;
{{/SERVERS}}
  }
  server {
    listen unix:{{PREFIX}}/s;
    location /api { proxy_pass http://api; }
    default_type text/plain;
%s  }
}
"""


def as_text(value):
    """The text of a value in a format that has only texts."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


TEXTS = {name: as_text(value) for name, value in ALL.items()}


def written(value):
    """A value as it is written in environments/NAME.yaml; JSON is YAML."""
    if isinstance(value, str):
        value = value.replace("{{", '{{"{{"}}')  # a text may refer to others
    return json.dumps(value, ensure_ascii=False)


def make_project(project, prefix):
    config = os.path.join(project, "config")
    for folder, _, names in os.walk(config):
        for name in names:
            os.unlink(os.path.join(folder, name))
    write(os.path.join(project, "release.yaml"), RELEASE)
    values = {**ALL, "PREFIX": prefix, "PUBLIC_HOST": None, "PUBLIC_URL": None}
    lines = "".join(f"  {name}: {written(value)}\n" for name, value in values.items())
    lines += "  API_URL: \"https://{{PUBLIC_HOST}}/api\"\n"
    write(os.path.join(project, "environments/production.yaml"), "schema: 1\nvalues:\n" + lines)
    write(os.path.join(config, "words.sh"), "printf '%s\\0'" + "".join(
        f" {{{{{name} | shell}}}}" for name in {**PORTABLE, **NASTY}) + " {{NAMES | shell}}\n")
    write(os.path.join(config, "coded"), "".join(
        f"{{{{{name} | text | base64}}}}\n" for name in ALL))
    write(os.path.join(config, "nginx.conf"), NGINX % "".join(
        f"    location = /{name} {{ return 200 {{{{{name} | nginx}}}}; }}\n"
        for name in {**PORTABLE, **NASTY} if name not in NO_NGINX))


class Outputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.road = Road()
        cls.addClassCleanup(cls.road.close)
        cls.prefix = os.path.join(cls.road.root, "nginx")
        os.makedirs(cls.prefix)
        bundle = cls.road.release(
            "1.0.0", lambda project: make_project(project, cls.prefix))
        cls.road.init_site()
        cls.road.installer("apply", bundle, "--yes")
        cls.current = os.path.join(cls.road.target("etc"), "current")
        cls.expected = {**TEXTS, "PREFIX": cls.prefix, "PUBLIC_HOST": "chanuka.example",
                        "PUBLIC_URL": "https://chanuka.example",
                        "API_URL": "https://chanuka.example/api"}

    def read(self, name):
        with open(os.path.join(self.current, name), encoding="utf-8") as found:
            return found.read()

    def portable(self):
        """What app.env has, which is everything that is not nasty."""
        return {name: text for name, text in self.expected.items()
                if name not in NASTY and name not in LISTS}

    def test_app_env_holds_what_is_portable_and_nothing_else(self):
        lines = self.read("app.env").splitlines()
        self.assertEqual(dict(line.split("=", 1) for line in lines), self.portable())
        self.assertEqual(len(lines), len(self.portable()))
        self.assertEqual(self.read("portable.env"), "NUMBER=42\nNUMBER_TEXT=007\nPLAIN=plain\n"
                                                    "UNICODE=zażółć-😀\n")

    def test_a_shell_reads_the_same(self):
        for shell in (["sh"], ["bash", "--posix"], [BUSYBOX, "sh"]):
            text = run("env", "-i", *shell, "-c", f"set -a; . {self.current}/app.env; "
                       f"exec {BUSYBOX} env -0")
            self.check_environment(text.decode().split("\0"))

    def check_environment(self, lines):
        found = dict(line.split("=", 1) for line in lines if "=" in line)
        self.assertEqual({name: found.get(name) for name in self.portable()}, self.portable())
        self.assertFalse(set(found) & (set(NASTY) | set(LISTS)))

    def image(self, folder):
        archive = os.path.join(folder, "image.tar")
        with tarfile.open(archive, "w") as tar:
            tar.add(BUSYBOX, "bin/busybox")
        return archive

    def check_engine(self, engine):
        self.addCleanup(engine.stop)
        engine.call("import", self.image(engine.folder), "localhost/env:1")
        for name in ("app.env", "portable.env"):
            text = engine.call("run", "--rm", "--network=none", "--env-file",
                               os.path.join(self.current, name), "localhost/env:1", BUSYBOX, "env",
                               "-0")
            if name == "app.env":
                self.check_environment(text.split("\0"))
            else:
                self.assertIn("NUMBER_TEXT=007", text.split("\0"))

    def test_systemd_reads_the_same(self):
        """By the generator that reads environment.d, with the parser of EnvironmentFile=; unlike
        that it takes an empty value for none."""
        need(SYSTEMD)
        home = os.path.join(self.road.root, "home")
        write(os.path.join(home, ".config/environment.d/app.conf"), self.read("app.env"))
        text = run("env", "-i", f"HOME={home}", SYSTEMD).decode()
        found = dict(shlex.split(line)[0].split("=", 1) for line in text.splitlines())
        wanted = {name: value for name, value in self.portable().items() if value}
        self.assertEqual({name: found.get(name) for name in wanted}, wanted)

    def test_podman_reads_the_same(self):
        self.check_engine(Podman(os.path.join(self.road.root, "podman")))

    def test_docker_reads_the_same(self):
        self.check_engine(Docker(os.path.join(self.road.root, "docker")))

    def compose(self, *files):
        need("docker-compose")
        folder = os.path.join(self.road.root, "compose")
        os.makedirs(folder, exist_ok=True)
        for name in ("app.env", *files[1:]):
            write(os.path.join(folder, name), self.read(name))
        write(os.path.join(folder, "base.yaml"), COMPOSE)
        more = [word for name in files for word in ("-f", name)]
        services = yaml.safe_load(run("docker-compose", *more, "config", cwd=folder))["services"]
        return {name: {key: value.replace("$$", "$")
                       for key, value in service["environment"].items()}
                for name, service in services.items()}

    def test_docker_compose_reads_the_same_and_has_the_rest_from_the_override(self):
        self.assertEqual(self.compose("base.yaml"),
                         {"api": self.portable(), "worker": self.portable()})
        whole = self.compose("base.yaml", "app.env.override.yaml")
        self.assertEqual(whole, {"api": self.expected, "worker": self.expected})

    def test_compose_output_has_every_key(self):
        self.assertEqual(self.compose("base.yaml", "compose.env.yaml")["api"], self.expected)

    def test_json_and_yaml_hold_the_values_with_their_types(self):
        whole = {**self.expected, **ALL}
        self.assertEqual(json.loads(self.read("gen/app.json")), whole)
        found = yaml.safe_load(self.read("gen/app.yaml"))
        self.assertEqual(found, whole)
        self.assertEqual({name: type(value) for name, value in found.items()},
                         {name: type(value) for name, value in whole.items()})

    def test_kubernetes_has_a_config_map_of_texts(self):
        documents = list(yaml.safe_load_all(self.read("gen/k8s.yaml")))
        self.assertEqual([d["kind"] for d in documents], ["ConfigMap"])
        self.assertEqual(documents[0]["metadata"], {"name": "chanuka", "namespace": "prod"})
        self.assertEqual(documents[0]["data"], self.expected)

    def test_a_shell_reads_back_every_quoted_word(self):
        words = [TEXTS[name] for name in {**PORTABLE, **NASTY}] + [as_text(v) for v in ALL["NAMES"]]
        for shell in (["sh"], ["bash"], [BUSYBOX, "sh"]):
            text = run(*shell, os.path.join(self.current, "words.sh")).decode()
            self.assertEqual(text.split("\0")[:-1], words)

    def test_base64_is_that_of_the_bytes(self):
        found = [base64.b64decode(line).decode() for line in self.read("coded").splitlines()]
        self.assertEqual(found, list(TEXTS.values()))

    def test_nginx_reads_back_every_parameter(self):
        need("nginx")
        conf = os.path.join(self.current, "nginx.conf")
        self.assertIn("    server 127.0.0.1:3000 max_fails=3 fail_timeout=10s;\n"
                      "    server 127.0.0.1:3001 max_fails=1 fail_timeout=10s;\n  }\n",
                      self.read("nginx.conf"))
        run("nginx", "-t", "-p", self.prefix, "-c", conf)
        server = subprocess.Popen(["nginx", "-p", self.prefix, "-c", conf],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        place = os.path.join(self.prefix, "s")
        wait_until(lambda: os.path.exists(place), "nginx")
        for name in {**PORTABLE, **NASTY}:
            if name in NO_NGINX:
                continue
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(place)
            connection.request("GET", f"/{name}")
            self.assertEqual(connection.getresponse().read().decode(), TEXTS[name], name)
            connection.close()


class Page(unittest.TestCase):
    """The examples of docs/templates.md are one project."""

    def test_the_examples_of_the_page_work_together(self):
        need("nginx")
        road = Road()
        self.addCleanup(road.close)
        with open(os.path.join(SOURCE, "docs/templates.md"), encoding="utf-8") as page:
            blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page.read(), re.MULTILINE | re.DOTALL)
        (_, values), (_, server), _, (_, components) = blocks

        def change(project):
            make_project(project, "/x")
            for name in os.listdir(os.path.join(project, "config")):
                if os.path.isfile(os.path.join(project, "config", name)):
                    os.unlink(os.path.join(project, "config", name))
            write(os.path.join(project, "config/nginx.conf"),
                  "events {}\nhttp {\n" + server + "}\n")
            write(os.path.join(project, "environments/production.yaml"), values + "  PUBLIC_URL:\n")
            head = RELEASE[:RELEASE.index("components:")]
            write(os.path.join(project, "release.yaml"), head + components +
                  "  - {name: web, kind: assets, source: client/dist, target: web}\n")

        bundle = road.release("1.0.0", change)
        road.init_site()
        road.installer("apply", bundle, "--yes")
        current = os.path.join(road.target("etc"), "current")
        run("nginx", "-t", "-g", f"pid {road.root}/pid; error_log stderr;", "-c",
            os.path.join(current, "nginx.conf"))
        with open(os.path.join(current, "web.json"), encoding="utf-8") as found:
            self.assertEqual(json.load(found)["API_URL"], "https://chanuka.example/api")
        with open(os.path.join(current, "nginx.conf"), encoding="utf-8") as found:
            self.assertIn("  server 10.0.0.12:3000 weight=1 max_fails=3 fail_timeout=10s backup;\n"
                          "  keepalive 16;\n", found.read())


class Refusals(unittest.TestCase):
    def setUp(self):
        self.road = Road()
        self.addCleanup(self.road.close)
        make_project(self.road.project, "/x")

    def validate(self, *more):
        return errors(BUILDER, "validate", os.path.join(self.road.project, "release.yaml"), *more,
                      status=3)

    def change(self, name, old, new):
        path = os.path.join(self.road.project, name)
        with open(path, encoding="utf-8") as found:
            text = found.read()
        self.assertIn(old, text)
        write(path, text.replace(old, new))

    def test_values_that_refer_to_each_other_in_a_circle(self):
        self.change("environments/production.yaml", "  PLAIN: \"plain\"", "  PLAIN: \"{{URL}}\"")
        self.change("environments/production.yaml", "\"https://h:1/x?y=1,2\"", "\"{{PLAIN}}\"")
        self.assertIn("environments/production.yaml: values.PLAIN: PLAIN -> URL -> PLAIN: the value "
                      "refers to itself", self.validate())

    def test_an_output_where_the_source_has_a_file(self):
        write(os.path.join(self.road.project, "config/app.env"), "A=b\n")
        write(os.path.join(self.road.project, "config/gen"), "a file\n")
        found = self.validate()
        self.assertIn("outputs makes app.env, where the source has app.env", found)
        self.assertIn("outputs makes gen/app.json, where the source has gen", found)

    def test_keys_and_filters_that_do_not_exist(self):
        self.change("release.yaml", '"UNI*"', '"UNO*"')
        write(os.path.join(self.road.project, "config/a"), "\n{{PLAIN | shel}}\n")
        found = self.validate()
        self.assertIn("components.site: outputs.portable.env.keys: \"UNO*\" is no key", found)
        self.change("release.yaml", '"UNO*"', '"UNI*"')
        found = self.validate()
        self.assertIn("a:2: found the filter \"shel\"", found)
        self.assertIn("did you mean \"shell\"?", found)

    def test_what_a_reader_of_dotenv_would_not_read_is_refused_before_a_release_is_built(self):
        self.change("release.yaml", "[PLAIN,", "[PLAIN, SPACES,")
        found = self.validate()
        self.assertIn("environments/production.yaml: components.site: portable.env:4: "
                      "SPACES holds a blank", found)
        self.assertNotIn("two  words", found)

    def test_what_only_a_site_has_is_refused_before_anything_changes(self):
        self.change("environments/production.yaml", "  PLAIN: \"plain\"", "  PLAIN:")
        bundle = self.road.release("1.0.0")
        self.road.init_site("--value", "PLAIN=two  words")
        site = os.path.join(self.road.site, "site.yaml")
        found = self.road.refused("apply", bundle, "--yes", status=6)
        self.assertIn("portable.env:3: PLAIN holds a blank", found)
        self.assertNotIn("two  words", found)
        self.assertIsNone(self.road.current("etc"))
        self.assertIn("portable.env:3: PLAIN holds a blank", self.validate("--site", site))

    def test_a_template_that_loops_a_billion_times(self):
        numbers = ", ".join(str(i) for i in range(1000))
        write(os.path.join(self.road.project, "config/loop"),
              "{{#NAMES}}{{#NAMES}}{{#NAMES}}x{{/NAMES}}{{/NAMES}}{{/NAMES}}")
        path = "environments/production.yaml"
        self.change(path, "  NAMES: [\"a\", \"b c\", 3, false]", f"  NAMES: [{numbers}]")
        self.assertIn("loop:1: rendering takes more than 1000000 steps", self.validate())
        self.change(path, f"  NAMES: [{numbers}]", "  NAMES:")
        bundle = self.road.release("1.0.0")
        self.road.init_site()
        site = os.path.join(self.road.site, "site.yaml")
        with open(site, encoding="utf-8") as found:
            text = found.read()
        self.assertIn("\nvalues:\n", text)
        write(site, text.replace("\nvalues:\n", f"\nvalues:\n  NAMES: [{numbers}]\n"))
        self.assertIn("loop:1: rendering takes more than 1000000 steps",
                      self.road.refused("apply", bundle, "--yes", status=6))
        self.assertIsNone(self.road.current("etc"))


if __name__ == "__main__":
    main()
