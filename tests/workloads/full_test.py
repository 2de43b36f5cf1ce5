#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole platform as one transaction: client assets behind nginx, images, configuration, a
migration of PostgreSQL, a stack of Compose, and health checks. It is upgraded, made to fail in every
way that users know, and killed; it ends on the old release or on the new one, and that one serves.

With SEALIFT_ROUNDS=N only the killing is done, N times (scripts/torture)."""

import datetime
import json
import os
import random
import subprocess
import sys
import threading
import time
import unittest

from stack import (API, BUILDER, DockerCompose, Image, INSTALLER, StackTest, fetch, free_port, main,
                   need, run, service, write, StackRoad)

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/databases"))

from vault import Postgres, drizzle_0  # noqa: E402
from sweep import ALL  # noqa: E402

ROUNDS = int(os.environ.get("SEALIFT_ROUNDS", "2"))
SEED = int(os.environ.get("SEALIFT_SEED", "7"))
SLOW = ("#!/bin/busybox sh\n/bin/busybox sleep 0.3\n"
        "/bin/busybox printf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'\n")
FAST = SLOW.replace("/bin/busybox sleep 0.3\n", "")
# Takes no more connections and finishes those it has, as servers do that are to be replaced unseen.
DRAINS = ("trap '/bin/busybox kill $$!; /bin/busybox sleep 0.5; exit 0' TERM; "
          "/bin/busybox httpd -f -p 80 -h /www & wait")


def api_image(version, says=None, answer=FAST, healthy=True):
    files = {"www/version": (f"api {version}".encode(), 0o644),
             "www/cgi-bin/search": (answer.encode(), 0o755)}
    if healthy:
        files["www/healthz"] = (json.dumps({"version": says or version}).encode(), 0o644)
    return Image(f"api {version}", files=files)


class Platform(StackRoad):
    def __init__(self, engine, words, server, database):
        super().__init__()
        self.port = free_port()
        self.database = database
        self.server = server
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={self.target('web')}")
        write(os.path.join(self.site, "site.yaml"), json.dumps({
            "schema": 1, "release": "chanuka", "environment": "production",
            "retention": {"releases": 1, "backups": 2},
            "databases": {"main": {"driver": "postgresql", "url": server.url(database)}},
            "targets": {"images": {"driver": engine.driver, "command": engine.command},
                        "web": {"driver": "directory", "path": self.target("web")},
                        "etc": {"driver": "directory", "path": self.target("etc")},
                        "stack": {"driver": "compose", "path": self.target("stack"),
                                  "command": words, "engine": engine.command, "timeout": 60}}}))
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def bundle(self, number, image=None, compose_command=None, health=(), services=None):
        """Release 1.NUMBER.0: each has a page, an image and a migration of its own."""
        version = f"1.{number}.0"
        image = image or api_image(version)
        write(os.path.join(self.project, "pages/index.html"), f"page {version}\n")
        write(os.path.join(self.project, "pages/assets/app.0123abcd.js"), "same();\n")
        write(os.path.join(self.project, "etc/app.env"), "VERSION={{release.version}}\n")
        drizzle_0(os.path.join(self.project, "migrations"),
                  [(f"{each:04}_t", [f"CREATE TABLE t{each} (id integer)",
                                     f"INSERT INTO t{each} SELECT generate_series(1, 2000)"])
                   for each in range(number + 1)], "postgresql")
        compose = self.compose(services or {"api": service(
            API, "{{API_PORT}}", env_file=["./api.env"], command=compose_command)})
        path = self.stack(version, {API: image}, compose,
                          files={"api.env": "MODE=production\n"},
                          component={"after": ["database", "web", "settings"]})
        with open(path, encoding="utf-8") as source:
            release = json.load(source)
        release["components"] += [
            {"name": "web", "kind": "assets", "source": "pages", "target": "web"},
            {"name": "settings", "kind": "config", "source": "etc", "target": "etc"},
            {"name": "database", "kind": "migrations", "source": "migrations", "format": "drizzle",
             "database": "main"}]
        base = "http://127.0.0.1:{{API_PORT}}"
        release["health"] = [
            {"name": "api", "http": base + "/healthz", "within": "4s", "every": "200ms",
             "expect": {"status": 200, "json": {"/version": "{{release.version}}"}}},
            {"name": "page", "http": f"http://127.0.0.1:{self.port}/index.html", "within": "4s",
             "expect": {"body": "page {{release.version}}"}},
            {"name": "db", "sql": "main", "query": f"select count(*) from t{number}",
             "expect": {"value": "2000"}},
            {"name": "container", "container": "stack/api"}, *health]
        self.edit(release)
        write(path, json.dumps(release))
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.root, "dist"), "--key", self.key))["bundle"]

    def compose(self, services):
        return {"services": services}

    def edit(self, release):
        """What a kind of platform has beside that."""

    def switching(self):
        """When each transaction may be seen: from its first step that can be to its end."""
        folder = os.path.join(self.site, "state/journal")
        times = []
        for name in sorted(os.listdir(folder), key=lambda name: int(name.split(".")[0])):
            with open(os.path.join(folder, name), "rb") as source:
                records = [json.loads(line) for line in source.read().rstrip(b"\0").splitlines()]
            seen = {step["id"] for step in records[0]["detail"]["steps"] if step["phase"] == "activate"}
            began = next(each for each in records if each.get("step") in seen)
            times.append((seconds(began["time"]), seconds(records[-1]["time"]) + 1))
        return times

    def page(self):
        return fetch(self.port, "index.html")

    def api(self, path="version"):
        return fetch(self.port, f"api/{path}")


def seconds(text):
    """Of a record's time, which is in whole ones."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=datetime.timezone.utc).timestamp()


