#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a site tells others: each act once, to a server that fails, throttles or hangs as well; carried out as a
file and forwarded twice; killed while it tells; and never a secret."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from road import INSTALLER, SOURCE, InstalledTest, Road, main, need, run, second_release, write
from sweep import killed_before_record

# What docs/events.md promises of a command whose destinations hang.
BOUND = 5


class Listener:
    """An HTTP server that remembers what it was told, and answers as `mode` says."""

    def __init__(self):
        self.told = []
        self.heads = []
        self.mode = 200
        self.retry_after = None
        self.let_go = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if listener.mode == "hang":
                    listener.let_go.wait(30)
                    return
                if listener.mode == "take and hang":
                    listener.told.append(json.loads(body))
                    listener.let_go.wait(30)
                    return
                if listener.mode == 200:
                    listener.told.append(json.loads(body))
                    listener.heads.append((self.path, dict(self.headers)))
                # One that fails says all that it was given, as some do.
                said = f"{self.path} {self.headers['Authorization']}".encode() if listener.mode != 200 else b"ok"
                self.send_response(listener.mode)
                if listener.retry_after:
                    self.send_header("Retry-After", listener.retry_after)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    def words(self):
        return [each["type"].removeprefix("dev.sealift.site.") for each in self.told]


def setUpModule():
    """A site with one release, for all cases: each has it as it was, at the same place."""
    EventsTest.road = road = Road()
    unittest.addModuleCleanup(road.close)
    road.init_site()
    EventsTest.first = road.release("1.0.0")
    EventsTest.second = road.release("1.1.0", second_release)
    road.installer("apply", EventsTest.first, "--yes")
    EventsTest.before = road.root + ".before"
    unittest.addModuleCleanup(shutil.rmtree, EventsTest.before)
    shutil.copytree(road.root, EventsTest.before, symlinks=True)


