#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sealift init`: a folder that has a platform becomes a project that validates, builds and is applied to
its practice site, with six commands and none of them refused."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from road import BIN, BUILDER, SOURCE, errors, main, run, write

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../images"))
from engines import EngineFixture, Registry  # noqa: E402
from made_image import Image, write_layout  # noqa: E402

COMPOSE = """services:
  api:
    image: ${{REGISTRY:-{host}}}/shop/api:${{API_TAG:-1.4}}
    restart: unless-stopped
    environment:
      DATABASE_URL: ${{DATABASE_URL:?set it in .env}}
      SENTRY_DSN: ${{SENTRY_DSN}}
    ports: ["127.0.0.1:${{API_PORT:-3000}}:3000"]
    depends_on: [cache]
    healthcheck: {{test: [CMD, /bin/true], interval: 5s}}
  cache:
    image: {host}/library/valkey:8
    command: valkey-server --requirepass ${{CACHE_PASSWORD}}
    volumes: ["cache:/data"]
volumes:
  cache: {{}}
"""

# As people write them: comments, quotes, exports, blanks, an empty value, one value made of another.
DOTENV = {
    ".env": """# shared by all
APP_NAME="Corner Shop"
API_PORT=3000
PUBLIC_URL=http://localhost:8080
API_URL=${PUBLIC_URL}/api
export NODE_ENV=production
SENTRY_DSN=
VITE_MAPS_KEY=pk-visible-to-all
""",
    ".env.development": """NODE_ENV=development
DATABASE_URL=postgres://shop:shop@localhost:5432/shop
CACHE_PASSWORD=dev  # of nobody
JWT_SECRET='not a secret here'
""",
    ".env.production": """PUBLIC_URL=https://shop.example
DATABASE_URL=postgres://shop:hunter2@db.internal:5432/shop
CACHE_PASSWORD=s3cr3t-cache
JWT_SECRET=s3cr3t-jwt
""",
}


