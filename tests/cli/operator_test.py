#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a person at a site meets: maintenance windows, and a transaction that neither ends nor goes
back by itself: what `status` says of it, and `recover --accept` after a repair by hand."""

import fcntl
import json
import os
import pty
import subprocess
import sys
import time

from road import BIN, INSTALLER, SOURCE, InstalledTest, RoadTest, main, need, second_release, write

sys.path.insert(0, os.path.join(SOURCE, "tests/docs"))
from pages import script_of  # noqa: E402


class OperatorRoad(RoadTest):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.road.site, "site.yaml")

    def site(self, text):
        with open(self.path, encoding="utf-8") as source:
            write(self.path, source.read() + text)

    def edit(self, old, new):
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        assert old in text, old
        write(self.path, text.replace(old, new))

    def audit(self, event):
        with open(os.path.join(self.road.site, "state/audit.jsonl"), encoding="utf-8") as lines:
            entries = [json.loads(line) for line in lines]
        return [entry["details"] for entry in entries if entry["event"] == event]


def window(offset):
    """A window that begins `offset` hours from now, by this host's clock, and lasts two."""
    begin = time.localtime(time.time() + offset * 3600)
    end = time.localtime(time.time() + (offset + 2) * 3600)
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][begin.tm_wday]
    return f"{day} {begin.tm_hour:02}:00-{end.tm_hour:02}:00"


class Person:
    """Somebody at a terminal of its own, where a command of the installer asks."""

    def __init__(self, road, *command):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execv(INSTALLER, [INSTALLER, "--site", road.site, *command])
        self.shown = ""

    def read(self):
        try:
            part = os.read(self.terminal, 4096).decode()
        except OSError:  # the other end was closed
            return False
        self.shown += part
        return bool(part)

    def is_asked(self):
        while "[y/N]" not in self.shown:
            assert self.read(), self.shown

    def answers(self, text):
        """Gives the exit status."""
        os.write(self.terminal, text.encode() + b"\n")
        while self.read():
            pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