def run_refused(*command, status):
    done = subprocess.run([INSTALLER, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr.decode()


class EventsTest(InstalledTest):
    def setUp(self):
        shutil.rmtree(self.road.root)
        shutil.copytree(self.before, self.road.root, symlinks=True)
        self.listener = Listener()
        self.addCleanup(self.listener.close)
        self.log = os.path.join(self.road.root, "events.jsonl")

    def notify(self, *destinations, on="[all]"):
        """site.yaml gets these lines, in place of those that an earlier call has written."""
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as site:
            text = site.read().split("notify:\n")[0]
        lines = "".join(f"    - {each}\n" for each in destinations)
        write(path, f"{text}notify:\n  on: {on}\n  to:\n{lines}")

    def hook(self, more=""):
        return f"{{webhook: \"{self.listener.url}\"{more}}}"

    def in_file(self):
        with open(self.log, encoding="utf-8") as log:
            return [json.loads(line) for line in log]

    def waiting(self, name="webhook"):
        all_of = self.road.answer("events", "list")["destinations"]
        return next(each["waiting"] for each in all_of if each["name"] == name)

    def installer_said(self, *command, status=0, env=None):
        done = subprocess.run([INSTALLER, "--site", self.road.site, *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, env=env)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr.decode()


class Told(EventsTest):
    def test_each_act_is_told_once_and_as_the_audit_log_has_it(self):
        self.notify(self.hook(), f"{{file: {self.log}}}")
        self.road.installer("apply", self.second, "--yes", "--reason", "the search")
        self.road.installer("rollback", "--yes", "--reason", "it finds nothing")
        self.assertEqual(self.listener.words(), ["accepted", "applied", "rolled_back"])
        self.assertEqual(self.in_file(), self.listener.told)
        applied = self.listener.told[1]
        self.assertEqual(applied["specversion"], "1.0")
        self.assertEqual(applied["subject"], "chanuka-1.1.0")
        self.assertEqual(applied["data"]["details"]["reason"], "the search")
        with open(self.state("audit.jsonl"), "rb") as log:
            lines = log.read().splitlines(keepends=True)
        line = lines[int(applied["sequence"]) - 1]
        self.assertEqual(applied["id"], hashlib.sha256(line).hexdigest())
        self.assertEqual(applied["time"], json.loads(line)["time"])
        # A command that adds nothing tells nothing.
        self.road.installer("prune")
        self.road.installer("events", "send")
        self.assertEqual(len(self.listener.told), 3)
        self.assertEqual([each["id"] for each in self.road.answer("events", "list", "--all")["events"]][-3:],
                         [each["id"] for each in self.listener.told])

    def test_only_what_was_asked_for(self):
        self.notify(self.hook(), f"{{file: {self.log}, on: [rolled_back]}}", on="[applied]")
        self.road.installer("apply", self.second, "--yes")
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.listener.words(), ["applied"])
        self.assertEqual([each["type"] for each in self.in_file()], ["dev.sealift.site.rolled_back"])
        self.assertEqual((self.waiting(), self.waiting("file")), (0, 0))

    def test_who_comes_later_is_told_what_happens_from_then_on(self):
        self.notify(self.hook())
        self.road.installer("apply", self.second, "--yes")
        self.notify(self.hook(), f"{{file: {self.log}}}")
        self.road.installer("rollback", "--yes")
        self.assertEqual([each["type"] for each in self.in_file()], ["dev.sealift.site.rolled_back"])
        # Away and back again: as one that is new.
        os.remove(self.log)
        self.notify(self.hook())
        self.road.installer("apply", self.second, "--yes")
        self.notify(self.hook(), f"{{file: {self.log}}}")
        self.road.installer("rollback", "--yes")
        self.assertEqual([each["type"] for each in self.in_file()], ["dev.sealift.site.rolled_back"])
        self.assertEqual(len(self.listener.told), 6)


class Trouble(EventsTest):
    def test_a_server_that_fails_is_told_later_and_everything_in_order(self):
        self.notify(self.hook())
        self.listener.mode = 500
        said = self.installer_said("apply", self.second, "--yes")
        self.assertRegex(said, "2 events wait for webhook: .*answered 500")
        self.assertEqual(self.road.current("web")[:14], "releases/1.1.0")
        # It is left alone for a while, also by the next command.
        self.listener.mode = 200
        said = self.installer_said("rollback", "--yes")
        self.assertIn("3 events wait for webhook", said)
        self.assertEqual(self.listener.told, [])
        self.road.installer("events", "send")
        self.assertEqual(self.listener.words(), ["accepted", "applied", "rolled_back"])
        self.assertEqual(self.waiting(), 0)

    def test_a_server_that_throttles_is_left_alone_as_long_as_it_asks(self):
        self.notify(self.hook())
        self.listener.mode, self.listener.retry_after = 429, "2"
        self.installer_said("apply", self.second, "--yes")
        asked = time.monotonic()
        self.listener.mode, self.listener.retry_after = 200, None
        self.road.installer("events", "send", status=20)
        self.assertEqual(self.listener.told, [])
        time.sleep(max(0, 3.1 - (time.monotonic() - asked)))
        self.road.installer("events", "send")
        self.assertEqual(self.listener.words(), ["accepted", "applied"])

    def test_one_that_hangs_delays_nobody_but_for_the_bound(self):
        self.notify(f"{{file: {self.log}}}", "{name: pager, exec: [sleep, \"60\"]}", self.hook())
        self.listener.mode = "hang"
        began = time.monotonic()
        with subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", self.second, "--yes"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as apply:
            # The release is installed and the site free, whoever hangs.
            while not (self.road.current("web") or "").startswith("releases/1.1.0"):
                self.assertLess(time.monotonic(), began + 30)
                time.sleep(0.02)
            installed = time.monotonic()
            said = apply.communicate()[1].decode()
        self.assertEqual(apply.returncode, 0, said)
        self.assertLess(time.monotonic() - installed, BOUND + 1.5)
        self.assertIn("2 events wait for pager", said)
        self.assertIn("2 events wait for webhook", said)
        self.assertEqual([each["type"].rpartition(".")[2] for each in self.in_file()], ["accepted", "applied"])
        # Both are left alone now: nothing is lost, and no time either.
        began = time.monotonic()
        self.road.installer("rollback", "--yes")
        self.assertLess(time.monotonic() - began, 3)
        self.listener.mode = 200
        self.assertEqual(len(self.in_file()), 3)

    def test_a_kill_while_it_tells_repeats_one_event_at_most(self):
        self.notify(self.hook(), f"{{file: {self.log}}}")
        self.listener.mode = "take and hang"
        with subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", self.second, "--yes"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as apply:
            while not self.listener.told:
                time.sleep(0.01)
            apply.send_signal(signal.SIGKILL)
        self.listener.let_go.set()
        self.listener.mode = 200
        # The sender dies with the command.
        for _ in range(100):
            done = subprocess.run([INSTALLER, "--site", self.road.site, "events", "send"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            if done.returncode != 7:
                break
            time.sleep(0.05)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.listener.words(), ["accepted", "accepted", "applied"])
        self.assertEqual(self.listener.told[0], self.listener.told[1])
        # A file is looked at before it is written: there it is told once.
        self.assertEqual([each["type"].rpartition(".")[2] for each in self.in_file()], ["accepted", "applied"])

    def test_what_is_discarded_is_not_told_and_the_log_says_so(self):
        self.notify(self.hook())
        self.listener.mode = 400
        self.installer_said("apply", self.second, "--yes")
        self.assertEqual(self.waiting(), 2)
        self.listener.mode = 200
        self.assertEqual(self.road.answer("events", "discard", "--to", "webhook")["discarded"], 2)
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.listener.words(), ["rolled_back"])
        self.assertIn("events-discarded", [entry["event"] for entry in self.audit()])
        self.road.refused("events", "discard", "--to", "nobody", status=2)


class Found(EventsTest):
    def test_a_transaction_that_was_cut_off_and_drift_are_told_once_each(self):
        self.notify(self.hook())
        page = os.path.join(self.road.target("web"), "current", "index.html")
        with open(page, encoding="utf-8") as served:
            text = served.read()
        write(page, "by hand")
        for _ in range(3):
            self.road.installer("drift", status=20)
        self.assertEqual(self.listener.words(), ["drift_found"])
        self.assertEqual(self.listener.told[0]["data"]["details"]["components"], ["web"])
        write(page, text)
        for _ in range(2):
            self.road.installer("drift")
        self.assertEqual(self.listener.words(), ["drift_found", "drift_gone"])

    def test_a_transaction_that_was_cut_off_is_told_by_the_next_command(self):
        self.notify(self.hook())
        need("strace")
        for record in range(6, 60):
            killed_before_record(self.road, ["apply", self.second, "--yes"], record)
            done = subprocess.run([INSTALLER, "--site", self.road.site, "prune"], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, check=False)
            if done.returncode == 10:
                break
        self.assertEqual(done.returncode, 10, done.stderr)
        self.road.installer("prune", status=10)
        self.assertEqual(self.listener.words().count("needs_operator"), 1)
        told = self.listener.told[-1]["data"]
        self.assertEqual(told["details"]["version"], "1.1.0")
        self.assertIn("was cut off", told["text"])
        self.road.installer("recover", "--yes")
        self.assertEqual(self.listener.words()[-1], "recovered")
        self.assertEqual(self.road.answer("audit", "verify")["findings"], [])

    def test_a_certificate_that_is_about_to_expire_is_told_once(self):
        need("openssl")
        folder = os.path.join(self.road.root, "tls")
        os.makedirs(folder)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{folder}/web.key", "-out", f"{folder}/web.pem", "-days", "9", "-subj", "/CN=web")
        self.notify(self.hook())
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"tls: {{web: {{certificate: {folder}/web.pem, key: {folder}/web.key}}}}\n")
        for _ in range(2):
            self.road.installer("events", "send")
        self.assertEqual(self.listener.words(), ["expiring"])
        self.assertEqual(self.listener.told[0]["data"]["details"]["what"], "certificate web")


class Carried(EventsTest):
    def test_a_week_of_events_is_carried_out_and_forwarded_twice_and_told_once(self):
        out = os.path.join(self.road.root, "out.jsonl")
        for _ in range(3):
            self.road.installer("apply", self.second, "--yes")
            self.road.installer("rollback", "--yes")
        self.assertEqual(self.road.answer("events", "export", "-o", out)["events"], 12)
        desk = os.path.join(self.road.root, "desk.yaml")
        write(desk, f"schema: 1\nnotify:\n  on: [applied, rolled_back]\n  to:\n    - {self.hook()}\n"
                    f"    - {{file: {self.log}, on: [all]}}\n")

        def forward(file, status=0):
            answer = run(INSTALLER, "--json", "events", "forward", file, "--to", desk, status=status)
            return [(each["name"], each["told"], each["known"], each["waiting"])
                    for each in json.loads(answer)["destinations"]]

        self.assertEqual(forward(out), [("webhook", 7, 0, 0), ("file", 12, 0, 0)])
        self.assertEqual(forward(out), [("webhook", 0, 7, 0), ("file", 0, 12, 0)])
        # A file with the same events and one more, and a desk that was away meanwhile.
        self.road.installer("apply", self.second, "--yes")
        self.assertEqual(self.road.answer("events", "export", "-o", out + ".2")["events"], 2)
        self.assertEqual(self.road.answer("events", "export", "-o", out + ".3", "--all")["events"], 14)
        self.listener.mode = 503
        self.assertEqual(forward(out + ".3", status=20), [("webhook", 0, 7, 1), ("file", 2, 12, 0)])
        self.listener.mode = 200
        self.assertEqual(forward(out + ".2"), [("webhook", 1, 0, 0), ("file", 0, 2, 0)])
        ids = [each["id"] for each in self.listener.told]
        self.assertEqual(len(ids), 8)
        self.assertEqual(len(set(ids)), 8)
        self.assertEqual([each["data"]["site"] for each in self.in_file()],
                         [self.road.answer("status")["site"]] * 14)
        # What is no file of events is refused, and says in which line.
        with open(out, "a", encoding="utf-8") as more:
            more.write("{}\n")
        self.assertIn(f"{out}:13", run_refused("events", "forward", out, "--to", desk, status=5))


class Service:
    """A server that speaks for Datadog and for Sentry, as far as their API documents say; `bad` is what it
    found wrong. `answers` are statuses that it gives before anything else, each once, to one of both."""

    def __init__(self):
        self.events, self.deployments, self.releases, self.deploys = [], [], {}, []
        self.bad, self.answers, self.reset = [], {"datadog": [], "sentry": []}, None
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(lambda _: (200, service.deploys))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(lambda path: service.take(path, body))

            def answer(self, act):
                is_datadog = self.path.startswith("/api/v")
                answers = service.answers["datadog" if is_datadog else "sentry"]
                status, said = (answers.pop(0), []) if answers else (None, None)
                token = self.headers["DD-API-KEY"] if is_datadog else self.headers["Authorization"]
                if token != ("key-1" if is_datadog else "Bearer token-2"):
                    # As some do, and just where the installer cuts what it shows.
                    status, said = 403, {"errors": ["x" * 283 + token.removeprefix("Bearer ")]}
                if status is None:
                    status, said = act(self.path)
                text = json.dumps(said).encode()
                self.send_response(status)
                if service.reset and status == 429:
                    self.send_header("X-RateLimit-Reset", service.reset)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def need(self, body, **fields):
        """Each field is there and of its type, as the API's document has it."""
        self.bad += [f"{name}: {body.get(name)!r}" for name, kind in fields.items()
                     if not isinstance(body.get(name), kind)]

    def take(self, path, body):
        if path == "/api/v1/events":
            self.need(body, title=str, text=str, alert_type=str, tags=list, aggregation_key=str)
            too_old = body.get("date_happened", time.time()) < time.time() - 18 * 3600
            if too_old or len(body["aggregation_key"]) > 100 or len(body["text"]) > 4000:
                self.bad.append(body)
            self.events.append(body)
            return 202, {"status": "ok"}
        if path == "/api/v2/dora/deployment":
            attributes = body["data"]["attributes"]
            self.need(attributes, service=str, started_at=int, finished_at=int, env=str, version=str, id=str,
                      custom_tags=list)
            if not 16 <= len(attributes["id"]) <= 128:
                self.bad.append(attributes)
            self.deployments.append(attributes)
            return 202, {"data": {"id": attributes["id"], "type": "dora_deployment"}}
        releases = "/api/0/organizations/chanuka/releases/"
        if path == releases:
            self.need(body, version=str, projects=list)
            known = body["version"] in self.releases
            self.releases[body["version"]] = body["projects"]
            return 208 if known else 201, body
        version = path.removeprefix(releases).removesuffix("/deploys/").replace("%40", "@")
        if version not in self.releases:
            return 404, {"detail": "The requested resource does not exist"}
        self.need(body, environment=str, name=str, dateFinished=str)
        if len(body["name"]) > 64:
            self.bad.append(body)
        self.deploys.append({"release": version, **body})
        return 201, body


class Services(EventsTest):
    """Datadog and Sentry."""

    def setUp(self):
        super().setUp()
        self.service = Service()
        self.addCleanup(self.service.close)

    def tokens(self):
        for name, text in (("datadog", "key-1"), ("sentry", "token-2")):
            path = os.path.join(self.road.root, name)
            write(path, text + "\n")
            os.chmod(path, 0o600)
            yield path

    def destinations(self):
        datadog, sentry = self.tokens()
        return (f"{{datadog: {{api: \"{self.service.url}\", service: chanuka-web, tags: [team:web]}}, "
                f"token: {{file: {datadog}}}}}",
                f"{{sentry: {{url: \"{self.service.url}\", organization: chanuka, projects: [web, server]}}, "
                f"token: {{file: {sentry}}}}}")

    def test_releases_and_deployments(self):
        self.notify(*self.destinations())
        self.assertNotIn("wait", self.installer_said("apply", self.second, "--yes", "--reason", "the search"))
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.service.bad, [])
        self.assertEqual([(each["title"], each["alert_type"]) for each in self.service.events],
                         [("chanuka-1.1.0 accepted", "info"), ("chanuka-1.1.0 applied", "success"),
                          ("chanuka-1.0.0 rolled_back", "warning")])
        for tag in ("event:applied", "release:chanuka", "env:production", "version:1.1.0", "service:chanuka-web",
                    "team:web"):
            self.assertIn(tag, self.service.events[1]["tags"])
        self.assertEqual([(each["service"], each["version"]) for each in self.service.deployments],
                         [("chanuka-web", "1.1.0"), ("chanuka-web", "1.0.0")])
        self.assertEqual(self.service.releases, {"chanuka@1.1.0": ["web", "server"],
                                                 "chanuka@1.0.0": ["web", "server"]})
        self.assertEqual([(each["release"], each["environment"]) for each in self.service.deploys],
                         [("chanuka@1.1.0", "production"), ("chanuka@1.0.0", "production")])

    def test_what_was_told_before_a_cut_is_told_once(self):
        self.notify(*self.destinations(), on="[applied]")
        # The deployment is taken and the event is not; the release is made and its deploy is not.
        self.service.answers = {"datadog": [202, 503], "sentry": [208, 200, 503]}
        self.service.releases["chanuka@1.1.0"] = []
        said = self.installer_said("apply", self.second, "--yes")
        self.assertEqual(said.count("1 event waits"), 2, said)
        self.road.installer("events", "send")
        self.assertEqual((self.waiting("datadog"), self.waiting("sentry")), (0, 0))
        name = self.service.deploys[0]["name"]
        self.assertEqual(len(self.service.deploys), 1)
        self.assertRegex(name, "^sealift-[0-9a-f]{40}$")
        self.assertEqual(len({each["id"] for each in self.service.deployments}), 1)

    def test_throttled(self):
        self.notify(self.destinations()[0], on="[applied]")
        self.service.answers["datadog"], self.service.reset = [429], "120"
        said = self.installer_said("apply", self.second, "--yes")
        self.assertIn("1 event waits for datadog", said)
        self.road.installer("events", "send", status=20)
        self.assertEqual(self.waiting("datadog"), 1, "it is left alone for as long as it asks")

    def test_a_key_that_is_wrong(self):
        datadog, sentry = self.destinations()
        for path in (os.path.join(self.road.root, name) for name in ("datadog", "sentry")):
            write(path, "wrong-key\n")
        self.notify(datadog, sentry, on="[applied]")
        said = self.installer_said("apply", self.second, "--yes")
        self.assertEqual(said.count("answered 403"), 2, said)
        self.assertNotIn("xw", said, "not a part of it either")

    def test_told_late(self):
        """Datadog takes nothing that is older than 18 hours."""
        out, desk = (os.path.join(self.road.root, name) for name in ("out.jsonl", "desk.yaml"))
        self.road.installer("events", "export", "-o", out, "--all")
        with open(out, encoding="utf-8") as text:
            late = re.sub(r'"time":"[^"]*"', '"time":"2026-01-01T00:00:00Z"', text.read())
        write(out, late)
        write(desk, "schema: 1\nnotify:\n  on: [applied]\n  to:\n" +
              "".join(f"    - {each}\n" for each in self.destinations()))
        run(INSTALLER, "events", "forward", out, "--to", desk)
        self.assertEqual(self.service.bad, [])
        self.assertIn("It happened at 2026-01-01T00:00:00Z.", self.service.events[0]["text"])
        self.assertNotIn("date_happened", self.service.events[0])
        self.assertEqual(self.service.deploys[0]["dateFinished"], "2026-01-01T00:00:00Z")
        run(INSTALLER, "events", "forward", out, "--to", desk)
        self.assertEqual((len(self.service.events), len(self.service.deploys)), (1, 1))

    def test_mistakes(self):
        self.notify("{datadog: {}}", "{sentry: {organization: o, projects: [p]}, token: {file: /t}, on: [failed]}",
                    "{name: d, datadog: {site: datadoghq.eu, api: \"https://x\"}, token: {file: /t}}")
        said = self.road.refused("status", status=3)
        for words in ("found datadog without a token", "found other events in `on` of sentry", "found site and api"):
            self.assertIn(words, said)