class Nginx:
    """Serves the assets, and the stack below /api/."""

    included = ""  # in the server

    def __init__(self, platform):
        need("nginx")
        self.folder = os.path.join(platform.root, "nginx")
        os.makedirs(self.folder)
        config = os.path.join(self.folder, "nginx.conf")
        write(config, f"""
daemon off; user root; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {self.folder}/a; proxy_temp_path {self.folder}/b;
  fastcgi_temp_path {self.folder}/c; uwsgi_temp_path {self.folder}/d; scgi_temp_path {self.folder}/e;
  # The second is there where a stack has two that take turns.
  upstream api {{
    server 127.0.0.1:{platform.ports["API_PORT"]} max_fails=0;
    server 127.0.0.1:{platform.ports["WEB_PORT"]} max_fails=0;
  }}
  server {{
    listen 127.0.0.1:{platform.port};
    location / {{ root {platform.target("web")}/current; }}
    location /api/ {{ proxy_pass http://api/; }}
    {self.included.format(etc=platform.target("etc"))}
  }}
}}
""")
        self.process = subprocess.Popen(["nginx", "-p", self.folder, "-c", config],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def said(self):
        with open(f"{self.folder}/error.log", encoding="utf-8") as source:
            return source.read()[-4000:]

    def close(self):
        self.process.terminate()
        self.process.wait()


class Visitor(threading.Thread):
    """Asks for a page and for the API, over and over, and remembers what failed when."""

    def __init__(self, platform):
        super().__init__(daemon=True)
        self.platform, self.stopped = platform, threading.Event()
        self.asked = 0
        self.failed = {"page": [], "api": []}

    def run(self):
        while not self.stopped.is_set():
            for what, ask in (("page", self.platform.page), ("api", self.platform.api)):
                began = time.time()
                self.asked += 1
                if ask() is None:
                    self.failed[what].append((began, time.time()))
            time.sleep(0.01)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()


class PlatformTest(StackTest):
    kind = DockerCompose
    drifting = ("database",)  # components that may differ from their release

    @classmethod
    def setUpClass(cls):
        need("psql")
        super().setUpClass()
        cls.server = Postgres()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.server.close()

    def setUp(self):
        database = "app_" + os.urandom(4).hex()
        self.server.sql("postgres", f"CREATE DATABASE {database};")
        self.road = self.platform = Platform(self.engine, self.words, self.server, database)
        self.addCleanup(self.platform.close)
        self.addCleanup(self.empty)
        self.nginx = Nginx(self.platform)
        self.addCleanup(self.nginx.close)

    def serves(self, number, why=""):
        version = f"1.{number}.0"
        self.assertEqual((self.platform.page(), self.platform.api()),
                         (f"page {version}\n", f"api {version}"), why)
        self.assertEqual(self.platform.answer("status")["current"]["version"], version, why)
        # A database that is ahead of a release that came back is what the release declares.
        drift = json.loads(subprocess.run([INSTALLER, "--json", "--site", self.platform.site, "drift"],
                                          stdout=subprocess.PIPE, check=False).stdout)
        self.assertEqual([row for row in drift["differences"] if row["component"] not in self.drifting], [],
                         why)
        health = self.platform.answer("health")
        self.assertEqual({row["result"] for row in health["results"]}, {"healthy"}, f"{why}: {health}")
        self.assertEqual(self.platform.leftovers(), [], why)


@unittest.skipIf("SEALIFT_ROUNDS" in os.environ, "only the killing is asked for")
class Upgrades(PlatformTest):
    def test_an_upgrade_and_the_way_back_are_seen_only_where_they_switch(self):
        self.apply(self.platform.bundle(0))
        self.serves(0)
        second = self.platform.bundle(1)
        with Visitor(self.platform) as visitor:
            time.sleep(0.5)
            began = time.time()
            self.apply(second)
            self.platform.installer("rollback", "--yes")
            took = time.time() - began
            time.sleep(0.5)
        self.serves(0)
        self.assertEqual(visitor.failed["page"], [], "assets are there without a gap")
        self.assertLess(len(visitor.failed["api"]), visitor.asked / 4)
        self.fails_only_while_switching(visitor)
        print(f"{visitor.asked} requests over an upgrade and a rollback of {took:.1f} s: pages failed "
              f"0, the API {len(visitor.failed['api'])} while its one container was replaced twice")

    def fails_only_while_switching(self, visitor):
        """The one container of the API is replaced: its window is that of the switch."""
        times = self.platform.switching()
        for began, ended in visitor.failed["api"]:
            self.assertTrue(any(first <= ended and began <= last for first, last in times),
                            f"failed from {began} to {ended}, switched in {times}")

    def test_two_that_take_turns_have_no_gap(self):
        """Where one waits for the other, and the proxy tries both, no request fails at all."""
        check = ["CMD", "/bin/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1/healthz"]
        turns = {"command": DRAINS, "healthcheck": {"test": check, "interval": "500ms", "timeout": "5s", "retries": 10}}
        services = {"api": service(API, "{{API_PORT}}", **turns),
                    "api2": service(API, "{{WEB_PORT}}", **turns, depends_on={
                        "api": {"condition": "service_healthy"}})}
        self.apply(self.platform.bundle(0, services=services))
        second = self.platform.bundle(1, services=services)
        with Visitor(self.platform) as visitor:
            time.sleep(0.5)
            self.apply(second)
            self.platform.installer("rollback", "--yes")
            time.sleep(0.5)
        self.serves(0)
        print(f"{visitor.asked} requests while two that take turns were replaced twice: "
              f"{len(visitor.failed['page'])} pages and {len(visitor.failed['api'])} of the API failed")
        self.assertEqual(visitor.failed, {"page": [], "api": []}, self.nginx.said())

    def test_images_are_loaded_while_files_are_unpacked(self):
        """An engine that waits for the files before it takes an image gets them."""
        slow = os.path.join(self.platform.root, "slow-engine")
        write(slow, f"""#!/bin/sh
case " $* " in *" load "*)
  rounds=0
  until ls {self.platform.target("web")}/releases/* >{slow}.said 2>&1; do
    rounds=$((rounds + 1))
    [ $rounds -lt 100 ] || {{ echo "no files came meanwhile" >&2; exit 1; }}
    sleep 0.1
  done
  [ ! -e {slow}.full ] || {{ echo "the engine's disk is full" >&2; exit 1; }} ;;
esac
exec {" ".join(self.engine.command)} "$@"
""")
        os.chmod(slow, 0o755)
        self.platform.change_site(lambda site: site["targets"]["images"].update(command=[slow]))
        self.apply(self.platform.bundle(0))
        self.serves(0)
        self.assertTrue(os.path.exists(f"{slow}.said"), "no image was loaded")
        # Where one of them fails, both are taken back.
        write(f"{slow}.full", "")
        self.assertIn("the engine's disk is full",
                      self.platform.refused("apply", self.platform.bundle(1), "--yes", status=9))
        self.serves(0)

    def fails(self, number, said, **bundle):
        """An upgrade that fails; the first release serves again, and nothing is left over."""
        bundle = self.platform.bundle(number, **bundle)
        with Visitor(self.platform) as visitor:
            text = self.platform.refused("apply", bundle, "--yes", status=9)
        self.assertIn(said, text)
        self.assertRegex(text, "everything else was undone, the database main keeps 1 migration of "
                               f"1.{number}.0 .*; release 1.0.0 serves again")
        self.serves(0, said)
        self.assertEqual(visitor.failed["page"], [], said)
        self.fails_only_while_switching(visitor)

    def test_what_does_not_serve_goes_back_by_itself(self):
        self.apply(self.platform.bundle(0))
        self.fails(1, "found status 404", image=api_image("1.1.0", healthy=False))
        self.fails(2, "has ended with status 1", compose_command="exit 1")
        if ALL:  # cli/health_test.py shows in CI what a check can find
            self.fails(3, 'found "1.1.9"', image=api_image("1.3.0", says="1.1.9"))
            self.fails(4, "took longer than 150 ms", image=api_image("1.4.0", answer=SLOW), health=[
                {"name": "fast", "http": "http://127.0.0.1:{{API_PORT}}/cgi-bin/search",
                 "latency": {"requests": 5, "p95": "150ms"}}])
        self.apply(self.platform.bundle(5))
        self.serves(5)

    def test_a_database_that_goes_down_meanwhile(self):
        self.apply(self.platform.bundle(0))
        stop = " ".join([*self.server.as_user, os.path.join(self.server.bin, "pg_ctl"), "-D",
                         self.server.data, "-m", "immediate", "stop"])
        write(os.path.join(self.platform.project, "stop.sh"),
              f"#!/bin/sh\ncd /\n{stop} >/dev/null 2>&1\nexit 0\n")
        bundle = self.platform.bundle(1, health=[{"name": "stop", "exec": ["./stop.sh"],
                                                  "stable": "3s", "every": "5s"}])
        try:
            text = self.platform.refused("apply", bundle, "--yes", status=10)
        finally:
            self.server.start()
        # The old release is back, and sick as well: a person has to know.
        self.assertIn("db", text)
        self.platform.installer("recover")
        self.serves(0)


class Killed(PlatformTest):
    def drop_late_images(self):
        """An engine goes on loading though its client was killed: prune sees to what is late."""
        for row in self.platform.leftovers():
            self.assertIn("sealift-installer prune", row["mend"])
            self.platform.installer("-q", "prune")

    def test_killed_at_random_times(self):
        """Whatever was cut off, after `recover` one release stands, whole and healthy."""
        chance = random.Random(SEED)
        self.apply(self.platform.bundle(0))
        began = time.time()
        self.apply(self.platform.bundle(1))
        whole = time.time() - began
        self.serves(1)
        stands, ended, directions = 1, {"old": 0, "new": 0}, {"back": 0, "forward": 0}
        for number in range(2, 2 + ROUNDS):
            bundle = self.platform.bundle(number)
            moment = chance.uniform(0, whole)
            direction = chance.choice(["back", "back", "forward"])
            why = f"seed {SEED}, round {number - 1}, killed after {moment:.2f} s, {direction}"
            running = subprocess.Popen([INSTALLER, "--site", self.platform.site, "-q", "apply",
                                        bundle, "--yes"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                running.wait(moment)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            try:
                self.platform.installer("-q", "recover", "--lock-timeout", "10",
                                        f"--{direction}")
            except AssertionError as error:
                raise AssertionError(f"{why}: {error}") from error
            found = int(self.platform.answer("status")["current"]["version"].split(".")[1])
            self.assertIn(found, (stands, number), why)
            self.drop_late_images()
            self.serves(found, why)
            ended["new" if found == number else "old"] += 1
            directions[direction] += 1
            stands = found
        print(f"killed {ROUNDS} times within {whole:.1f} s (seed {SEED}, {directions}): the old "
              f"release stood and was healthy {ended['old']} times, the new one {ended['new']} times")
        self.assertEqual(sum(ended.values()), ROUNDS)


if __name__ == "__main__":
    main()