class Questions(OperatorRoad):
    def setUp(self):
        super().setUp()
        self.first = self.road.release("1.0.0")
        self.road.init_site()
        self.store = os.path.join(self.road.site, "state/store")

    def test_others_have_the_site_while_a_person_thinks(self):
        person = Person(self.road, "apply", self.first)
        person.is_asked()
        with open(os.path.join(self.road.site, "state/lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.assertEqual(person.answers("y"), 0, person.shown)
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")

    def test_an_answer_to_what_is_true_no_more_changes_nothing(self):
        person = Person(self.road, "apply", self.first)
        person.is_asked()
        second = self.road.release("1.1.0", second_release)
        self.road.installer("apply", second, "--yes")
        before = self.road.on_targets()
        self.assertEqual(person.answers("y"), 7, person.shown)
        self.assertIn("another installer worked on this site while you were asked: apply (process ",
                      " ".join(person.shown.split()))
        self.assertEqual(self.road.on_targets(), before)
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.1.0")
        self.assertEqual(len(os.listdir(self.store)), 1)

    def test_who_says_no_leaves_nothing(self):
        person = Person(self.road, "apply", self.first)
        person.is_asked()
        self.assertEqual(person.answers("n"), 0, person.shown)
        self.assertEqual(os.listdir(self.store), [])
        self.assertEqual(self.road.on_targets(), "")


class Windows(OperatorRoad):
    def test_apply_waits_for_its_window_and_the_way_back_does_not(self):
        road = self.road
        first = road.release("1.0.0")
        second = road.release("1.1.0", second_release)
        road.init_site()
        road.installer("apply", first, "--yes")
        closed = window(5)
        self.site(f"windows: [{closed}]\n")
        store = sorted(os.listdir(os.path.join(road.site, "state/store")))
        message = road.refused("apply", second, "--yes", status=7)
        self.assertRegex(message, r"site.yaml: windows: it is \d{4}-\d\d-\d\d ")
        self.assertIn(f"expected {closed}", message)
        self.assertIn("hint: wait until ", message)
        self.assertEqual(sorted(os.listdir(os.path.join(road.site, "state/store"))), store)
        self.assertIn("1.0.0", road.current("web"))
        # What changes nothing, and what nobody sees, is never bound.
        self.assertIn(b"maintenance window: closed, opens ", road.installer("plan", second))
        plan = road.answer("plan", second)
        self.assertFalse(plan["window"]["open"])
        self.assertEqual(plan["estimate"]["transactions"], 1)
        last = road.installer("plan", second).decode().splitlines()[-1]
        self.assertRegex(last, r"; about \d+ s like the last one; window closed, opens \S+ ")
        self.assertRegex(plan["window"]["opens"], r"^\d{4}-\d\d-\d\dT\d\d:00:00Z$")
        self.assertIn(b"window       closed, opens ", road.installer("status"))
        road.installer("apply", second, "--dry-run")
        road.installer("stage", second, "--yes")
        self.assertIn("--now without --reason",
                      road.refused("apply", "--yes", "--now", status=2))
        road.installer("apply", "--yes", "--now", "--reason", "fixes the outage")
        self.assertIn("1.1.0", road.current("web"))
        self.assertEqual([(each.get("outsideWindow"), each["reason"])
                          for each in self.audit("accepted")][-1], (True, "fixes the outage"))
        road.installer("rollback", "--yes")
        self.assertIn("1.0.0", road.current("web"))
        road.installer("recover")

    def test_in_its_window_it_is_applied(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        self.site(f"windows: [{window(5)}, {window(-1)}]\n")
        plan = road.answer("plan", first)
        self.assertTrue(plan["window"]["open"])
        self.assertIn("closes", plan["window"])
        road.installer("apply", first, "--yes")
        self.assertNotIn("outsideWindow", self.audit("accepted")[-1])

    def test_every_mistake_in_a_window_is_named(self):
        road = self.road
        road.init_site()
        self.site("windows:\n  - sat 22:00-04:00\n  - Sat 9-10\n  - daily 02:00-02:00\n")
        text = road.refused("status", status=3)
        self.assertRegex(text, r"site.yaml:\d+: windows\[1\]: found \"Sat 9-10\", expected daily")
        self.assertRegex(text, r"site.yaml:\d+: windows\[2\]: found \"daily 02:00-02:00\"")


class Stuck(OperatorRoad):
    """A service that takes up neither the new files nor, afterwards, the old ones."""

    def setUp(self):
        super().setUp()
        road = self.road
        release = os.path.join(road.project, "release.yaml")
        with open(release, encoding="utf-8") as source:
            text = source.read()
        write(release, text.replace("source: config/, target: etc}",
                                    "source: config/, target: etc,\n"
                                    "     services: {app: [app.env]}}"))
        self.first = road.release("1.0.0")
        self.second = road.release("1.1.0", second_release)
        road.init_site()
        self.works = os.path.join(road.root, "works")
        write(self.works, "")
        self.site(f"services: {{app: {{restart: [sh, -c, 'test -e {self.works}']}}}}\n")
        road.installer("apply", self.first, "--yes")

    def stick(self):
        os.remove(self.works)
        message = self.road.refused("apply", self.second, "--yes", status=10)
        self.assertIn("cannot be undone", message)
        self.assertIn("it went back because service app", message)

    def switch(self, name, version):
        """As a person would by hand."""
        top = self.road.target(name)
        directory = [each for each in os.listdir(os.path.join(top, "releases"))
                     if each.startswith(version)][0]
        link = os.path.join(top, "current")
        os.remove(link)
        os.symlink(f"releases/{directory}", link)

    def test_status_says_what_stands_where_and_how_to_go_on(self):
        road = self.road
        self.stick()
        text = road.installer("status", status=10).decode()
        self.assertIn("needs a person: an undo failed", text)
        self.assertIn("not undone   guard:services: stand by to restart app again", text)
        self.assertIn("because      service app: sh -c", text)
        self.assertIn("went back    because service app: sh -c", text)
        self.assertRegex(text, r"old 1.0.0 +web +\S+/releases/1.0.0-\w+ +stands")
        self.assertRegex(text, r"new 1.1.0 +web +\S+/releases/1.1.0-\w+ +is not current; its files are as")
        status = road.answer("status", status=10)
        transaction = status["transaction"]
        self.assertTrue(status["unfinished"])
        self.assertEqual(transaction["failed"]["step"], "guard:services")
        # What it went back for is known however often it was tried again since.
        road.refused("recover", status=10)
        again = road.answer("status", status=10)["transaction"]["failed"]
        self.assertEqual(again["cause"], transaction["failed"]["cause"])
        self.assertIn("service app: sh -c", again["cause"])
        stands = {(each["release"], each["component"]): each["stands"]
                  for each in transaction["standing"]}
        self.assertEqual(stands[("old", "web")], True)
        self.assertEqual(stands[("new", "web")], False)
        commands = [way["command"] for way in transaction["ways"]]
        program = f"sealift-installer --site {road.site} recover"
        self.assertEqual(commands, [program, f"{program} --forward",
                                    f"{program} --accept old --reason TEXT",
                                    f"{program} --accept new --reason TEXT"])
        found = [each for each in road.answer("doctor", status=20)
                 if each["what"] == "transaction"]
        self.assertIn("guard:services could not be taken back", found[0]["found"])
        done = subprocess.run([INSTALLER, "--site", road.site, "drift"], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        self.assertIn(b"compared with the release before it", done.stderr)
        # Nothing else goes on before a person has decided.
        road.refused("apply", self.second, "--yes", status=10)
        self.assertIn("needs a person: guard:services could not be taken back",
                      road.refused("rollback", "--yes", status=10))

    def test_who_looks_while_it_works_is_told_so(self):
        """A service's command looks at the site, in the midst of the transaction."""
        seen = os.path.join(self.road.root, "seen")
        self.edit(f"test -e {self.works}",
                  f"for form in -q --json; do {INSTALLER} --site {self.road.site} $form "
                  f"status >> {seen} || exit; done")
        self.road.installer("apply", self.second, "--yes")
        with open(seen, encoding="utf-8") as said:
            text, _, document = said.read().partition("\n{")
        self.assertRegex(text, r"AT WORK: apply \(process \d+\) since \S+: transaction 2 \(apply 1.1.0")
        self.assertNotIn("recover", text)
        transaction = json.loads("{" + document)["transaction"]
        self.assertRegex(transaction["atWork"], r"^apply \(process \d+\)")

    def test_the_old_release_is_accepted_after_a_repair(self):
        road = self.road
        self.stick()
        self.assertIn("--accept without --reason",
                      road.refused("recover", "--accept", "old", status=2))
        self.assertIn("expected old or new",
                      road.refused("recover", "--accept", "both", "--reason", "x", status=2))
        for words in (("--back", "--forward"), ("--back", "--accept", "old", "--reason", "x"),
                      ("--forward", "--restore-database", "--reason", "x")):
            self.assertIn("contradict each other", road.refused("recover", *words, status=2))
        self.assertIn("contradict",
                      road.refused("recover", "--accept", "old", "--forward", "--reason", "x",
                                   status=2))
        # Whether a service runs what stands cannot be asked: that takes a yes.
        message = road.refused("recover", "--accept", "old", "--reason", "restarted by hand",
                               status=2)
        self.assertIn("0 differ from 1.0.0", message)
        self.assertIn("1 cannot be verified", message)
        road.installer("status", status=10)
        answer = road.answer("recover", "--accept", "old", "--yes", "--reason",
                             "restarted by hand")
        self.assertEqual((answer["recovered"], answer["version"], answer["accepted"]),
                         (True, "1.0.0", "old"))
        self.assertEqual(answer["unverified"],
                         ["service app: whether it runs the files that stand"])
        self.assertEqual(len(answer["verified"]), 2)
        self.assertEqual(answer["differs"], [])
        audited = self.audit("accepting")[-1]
        self.assertEqual((audited["accepted"], audited["acceptReason"], audited["unverified"]),
                         ("old", "restarted by hand", answer["unverified"]))
        self.assertEqual(self.audit("recovered")[-1]["direction"], "accepted old")
        road.installer("status")
        road.installer("drift")
        self.assertEqual(road.answer("history")[-1]["why"],
                         "accepted by a person: restarted by hand")
        # It is a site like any other again.
        write(self.works, "")
        road.installer("apply", self.second, "--yes")
        self.assertIn("1.1.0", road.current("web"))
        road.installer("rollback", "--yes")
        self.assertFalse(road.answer("recover", "--accept", "new", "--reason", "x")["recovered"])

    def test_the_page_for_that_night_is_true(self):
        self.stick()
        script = script_of("docs/operations/needs-operator.md")
        self.assertEqual(script.count("sealift-installer"), 4)
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "SEALIFT_SITE": self.road.site,
                                   "PATH": BIN + ":" + os.environ["PATH"]})
        said = done.stdout.decode()
        self.assertEqual(done.returncode, 0, said)
        self.assertIn("cannot be verified:\n  service app", said)
        self.assertTrue(said.endswith("everything is as it was installed\n"), said)

    def test_the_new_release_is_accepted_after_a_repair(self):
        road = self.road
        # The new files stay where the way on is barred as well: killed while it restarts.
        self.edit("test -e", "kill -9 $PPID; test -e")
        subprocess.run([INSTALLER, "--site", road.site, "apply", self.second, "--yes"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        self.edit("kill -9 $PPID; test -e", "test -e")
        text = road.installer("status", status=10).decode()
        self.assertIn("was cut off", text)
        self.assertRegex(text, r"new 1.1.0 +web +\S+/releases/1.1.0-\w+ +stands")
        answer = road.answer("recover", "--accept", "new", "--yes", "--reason", "started by hand")
        self.assertEqual((answer["version"], answer["differs"]), ("1.1.0", []))
        self.assertEqual(road.answer("status")["current"]["version"], "1.1.0")
        road.installer("drift")
        road.installer("rollback", "--yes")
        self.assertIn("1.0.0", road.current("web"))
        road.installer("drift")

    def test_what_differs_is_named_and_accepted_only_with_a_yes(self):
        road = self.road
        self.stick()
        page = os.path.join(road.target("web"), "current/index.html")
        with open(page, "a", encoding="utf-8") as out:
            out.write("mended\n")
        message = road.refused("recover", "--accept", "old", "--reason", "x", status=2)
        self.assertIn("1 differ from 1.0.0", message)
        road.installer("status", status=10)
        # What is said to stand and does not is named as that.
        done = subprocess.run([INSTALLER, "--site", road.site, "recover", "--accept", "new",
                               "--reason", "x"], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is switched elsewhere, expected releases/1.1.0", done.stdout.decode())
        answer = road.answer("recover", "--accept", "old", "--yes", "--reason", "a notice")
        self.assertRegex(answer["differs"][0], r"^web: index.html: \d+ bytes, expected \d+ bytes$")
        self.assertEqual(self.audit("accepting")[-1]["differs"], answer["differs"])
        self.assertIn(b"index.html: ", road.installer("drift", status=20))

    def test_no_number_of_attempts_bars_the_way_out(self):
        road = self.road
        self.stick()
        for _ in range(10):
            road.refused("recover", status=10)
        self.assertIn("was recovered 10 times", road.refused("recover", status=10))
        commands = [way["command"] for way in road.answer("status", status=10)
                    ["transaction"]["ways"]]
        self.assertEqual([each.split(" recover ")[1] for each in commands],
                         ["--accept old --reason TEXT", "--accept new --reason TEXT"])
        road.installer("recover", "--accept", "old", "--yes", "--reason", "it runs")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")

    def test_killed_while_it_needs_a_person(self):
        """At every record that `recover` and `recover --accept` write: another run ends it."""
        need("strace")
        road = self.road
        for command in (("recover",), ("recover", "--accept", "old", "--yes", "--reason", "x")):
            for record in range(1, 20):
                self.stick()
                write(self.works, "")
                done = subprocess.run(
                    ["strace", "-o", "/dev/null", "-e", "trace=pwrite64,ftruncate", "-e",
                     f"inject=pwrite64,ftruncate:signal=KILL:when={record}", INSTALLER, "--site",
                     road.site, *command],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, check=False)
                road.installer(*command)
                self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")
                self.assertIn("1.0.0", road.current("web"))
                if done.returncode == 0:
                    break
            self.assertGreater(record, 2)
            self.assertEqual(done.returncode, 0)

    def test_a_first_release_that_is_stuck(self):
        """Nothing stood before: accepting the old is accepting nothing."""
        road = self.road
        other = os.path.join(road.root, "other")
        road.site = other
        self.path = os.path.join(other, "site.yaml")
        road.target = lambda name: os.path.join(road.root, "srv2", name)
        road.init_site()
        self.site("services: {app: {restart: [sh, -c, 'kill -9 $PPID']}}\n")
        subprocess.run([INSTALLER, "--site", road.site, "apply", self.first, "--yes"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        self.assertIn("back to no release", road.installer("status", status=10).decode())
        message = road.refused("recover", "--accept", "old", "--reason", "x", status=2)
        self.assertIn("2 differ from no release", message)
        for name in ("web", "etc"):
            os.remove(os.path.join(road.target(name), "current"))
        answer = road.answer("recover", "--accept", "old", "--yes", "--reason", "x")
        self.assertEqual((answer["version"], answer["differs"]), (None, []))


class Answers(InstalledTest):
    """What `status` and `history` answer."""

    def test_status_says_who_brought_the_release_and_how_it_is(self):
        road = self.road
        road.installer("apply", self.second, "--yes", "--reason", "CHG-7")
        said = road.installer("status").decode()
        self.assertRegex(said, r"(?m)^since        \d{4}-\d\d-\d\d .*, apply by .+ in \d+ s: CHG-7$")
        self.assertRegex(said, r"(?m)^approved by  dev$")
        self.assertRegex(said, r"(?m)^drift        none$")
        self.assertNotIn("last failure", said)
        answer = road.answer("status")
        self.assertEqual((answer["approvers"], answer["reason"], answer["drift"]),
                         (["dev"], "CHG-7", []))
        os.remove(os.path.join(road.target("web"), "current", "index.html"))
        self.assertIn("drift        1 component not as installed, see: sealift-installer drift",
                      road.installer("status").decode())

    def test_history_has_environment_approvers_reason_duration_and_outcome(self):
        first = self.road.answer("history")[0]
        self.assertEqual((first["release"], first["version"], first["environment"],
                          first["approvers"], first["outcome"]),
                         ("chanuka", "1.0.0", "production", ["dev"], "done"))
        self.assertGreaterEqual(first["seconds"], 0)
        self.assertGreaterEqual(first["ended"], first["time"])
        self.assertTrue(first["digest"].startswith("sha256:"))
        self.assertRegex(self.road.installer("history").decode().splitlines()[0],
                         r"TOOK +BY +APPROVED BY +REASON$")


class Planned(InstalledTest):
    """`plan --output FILE`, and `apply FILE`: that plan or none."""

    def plan(self, *more):
        path = os.path.join(self.road.root, "shop.plan")
        said = self.road.installer("plan", self.second, "-o", path, *more).decode()
        self.assertRegex(said.splitlines()[-1],
                         r"^Plan: 1 file to add, 3 to change; \d+(\.\d)? (Ki)?B to write, \S+ .iB free; "
                         r"about \d+ s like the last one$")
        return path

    def test_a_plan_file_that_lacks_a_field_is_to_be_made_again(self):
        path = self.plan()
        with open(path, encoding="utf-8") as source:
            plan = json.load(source)
        del plan["site"]
        write(path, json.dumps(plan))
        said = self.road.refused("apply", path, "--yes", status=5)
        self.assertIn("hint: look at a new one: sealift-installer plan BUNDLE --output FILE", said)

    def test_what_was_looked_at_is_applied(self):
        path = self.plan()
        self.road.installer("apply", path, "--yes")
        self.assertIn("1.1.0", self.road.current("web"))
        message = self.road.refused("apply", path, "--yes", status=6)
        self.assertIn("the plan file was made for another plan: found that transaction", message)

    def test_another_site_yaml_bundle_or_history_is_refused(self):
        road = self.road
        path = self.plan()
        before = road.on_targets()
        yaml = os.path.join(road.site, "site.yaml")
        with open(yaml, encoding="utf-8") as source:
            text = source.read()
        write(yaml, text.replace("https://chanuka.example", "https://other.example"))
        self.assertIn("the site, its site.yaml or its secrets changed since",
                      road.refused("apply", path, "--yes", status=6))
        write(yaml, text)
        third = road.release("1.2.0")
        os.replace(third, self.second)
        self.assertIn("found the bundle sha256:", road.refused("apply", path, "--yes", status=6))
        self.assertEqual(road.on_targets(), before)

    def test_the_difference_of_the_configuration_is_shown(self):
        road = self.road
        third = road.release("1.2.0", lambda project: write(
            os.path.join(project, "config/nginx/chanuka.conf"),
            open(os.path.join(project, "config/nginx/chanuka.conf"), encoding="utf-8").read() +
            "# for {{PUBLIC_HOST}}\n"))
        said = road.installer("plan", third, "--diff").decode()
        self.assertRegex(said, r"(?m)^site: nginx/chanuka\.conf$")
        self.assertRegex(said, r"(?m)^\+# for chanuka\.example$")
        self.assertRegex(said, r"(?m)^-# chanuka 1\.0\.0, production$")
        diff = road.answer("plan", third, "--diff")["diff"]
        self.assertEqual([each["path"] for each in diff],
                         ["app.env", "nginx/chanuka.conf"])
        self.assertIn("no configuration changes",
                      road.installer("plan", self.first, "--below-floor", "--diff").decode())

    def test_a_plan_file_says_it_all(self):
        path = self.plan()
        self.assertIn("found --set or --repair beside a plan file",
                      self.road.refused("apply", path, "--set", "PORT=1", status=2))
        with open(path, encoding="utf-8") as source:
            value = json.load(source)
        for change, status in (({"kind": "other"}, 5), ({"format": 2}, 6), ({"more": 1}, 5)):
            write(path, json.dumps({**value, **change}))
            self.road.refused("apply", path, "--yes", status=status)
        write(path, json.dumps({**value, "site": "0" * 32}))
        self.assertIn(f"expected {'0' * 32}", self.road.refused("apply", path, "--yes", status=6))


if __name__ == "__main__":
    main()