class Means(EventsTest):
    def test_programs_mail_syslog_and_slack(self):
        heard = os.path.join(self.road.root, "heard")
        program = os.path.join(self.road.root, "tell")
        write(program, f"#!/bin/sh\n{{ echo \"$SEALIFT_EVENT $HOME\"; cat; }} >> {heard}\n")
        post = os.path.join(self.road.root, "sendmail")
        write(post, f"#!/bin/sh\ncat >> {heard}.mail\n")
        os.chmod(program, 0o755)
        os.chmod(post, 0o755)
        token = os.path.join(self.road.root, "slack.token")
        write(token, "T0/B0/secret-of-slack\n")
        os.chmod(token, 0o600)
        place = os.path.join(self.road.root, "log.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind(place)
            log.settimeout(10)
            address = self.listener.url.replace("/hook", "/services/{token}")
            self.notify(f"{{exec: [{program}]}}",
                        f"{{mail: {{to: [ops@example.org], from: site@example.org, command: [{post}]}}}}",
                        f"{{syslog: {{socket: {place}}}}}",
                        f"{{slack: \"{address}\", token: {{file: {token}}}}}", on="[applied]")
            said = self.installer_said("apply", self.second, "--yes", "--reason", "<a|b> & c")
            self.assertEqual(said.count("waits"), 0, said)
            line = log.recv(65536).decode()
        self.assertRegex(line, r"^<13>sealift-installer\[\d+\]: applied: chanuka 1\.1\.0 was applied")
        with open(heard, encoding="utf-8") as text:
            first, event = text.read().splitlines()
        self.assertEqual(first, "applied ")
        self.assertEqual(json.loads(event)["type"], "dev.sealift.site.applied")
        with open(heard + ".mail", encoding="utf-8") as text:
            mail = text.read()
        self.assertIn("To: ops@example.org\nFrom: site@example.org\n", mail)
        self.assertIn("Subject: [production] chanuka-1.1.0 applied\n", mail)
        self.assertIn("&lt;a|b&gt; &amp; c", self.listener.told[0]["text"])
        self.assertEqual(self.listener.heads[0][0], "/services/T0/B0/secret-of-slack")

    def test_mistakes_of_site_yaml_are_said_all_at_once(self):
        self.notify("{webhook: \"https://x/\", file: /a}", "{slack: \"https://x/y\"}", "{file: /a}", "{file: /b}",
                    "{exec: [a], token: {file: /t}}")
        said = self.road.refused("status", status=3)
        for words in ("found none or several of file", "found no {token}", "found the name file twice",
                      "which exec does not have"):
            self.assertIn(words, said)


class Canary(EventsTest):
    """Secrets of every sort, each with a word that must be found nowhere."""

    def plant(self, name, text):
        path = os.path.join(self.road.root, "secrets", name)
        write(path, text)
        os.chmod(path, 0o600)
        return path

    def test_no_secret_is_in_what_is_told_kept_or_said(self):
        token, part = self.plant("token", "canary-token-1\n"), self.plant("part", "canary-part-2")
        address = self.listener.url.replace("/hook", "/services/{token}")
        self.notify(self.hook(f", token: {{file: {token}}}"), f"{{slack: \"{address}\", token: {{file: {part}}}}}",
                    f"{{name: second, slack: \"{address}\", token: {{secret: HOOK}}}}", f"{{file: {self.log}}}")
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"secrets: {{HOOK: {{file: {self.plant('hook', 'canary-hook-3')}}}}}\n")
        self.listener.mode = 500
        said = self.installer_said("apply", self.second, "--yes", "--set", "PUBLIC_HOST=canary.set-4")
        self.assertEqual(said.count("events wait"), 3, said)
        self.assertIn("/services/{token} Bearer", said.replace("None", "Bearer"))
        out = os.path.join(self.road.root, "out.jsonl")
        self.road.installer("events", "export", "-o", out)
        for words in (["events", "list", "--all", "--json"], ["events", "send"], ["metrics"], ["status", "--json"]):
            done = subprocess.run([INSTALLER, "--site", self.road.site, *words], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            said += done.stdout.decode()
        for path in (out, self.log):
            with open(path, encoding="utf-8") as text:
                told = text.read()
            self.assertNotIn("canary", told)
        self.assertNotIn("canary-", said)
        found = subprocess.run(["grep", "-rlE", "canary-", self.state("")], stdout=subprocess.PIPE, check=False)
        self.assertEqual(found.stdout, b"")
        # They do arrive where they belong.
        self.listener.mode = 200
        self.road.installer("events", "send")
        paths = {path for path, _ in self.listener.heads}
        self.assertEqual(paths, {"/hook", "/services/canary-part-2", "/services/canary-hook-3"})
        self.assertIn("Bearer canary-token-1", [head.get("authorization") for _, head in self.listener.heads])


    def test_a_support_bundle_has_no_secret_and_no_account(self):
        hook = self.plant("hook", "canary-hook-3\n")
        key = self.plant("key", "-----BEGIN PRIVATE KEY-----\ncanaryMIIEvQIBADANBgkq\n"
                                "canaryhkiG9w0BAQEFAA\n-----END PRIVATE KEY-----\n")
        self.notify(self.hook(f", token: {{file: {self.plant('token', 'canary-token-1')}}}"))
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"secrets: {{HOOK: {{file: {hook}}}, KEY: {{file: {key}}}}}\n")
        # Where people put them against all advice: a reason, a name, an account, a value.
        environment = {**os.environ, "SUDO_USER": "anna-schmidt"}
        self.installer_said("apply", self.second, "--yes", "--reason", "with canary-hook-3 of Anna", env=environment)
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write("# canary-token-1, and in base64: Y2FuYXJ5LWhvb2stMw==; canaryMIIEvQIBADANBgkq\n")
        out = os.path.join(self.road.root, "support.json")
        answer = self.road.answer("support-bundle", "-o", out)
        self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)
        for name in ("HOOK", "KEY", "token of webhook", "site.key", "site.age"):
            self.assertIn(name, answer["masked"])
        with open(out, encoding="utf-8") as text:
            said = text.read()
        for word in ("canary-", "canaryMIIEvQ", "Y2FuYXJ5LWhvb2st", "anna-schmidt", "AGE-SECRET-KEY"):
            self.assertNotIn(word, said)
        sections = {each["name"]: each["content"] for each in json.loads(said)["sections"]}
        self.assertIn("[secret token of webhook]", sections["site.yaml"])
        self.assertEqual(sections["state"]["current"]["version"], "1.1.0")
        self.assertIn("user-", sections["history"][-1]["actor"])
        self.assertTrue(sections["doctor"])
        self.assertIn("sealift_release_info", sections["metrics"])
        self.assertEqual(sections["journals"][sorted(sections["journals"])[-1]][-1]["event"], "commit")
        self.assertFalse([name for name, each in sections.items() if isinstance(each, dict) and "error" in each])
        # Elsewhere, without a site.
        shown = json.loads(run(INSTALLER, "--json", "support-bundle", "--open", out))
        self.assertIn("doctor", shown["sections"])
        self.assertIn("what", run(INSTALLER, "support-bundle", "--open", out, "--section", "doctor").decode())
        self.road.refused("support-bundle", "--open", out, "--section", "nothing", status=2)
        self.road.refused("support-bundle", status=2)


