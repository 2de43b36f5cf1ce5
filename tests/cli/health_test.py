#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A release stands when it is healthy. A real HTTP server answers as the files of the release say; one
whose checks do not hold goes back by itself, and the release before is proved to serve again."""

import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from road import BUILDER, INSTALLER, SOURCE, RoadTest, errors, main, need, run, write

SMOKE = """#!/bin/sh
test "$PORT" = {port} || {{ echo "port $PORT"; exit 3; }}
test "$SEALIFT_RELEASE" = chanuka || exit 4
test -z "$HOME$SECRET_OF_OURS" || {{ echo "found more than was said: $HOME"; exit 5; }}
case $(cat {root}/smoke 2>/dev/null) in
  endless) yes ;;
  sleep) sleep 60 & sleep 60 ;;
  fail) echo "the basket is empty"; exit 7 ;;
esac
"""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        app = self.server.app
        app.requests.append(self.path)
        app.credentials |= bool(self.headers.get("authorization") or self.headers.get("cookie"))
        if len(app.requests) == app.flap:
            self.answer(503, b"flap")
        elif app.mode == "ok":
            with open(app.version_file, "rb") as body:
                self.answer(200, body.read(), [("content-type", "application/json; charset=utf-8")])
        elif app.mode == "503":
            self.answer(503, b"out of order\n")
        elif app.mode == "no json":
            self.answer(200, b"<html>")
        elif app.mode == "redirect":
            self.answer(302, b"", [("location", "/elsewhere")])
        elif app.mode == "slow":
            time.sleep(0.15)
            app.mode = "ok"
            self.do_GET()
            app.mode = "slow"
        elif app.mode == "huge":
            self.send_response(200)
            self.send_header("content-length", str(1 << 30))
            self.end_headers()
            try:
                for _ in range(1 << 10):
                    self.wfile.write(b"x" * (1 << 20))
            except OSError:
                pass
        elif app.mode == "loris":
            self.send_response(200)
            self.send_header("content-length", "100000")
            self.end_headers()
            try:
                for _ in range(1000):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.05)
            except OSError:
                pass


class App:
    """The application: it answers with what the release put into version.json."""

    def __init__(self, version_file, certificate=None):
        self.version_file = version_file
        self.mode, self.requests, self.credentials = "ok", [], False
        self.flap = 0  # the request that fails whatever the mode is
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.app = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class HealthTest(RoadTest):
    def setUp(self):
        super().setUp()
        road = self.road
        write(os.path.join(road.project, "config/version.json"),
              '{"version": "{{release.version}}", "deep": {"a/b": [1, true]}}\n')
        self.app = App(os.path.join(road.target("etc"), "current/version.json"))
        self.addCleanup(self.app.close)
        road.add_value(f"PORT: {self.app.port}")
        with open(os.path.join(road.project, "release.yaml"), encoding="utf-8") as source:
            self.text = source.read()

    def check(self, *lines):
        """The release has these checks from here on."""
        write(os.path.join(self.road.project, "release.yaml"),
              self.text + "".join(f"  - {line}\n" for line in ("health:", *lines)).replace(
                  "  - health:", "health:", 1))
        return self

    def api(self, more="within: 1s, every: 100ms"):
        return ('{name: api, http: "http://127.0.0.1:{{PORT}}/healthz", expect: {json: '
                '{"/version": "{{release.version}}"}}, ' + more + '}')

    def site(self, text):
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as out:
            out.write(text)

    def say(self, version):
        """From the next release on the application says it is of this version."""
        write(os.path.join(self.road.project, "config/version.json"), json.dumps({"version": version}))

    def results(self, *more, status=0):
        answer = self.road.answer("health", *more, status=status)
        return {each["name"]: each for each in answer["results"]}


class Releases(HealthTest):
    def test_a_release_is_checked_before_it_stands(self):
        road = self.road
        self.check(self.api("stable: 300ms, every: 100ms"))
        bundle = road.release("1.0.0")
        self.assertIn("health check  api: http", run(BUILDER, "inspect", bundle).decode())
        road.init_site()
        road.installer("apply", bundle, "--yes")
        self.assertGreaterEqual(len(self.app.requests), 2)
        self.assertFalse(self.app.credentials)
        status = road.installer("status").decode()
        self.assertIn("health at ", status)
        self.assertRegex(status, "api +healthy")
        last = road.answer("status")["health"]
        self.assertEqual([("api", "healthy")], [(e["name"], e["result"]) for e in last["results"]])
        before = len(self.app.requests)
        self.assertIn(b"already applied", road.installer("apply", bundle, "--yes"))
        self.assertEqual(before, len(self.app.requests))

    def test_a_sick_release_goes_back_and_the_old_one_is_proved(self):
        road = self.road
        self.check(self.api())
        first = road.release("1.0.0")
        road.init_site()
        road.installer("apply", first, "--yes")
        stands = road.current("etc")
        self.say("0.9.0")
        second = road.release("1.1.0")
        plan = road.installer("plan", second).decode()
        self.assertIn("stand by to check release 1.0.0 again", plan)
        self.assertIn("check health: api (up to 1 s)", plan)
        said = road.refused("apply", second, "--yes", status=9)
        self.assertIn('found "0.9.0" at /version, expected "1.1.0"', said)
        self.assertIn("everything was undone, release 1.0.0 serves again: 1 check holds", said)
        self.assertEqual(stands, road.current("etc"))
        status = road.answer("status")
        self.assertEqual("1.0.0", status["current"]["version"])
        failed = status["lastFailure"]
        self.assertEqual(("apply", "1.1.0", 2),
                         (failed["purpose"], failed["version"], failed["revision"]))
        self.assertIn('found "0.9.0" at /version, expected "1.1.0"', failed["why"])
        self.assertRegex(road.installer("status").decode(),
                         r'last failure \S+ \S+ \S+, apply 1\.1\.0.*: .*found "0\.9\.0"')
        self.assertEqual("healthy", self.results()["api"]["result"])

    def test_a_release_that_differs_in_its_checks_alone(self):
        road = self.road
        self.say("1")
        for folder, _, names in os.walk(os.path.join(road.project, "config")):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as source:
                    text = source.read()
                write(os.path.join(folder, name), text.replace("{{release.version}}", "1"))

        def release(version, found):
            self.check('{name: api, http: "http://127.0.0.1:{{PORT}}/", within: 1s, every: 100ms, '
                       f'expect: {{json: {{"/version": "{found}"}}}}}}')
            return road.release(version)
        first = release("1.0.0", "1")
        road.init_site()
        road.installer("apply", first, "--yes")
        second = release("1.1.0", "2")
        steps = road.answer("plan", second)["plan"]["steps"]
        self.assertEqual(["health", "health"], [each["component"] for each in steps], steps)
        said = road.refused("apply", second, "--yes", status=9)
        self.assertIn('found "1" at /version, expected "2"', said)
        road.installer("apply", release("1.2.0", "1"), "--yes")
        self.assertEqual("1.2.0", road.answer("status")["current"]["version"])
        road.installer("rollback", "--yes")
        self.assertEqual("1.0.0", road.answer("status")["current"]["version"])

    def test_where_the_old_release_is_sick_after_the_undo_a_person_decides(self):
        road = self.road
        self.check(self.api("within: 1s, every: 100ms, stable: 500ms"))
        first = road.release("1.0.0")
        road.init_site()
        road.installer("apply", first, "--yes")
        stands = road.current("etc")
        self.app.requests.clear()

        def fall_ill():
            while len(self.app.requests) < 2:  # the first is asked of the old release
                time.sleep(0.01)
            self.app.mode = "503"
        thread = threading.Thread(target=fall_ill, daemon=True)
        thread.start()
        said = road.refused("apply", road.release("1.1.0"), "--yes", status=10)
        thread.join()
        self.assertIn("release 1.0.0 stands again, but it is not healthy: api: found status 503", said)
        self.assertEqual(stands, road.current("etc"))
        road.refused("recover", status=10)
        self.app.mode = "ok"
        self.assertIn(b"release 1.0.0 serves again: 1 check holds", road.installer("recover"))
        self.assertFalse(road.answer("status")["unfinished"])

    def test_what_was_sick_before_is_not_asked_for(self):
        road = self.road
        self.check(self.api())
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.app.mode = "503"
        said = road.refused("apply", road.release("1.1.0"), "--yes", status=9)
        self.assertIn("release 1.0.0 stands again; no check of it held before", said)

    def test_a_rollback_is_checked_as_that_release_was(self):
        road = self.road
        self.check(self.api(), "{name: smoke, exec: [./smoke.sh], env: [PORT]}")
        write(os.path.join(road.project, "smoke.sh"),
              SMOKE.format(port=self.app.port, root=road.root))
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.check(self.api())
        os.unlink(os.path.join(road.project, "smoke.sh"))
        road.installer("apply", road.release("1.1.0"), "--yes")
        self.assertEqual(["api"], list(self.results()))
        road.installer("rollback", "--yes")
        self.assertEqual(["api", "smoke"], list(self.results()))
        write(os.path.join(road.root, "smoke"), "fail")
        self.assertIn("the basket is empty", self.results(status=20)["smoke"]["found"])

    def test_one_interrupt_ends_the_waiting_and_goes_back(self):
        road = self.road
        self.check(self.api())
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.check(self.api("within: 60s"))
        self.say("0.9.0")
        bundle = road.release("1.1.0")
        self.app.requests.clear()
        with subprocess.Popen([INSTALLER, "--site", road.site, "apply", bundle, "--yes"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as apply:
            while len(self.app.requests) < 2:
                time.sleep(0.05)
            apply.send_signal(signal.SIGINT)
            _, said = apply.communicate(timeout=20)
        self.assertEqual(130, apply.returncode, said)
        self.assertIn(b"release 1.0.0 serves again", said)

    def kill_while_checking(self, bundle):
        self.app.requests.clear()
        with subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as apply:
            while len(self.app.requests) < 2:  # the first is asked of the old release
                time.sleep(0.02)
            apply.kill()

    def test_killed_while_it_is_checked_both_ways_lead_to_a_healthy_release(self):
        road = self.road
        self.check(self.api("within: 1s, every: 100ms, stable: 2s"))
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        bundle = road.release("1.1.0")
        for way, stands in (((), "1.0.0"), (("--forward",), "1.1.0")):
            with self.subTest(way=way):
                self.kill_while_checking(bundle)
                road.installer("recover", *way)
                self.assertEqual(stands, road.answer("status")["current"]["version"])
                self.assertEqual("healthy", self.results()["api"]["result"])

    def test_recover_does_not_go_on_to_a_sick_release(self):
        road = self.road
        self.check(self.api("within: 1s, every: 100ms, stable: 2s"))
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.kill_while_checking(road.release("1.1.0"))
        self.app.mode = "503"
        self.assertIn("found status 503", road.refused("recover", "--forward", status=10))
        self.app.mode = "ok"
        road.installer("recover")
        self.assertEqual("1.0.0", road.answer("status")["current"]["version"])


class Probes(HealthTest):
    def test_each_probe_says_what_it_found(self):
        road = self.road
        write(os.path.join(road.project, "smoke.sh"),
              SMOKE.format(port=self.app.port, root=road.root))
        self.check(
            '{name: api, http: "http://127.0.0.1:{{PORT}}/", timeout: 500ms, expect: {status: 200, '
            'headers: {content-type: application/json}, body: deep, '
            'json: {"/version": "{{release.version}}", "/deep/a~1b/1": true}}}',
            '{name: plain, http: "http://127.0.0.1:{{PORT}}/plain", timeout: 500ms}',
            '{name: fast, http: "http://127.0.0.1:{{PORT}}/fast", latency: {requests: 20, p95: 100ms}, '
            'within: 1s}',
            '{name: port, tcp: "127.0.0.1:{{PORT}}", within: 1s}',
            '{name: db, sql: main, query: "select count(*) from t", expect: {value: 2}}',
            '{name: smoke, exec: [./smoke.sh], env: [PORT], timeout: 1s}')
        road.init_site()
        database = os.path.join(road.root, "main.db")
        connection = sqlite3.connect(database)
        connection.executescript("create table t (a); insert into t values (1), (2);")
        connection.close()
        bundle = road.release("1.0.0")
        self.assertIn("health check db: the site has no database main",
                      road.refused("apply", bundle, "--yes", status=6))
        self.site(f"\ndatabases: {{main: {{driver: sqlite, path: {database}}}}}\n")
        os.environ["SECRET_OF_OURS"] = "1"
        road.installer("apply", bundle, "--yes")
        self.assertEqual({"healthy"}, {each["result"] for each in self.results("--wait").values()})

        def found(name, mode):
            self.app.mode = mode
            result = self.results(status=20)[name]
            self.app.mode = "ok"
            self.assertEqual("unhealthy", result["result"])
            self.assertLess(result["milliseconds"], 1500)
            return result["found"]

        self.assertIn('found status 503, expected 200', found("api", "503"))
        self.assertIn('body "out of order', found("api", "503"))
        self.assertIn("expected JSON", found("api", "no json"))
        self.assertIn("found status 302, expected 200 to 299", found("plain", "redirect"))
        self.assertNotIn("/elsewhere", self.app.requests)
        self.assertIn("body of over 1 MiB", found("api", "huge"))
        self.assertIn("no answer in time", found("plain", "loris"))

        self.app.mode = "slow"
        slow = self.results("--wait", status=20)["fast"]["found"]
        self.app.mode = "ok"
        self.assertIn("2 of 2 requests took longer than 100 ms", slow)

        for mode, expected in (("fail", "status 7: the basket is empty"),
                               ("sleep", "no end after 1 s"), ("endless", "no end after 1 s")):
            write(os.path.join(road.root, "smoke"), mode)
            self.assertIn(expected, self.results(status=20)["smoke"]["found"])
        os.unlink(os.path.join(road.root, "smoke"))

        connection = sqlite3.connect(database)
        connection.execute("delete from t where a = 1")
        connection.commit()
        self.assertEqual('found "1", expected "2"', self.results(status=20)["db"]["found"])
        connection.execute("drop table t")
        connection.close()
        self.assertIn("no such table", self.results(status=20)["db"]["found"])

        self.app.close()
        self.assertIn("Connection refused", self.results(status=20)["port"]["found"])
        self.assertIn("Connection refused", self.results(status=20)["api"]["found"])
        self.addCleanup(setattr, self.app, "close", lambda: None)
        self.app.close = lambda: None

    def test_a_flap_begins_the_time_of_stable_anew(self):
        road = self.road
        self.check(self.api("within: 5s, every: 100ms, stable: 1s"))
        road.init_site()
        self.app.flap = 3
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.assertEqual("healthy", road.answer("status")["health"]["results"][0]["result"])
        self.assertGreater(road.answer("status")["health"]["results"][0]["milliseconds"], 1200)

    def test_tls_trusts_the_ca_of_the_site(self):
        need("openssl")
        road = self.road
        key = os.path.join(road.root, "tls.pem")
        cert = os.path.join(road.root, "ca.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert)
        with open(key, "a", encoding="utf-8") as out, open(cert, encoding="utf-8") as source:
            out.write(source.read())
        secure = App(self.app.version_file, key)
        self.addCleanup(secure.close)
        self.check(f'{{name: api, http: "https://localhost:{secure.port}/", within: 500ms, '
                   'expect: {body: "{{PORT}}"}}')
        write(os.path.join(road.project, "config/version.json"), '"{{PORT}}"')
        bundle = road.release("1.0.0")
        road.init_site()
        self.assertIn("its certificate is not trusted", road.refused("apply", bundle, "--yes", status=9))
        self.site(f"\nhealth: {{ca: {cert}}}\n")
        road.installer("apply", bundle, "--yes")


class PostgreSQL(HealthTest):
    def test_a_database_is_asked_and_cannot_be_written_to(self):
        sys.path.insert(0, os.path.join(SOURCE, "tests/databases"))
        from vault import Postgres  # pylint: disable=import-outside-toplevel
        road = self.road
        server = Postgres()
        self.addCleanup(server.close)
        server.sql("postgres", "create table t (a int); insert into t values (7)")
        self.check('{name: db, sql: main, query: "select a, {{PORT}} from t", expect: {value: 7}, '
                   'within: 1s, timeout: 2s}',
                   '{name: sly, sql: main, query: "with w as (insert into t values (8) returning a) '
                   'select a from w", within: 0s}')
        road.init_site()
        self.site(f"\ndatabases: {{main: {{driver: postgresql, url: \"{server.url('postgres')}\"}}}}\n")
        said = road.refused("apply", road.release("1.0.0"), "--yes", status=9)
        self.assertIn("sly: postgres: ERROR:  cannot execute SELECT in a read-only transaction", said)
        self.assertEqual("7", server.sql("postgres", "select a from t"))
        self.check('{name: db, sql: main, query: "select a, {{PORT}} from t", expect: {value: 7}, '
                   'within: 1s, timeout: 2s}')
        road.installer("apply", road.release("1.0.1"), "--yes")
        server.sql("postgres", "update t set a = 9")
        self.assertEqual('found "9", expected "7"', self.results(status=20)["db"]["found"])
        server.stop()
        self.assertIn("connection to server", self.results(status=20)["db"]["found"])


class Mistakes(HealthTest):
    def mistakes(self, *checks):
        self.check(*checks)
        path = os.path.join(self.road.project, "release.yaml")
        return errors(BUILDER, "validate", path, status=3)

    def test_all_mistakes_are_told_at_once_with_their_lines(self):
        said = self.mistakes(
            '{name: a, http: "http://x/", tcp: "x:1"}',
            '{name: b, tcp: "x:1", expect: {json: {"/a": 1}}}',
            '{name: b, sql: main}',
            '{name: d, exec: [../x.sh, ./../y.sh], every: 1ms}',
            '{name: e, http: "http://x/", expect: {json: {"a": 1}}, latency: {requests: 5, p95: 5m}}',
            '{name: f, container: server}',
            '{name: g, tcp: "x:1", within: soon, every: 1s, stable: 2h, timeout: 90m}')
        for expected in ("health[0]: expected just one of http, tcp, sql, exec, container and kubernetes",
                         "health[1].expect: found expect, which tcp does not have",
                         'health[2].name: two are named "b"',
                         "health[2]: found no query, which sql needs",
                         'found "1ms", expected a time from 100ms to 10m',
                         'found "5m", expected a time from 1ms to 1m',
                         'found "server", expected COMPONENT/SERVICE',
                         'health[6].timeout: found "90m", expected a time from 100ms to 10m'):
            self.assertIn(expected, said)
        for field in ("within", "stable"):
            self.assertEqual(1, said.count(f"health[6].{field}"), said)

    def test_values_scripts_and_components_must_be_there(self):
        said = self.mistakes('{name: a, http: "http://{{PROT}}/"}', '{name: b, exec: [x], env: [NONE]}',
                             '{name: c, container: stack/server}')
        self.assertIn('has no value named "PROT"', said)
        self.assertIn('did you mean "PORT"?', said)
        self.assertIn('has no value named "NONE"', said)
        self.assertIn('no component is named "stack"', said)
        self.assertIn("smoke.sh", self.mistakes('{name: a, exec: [./smoke.sh]}'))

    def test_a_secret_is_refused(self):
        road = self.road
        self.check('{name: a, http: "http://127.0.0.1:{{PORT}}/?{{PUBLIC_URL}}"}')
        bundle = road.release("1.0.0")
        road.init_site()
        path = os.path.join(road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            lines = [line for line in source if "PUBLIC_URL" not in line]
        secret = os.path.join(road.root, "secret")
        write(secret, "hidden")
        os.chmod(secret, 0o600)
        write(path, "".join(lines) + f"\nsecrets: {{PUBLIC_URL: {{file: {secret}}}}}\n")
        self.assertIn("health check a: uses PUBLIC_URL, which is a secret",
                      road.refused("plan", bundle, status=6))


if __name__ == "__main__":
    main()