class Folder(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sealift-init-")
        self.addCleanup(shutil.rmtree, self.root)
        self.shop = os.path.join(self.root, "Corner Shop")
        os.makedirs(self.shop)

    def path(self, *names):
        return os.path.join(self.shop, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as source:
            return source.read()

    def follow(self, *init, most=6):
        """`sealift init` here and the commands that it names, as a person would copy them."""
        said = run(BUILDER, "init", ".", *init, cwd=self.shop).decode()
        lines = said.split("next, to try it on a site below practice/:\n")[1].splitlines()
        commands = [line.strip() for line in lines]
        programs = [line for line in commands if line.startswith("sealift")]
        self.assertLessEqual(1 + len(programs), most, said)
        self.assertIn("sealift-installer apply", programs[-1])
        script = "set -e\n" + "\n".join(commands[:-1] + [commands[-1] + " --yes"])
        done = subprocess.run(["bash", "-c", script], cwd=self.shop, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "PATH": BIN + ":" + os.environ["PATH"]})
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        self.assertIn("applied ", done.stdout.decode())
        return said

    def validated(self):
        return json.loads(run(BUILDER, "--json", "validate", "--site", "sites/example.yaml", "--site",
                              "practice/site.yaml", cwd=self.shop))


class Found(EngineFixture, Folder):
    engine_type = Registry

    def setUp(self):
        super().setUp()
        for name in ("shop/api:1.4", "library/valkey:8"):
            layout = os.path.join(self.root, "layout")
            write_layout(layout, {"1": Image(name)})
            run("skopeo", "copy", "--dest-tls-verify=false", f"oci:{layout}:1",
                f"docker://{self.engine.host}/{name}")
            shutil.rmtree(layout)
        write(self.path("compose.yaml"), COMPOSE.format(host=self.engine.host))
        shutil.copytree(os.path.join(SOURCE, "examples/chanuka/drizzle"), self.path("drizzle"))
        shutil.copytree(os.path.join(SOURCE, "examples/chanuka/client/dist"), self.path("dist"),
                        symlinks=True)
        for name, text in DOTENV.items():
            write(self.path(name), text)
        write(self.path("README.md"), "# Corner Shop\n")

    def test_a_platform_is_applied_in_six_commands(self):
        said = self.follow()
        for found in ("dist: component web", "drizzle: component database",
                      "compose.yaml: component stack", ".env, .env.development, .env.production"):
            self.assertIn("found " + found, said)
        self.assertIn("secrets, left to each site: CACHE_PASSWORD, DATABASE_URL, JWT_SECRET\n", said)
        self.assertEqual(self.read("README.md"), "# Corner Shop\n")
        written = self.read("practice/srv/etc/current/app.env")
        for line in ('APP_NAME=Corner Shop', 'API_URL=http://localhost:8080/api', "NODE_ENV=development", "CACHE_PASSWORD=dev"):
            self.assertRegex(written, rf"(?m)^{line.split('=')[0]}=[\"']?{re.escape(line.split('=', 1)[1])}")
        self.assertEqual(self.validated()["components"], 5)

    def test_no_secret_is_copied_into_the_project(self):
        self.follow()
        for folder, names, files in os.walk(self.shop):
            if folder == self.shop:
                names.remove("practice")
            for name in files:
                if name.startswith(".env"):
                    continue
                with open(os.path.join(folder, name), "rb") as content:
                    text = content.read()
                for secret in (b"hunter2", b"s3cr3t", b"not a secret here"):
                    self.assertNotIn(secret, text, os.path.join(folder, name))
        self.assertEqual(self.read("practice/.gitignore"), "*\n")
        self.assertEqual(os.stat(self.path("practice/secrets/JWT_SECRET")).st_mode & 0o777, 0o600)


class Named(Folder):
    def test_an_empty_folder_is_a_project(self):
        self.follow()
        self.assertIn("name: corner-shop\n", self.read("release.yaml"))

    def test_parts_that_are_named_are_written(self):
        self.follow("--with", "web,nginx,drizzle", "--with", "systemd,flags,secrets")
        self.assertIn("components", self.validated())
        self.assertIn("kind: flags", self.read("release.yaml"))
        self.assertTrue(os.path.exists(self.path("units/corner-shop.service")))
        self.assertIn("SESSION_SECRET=practice", self.read("practice/srv/etc/current/app.env"))

    def test_found_parts_that_are_not_named_are_left_out(self):
        write(self.path("dist/index.html"), "<p>")
        write(self.path("nginx.conf"), "server {\n  listen 80;\n}\n")
        said = self.follow("--with", "web")
        self.assertIn("found nginx.conf: component nginx", said)
        self.assertIn("source: dist,", self.read("release.yaml"))
        self.assertNotIn("nginx", self.read("release.yaml"))

    def test_a_server_s_configuration_is_a_component(self):
        write(self.path("nginx.conf"), "server {\n  listen 80;\n}\n")
        self.follow()
        self.assertEqual(self.read("practice/srv/nginx/current/nginx.conf"), self.read("nginx.conf"))

    def test_a_part_that_is_not_there_has_a_stand_in(self):
        self.follow("--with", "compose,images,flags,drizzle,systemd,nginx,secrets")
        self.assertIn("placeholder/app:1", self.read("compose.yaml"))
        self.validated()

    def test_an_unknown_part_is_refused(self):
        said = errors(BUILDER, "init", ".", "--with", "ngnix", status=2, cwd=self.shop)
        self.assertIn('found "ngnix", expected one of web, nginx,', said)
        self.assertEqual(os.listdir(self.shop), [])

    def test_an_init_that_was_cut_off_is_run_again(self):
        """As a full disk does: every file in turn cannot be written."""
        words = ("init", ".", "--with", "web,drizzle,flags,images")
        files = json.loads(run(BUILDER, "--json", *words, cwd=self.shop))["files"]
        self.assertEqual(files[-1], "release.yaml")
        whole = sorted(os.listdir(self.shop))
        os.remove(self.path("release.yaml"))
        for lost in (files[len(files) // 2:-1], ["practice/1.root.json"],
                     ["practice/1.root.json", "practice/practice.key"]):
            for name in lost:
                os.remove(self.path(name))
            run(BUILDER, *words, cwd=self.shop)
            self.assertEqual(sorted(os.listdir(self.shop)), whole)
            self.validated()
            os.remove(self.path("release.yaml"))
        self.follow(*words[2:])

    def test_a_person_at_a_terminal_chooses(self):
        write(self.path("dist", "index.html"), "<p>web</p>\n")
        write(self.path("nginx.conf"), "server {\n  listen 80;\n}\n")
        person = f"script -qec 'stty -echo; {BUILDER} init .' /dev/null"
        done = subprocess.run(["bash", "-c", person], cwd=self.shop, input=b"\nn\n",
                              stdout=subprocess.PIPE, check=True, timeout=60)
        said = done.stdout.decode()
        self.assertIn("take dist as component web? [Y/n]", said)
        self.assertIn("take nginx.conf as component nginx? [Y/n]", said)
        self.assertIn("name: web", self.read("release.yaml"))
        self.assertNotIn("name: nginx", self.read("release.yaml"))

    def test_a_dotenv_file_with_mistakes_is_named(self):
        write(self.path(".env"), "A=1\nA=2\n")
        said = errors(BUILDER, "init", ".", status=3, cwd=self.shop)
        self.assertIn(".env:2", said)
        self.assertEqual(os.listdir(self.shop), [".env"])


class Doctor(Folder):
    """`sealift doctor` says what a host lacks to build the release that it is asked about."""

    def doctor(self, status, **variables):
        said = run(BUILDER, "--json", "doctor", cwd=self.shop, status=status,
                   env={**os.environ, **variables})
        return {each["what"]: each for each in json.loads(said)}

    def test_what_is_missing_is_named_with_what_to_do(self):
        run(BUILDER, "init", ".", cwd=self.shop)
        tools = os.path.join(self.root, "tools")
        os.makedirs(tools)
        found = self.doctor(20, PATH=tools)
        self.assertIn("apt-get install git", found["git"]["mend"])
        self.assertNotIn("docker", found)
        with open(self.path("release.yaml"), "a", encoding="utf-8") as out:
            out.write('  - {name: images, kind: images, images: [{name: "api:1", from: "docker-daemon:api:1"}]}\n')
        self.assertIn("apt-get install docker.io", self.doctor(20, PATH=tools)["docker"]["mend"])
        for name, script in (("docker", "exit 0"), ("git", "exit 0")):
            write(os.path.join(tools, name), f"#!/bin/sh\n{script}\n")
            os.chmod(os.path.join(tools, name), 0o755)
        found = self.doctor(0, PATH=tools)
        self.assertTrue(all(each["ok"] for each in found.values()), found)

    def test_a_folder_without_a_project_is_said(self):
        self.assertEqual(self.doctor(20)["release"]["mend"], "sealift init .")


main()