NAME = re.compile(r"\bsealift_[a-z_]+")


class Measured(EventsTest):
    def measured(self, text):
        """{name: [(labels, value)]} of the text form of Prometheus; anything else in it is a failure."""
        families, seen = {}, set()
        for line in text.splitlines():
            comment = re.fullmatch(r"# (HELP|TYPE) (sealift_[a-z_]+) (.+)", line)
            if comment:
                self.assertNotIn((comment[1], comment[2]), seen)
                seen.add((comment[1], comment[2]))
                continue
            sample = re.fullmatch(r'(sealift_[a-z_]+)'
                                  r'(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+]+)', line)
            self.assertTrue(sample, line)
            self.assertIn(("TYPE", sample[1]), seen)
            labels = dict(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', sample[2] or ""))
            families.setdefault(sample[1], []).append((labels, float(sample[3])))
        return families

    def test_a_file_behind_each_command_and_what_it_says(self):
        path = os.path.join(self.road.root, "node", "sealift.prom")
        os.makedirs(os.path.dirname(path))
        self.listener.mode = 503
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"metrics: {{file: {path}}}\n")
        self.notify(self.hook())
        before = time.time()
        self.assertNotIn("metrics", self.installer_said("apply", self.second, "--yes"))
        with open(path, encoding="utf-8") as text:
            found = self.measured(text.read())
        self.assertEqual(os.listdir(os.path.dirname(path)), ["sealift.prom"])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
        self.assertEqual(found["sealift_release_info"][0][0]["version"], "1.1.0")
        self.assertEqual(found["sealift_last_transaction_success"], [({"purpose": "apply"}, 1)])
        self.assertEqual(found["sealift_drift_components"], [({}, 0)])
        self.assertIn(({"destination": "webhook"}, 2), found["sealift_events_waiting"])
        for name in ("sealift_measured_timestamp_seconds", "sealift_release_applied_timestamp_seconds"):
            self.assertLess(abs(found[name][0][1] - before), 60)
        self.assertGreater(found["sealift_root_expiry_timestamp_seconds"][0][1], before)
        with open(os.path.join(self.road.target("web"), "current", "index.html"), "a", encoding="utf-8") as page:
            page.write("by hand")
        found = self.measured(self.road.installer("metrics").decode())
        self.assertEqual(found["sealift_drift_components"], [({}, 1)])
        # A folder that is not there fails no command.
        shutil.rmtree(os.path.dirname(path))
        self.assertIn("metrics were not written", self.installer_said("rollback", "--yes"))

    def test_an_agent_of_datadog(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
            agent.bind(("127.0.0.1", 0))
            place = f"udp://127.0.0.1:{agent.getsockname()[1]}"
            with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
                site.write(f"metrics: {{dogstatsd: \"{place}\"}}\n")
            self.assertNotIn("metrics were", self.installer_said("apply", self.second, "--yes"))
            agent.setblocking(False)
            lines = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard = agent.recv(65536)
                    self.assertLessEqual(len(heard), 1432)
                    lines += heard.decode().splitlines()
        for line in lines:
            self.assertRegex(line, r"^sealift\.[a-z_]+:-?[0-9.]+\|g(\|#[a-z]+:[^,|]*(,[a-z]+:[^,|]*)*)?$")
        version = next(line for line in lines if line.startswith("sealift.release_info:1|g|#"))
        self.assertIn("version:1.1.0", version)
        self.assertIn("sealift.last_transaction_success:1|g|#purpose:apply", lines)
        # One that is away fails no command.
        site = os.path.join(self.road.site, "site.yaml")
        with open(site, encoding="utf-8") as text:
            gone = text.read().replace(place, "unix:///nobody/is/here")
        write(site, gone)
        self.assertIn("metrics were not written", self.installer_said("rollback", "--yes"))

    def test_docs_alerts_and_dashboard_name_metrics_that_exist(self):
        def names(path):
            with open(os.path.join(SOURCE, path), encoding="utf-8") as text:
                return set(NAME.findall(text.read()))

        known = names("installer/monitoring/metrics.cpp")
        self.assertEqual(names("docs/metrics.md"), known)
        dashboard = names("templates/monitoring/grafana-dashboard.json")
        self.assertEqual(dashboard - known, set())
        self.assertEqual(known - dashboard, set())
        self.assertEqual(names("templates/monitoring/prometheus-rules.yaml") - known, set())
        with open(os.path.join(SOURCE, "templates/monitoring/grafana-dashboard.json"), encoding="utf-8") as text:
            json.load(text)


class Logged(EventsTest):
    def test_every_line_is_json_with_its_transaction_step_and_component(self):
        said = self.installer_said("--log-format", "json", "apply", self.second, "--yes")
        lines = [json.loads(line) for line in said.splitlines()]
        self.assertTrue(lines)
        steps = [line for line in lines if "step" in line]
        self.assertIn("web", [line["component"] for line in steps])
        for line in steps:
            self.assertEqual((line["level"], line["release"], line["version"], line["transaction"]),
                             ("info", "chanuka", "1.1.0", "2"))
        self.assertNotIn("\x1b", said)
        # What goes wrong, also before a command can begin, is a line too.
        for words, code, status in ((["apply", "nothing.tar.zst"], "io", 8), (["aply"], "usage", 2)):
            said = self.installer_said("--log-format=json", *words, status=status)
            line = json.loads(said.splitlines()[-1])
            self.assertEqual((line["level"], line["code"]), ("error", code), said)
            self.assertTrue(line["message"])
        self.assertIn("expected text or json", self.installer_said("--log-format", "xml", "status", status=2))


if __name__ == "__main__":
    main()
