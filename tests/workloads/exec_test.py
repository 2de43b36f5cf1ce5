#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands of a release: what runs when, in which surroundings, and what happens when they do not
end well or not at all."""

import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
from road import BUILDER, INSTALLER, RoadTest, errors, main, need, run, write  # noqa: E402
from sweep import changing_calls, killed_at  # noqa: E402

# Each call has a line; what shall go wrong stands in files that the test makes.
SCRIPT = """#!/bin/sh
VERSION={version}
STATE={state}
echo "$1 $VERSION" >> $STATE/calls
[ ! -e $STATE/fail-$1-$VERSION ] || {{ echo "cannot $1 $VERSION"; exit 3; }}
case $1 in
  up) echo $VERSION > $STATE/serves ;;
  down) rm -f $STATE/serves ;;
  ok) [ "$(cat $STATE/serves)" = $VERSION ] ;;
  hang) exec sleep 600 ;;
  flood) exec yes "$(head -c 4096 /dev/zero | tr '\\0' x)" ;;
  env) env > $STATE/env; pwd > $STATE/pwd; cat > $STATE/stdin ;;
esac
"""


def component(apply="[./cdn.sh, up]", undo="[./cdn.sh, down]", check="[./cdn.sh, ok]", timeout=5):
    line = f"  - {{name: cdn, kind: manifests, runtime: exec, source: deploy/cdn/, target: cdn, " \
           f"apply: {apply}, undo: {undo}, timeout: {timeout}"
    return line + (f", check: {check}}}\n" if check else "}\n")


class Exec(RoadTest):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.road.root, "cdn")
        os.makedirs(self.state)
        self.first = self.release("1.0.0")
        self.road.init_site()
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        write(path, text.replace("targets:\n", "targets:\n"
              f"  cdn: {{driver: exec, path: {self.road.target('cdn')}}}\n"))

    def script(self, project, version):
        path = os.path.join(project, "deploy/cdn/cdn.sh")
        write(path, SCRIPT.format(version=version, state=self.state))
        os.chmod(path, 0o755)

    def declare(self, project, line):
        path = os.path.join(project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            kept = [each for each in source.read().splitlines(True) if "name: cdn" not in each]
        write(path, "".join(kept).replace("components:\n", "components:\n" + line))

    def release(self, version, line=component(), change=None):
        def edit(project):
            self.script(project, version)
            self.declare(project, line)
            if change:
                change(project)
        return self.road.release(version, edit)

    def calls(self):
        """What was called since the last time."""
        path = os.path.join(self.state, "calls")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as lines:
            found = lines.read().splitlines()
        os.remove(path)
        return found

    def bound(self, allow):
        """Replaces what site.yaml allows."""
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            kept = [each for each in source.read().splitlines(True) if not each.startswith("allow:")]
        write(path, "".join(kept) + f"allow: {allow}\n")

    def fails(self, call):
        write(os.path.join(self.state, "fail-" + call.replace(" ", "-")), "")

    def serves(self):
        path = os.path.join(self.state, "serves")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as text:
            return text.read().strip()

    def text(self, name):
        with open(os.path.join(self.state, name), encoding="utf-8") as text:
            return text.read()

    def test_from_the_first_release_to_the_last(self):
        road = self.road
        self.assertIn("run ./cdn.sh up", road.installer("plan", self.first).decode())
        self.assertEqual(self.calls(), [])
        road.installer("apply", self.first, "--yes")
        self.assertEqual(self.calls(), ["up 1.0.0", "ok 1.0.0"])
        # The same again asks whether all is well, and does nothing.
        road.installer("apply", self.first, "--yes")
        self.assertEqual(set(self.calls()), {"ok 1.0.0"})
        second = self.release("1.1.0")
        road.installer("apply", second, "--yes")
        self.assertEqual([c for c in self.calls() if c != "ok 1.0.0"], ["up 1.1.0", "ok 1.1.0"])
        road.installer("rollback", "--yes")
        self.assertEqual([c for c in self.calls() if c != "ok 1.1.0"], ["up 1.0.0", "ok 1.0.0"])
        self.assertEqual(self.serves(), "1.0.0")
        road.installer("drift")
        os.remove(os.path.join(self.state, "serves"))
        drift = road.answer("drift", status=20)
        self.assertIn("ended with status 1", str(drift))
        # It is brought about again where it is found missing.
        self.calls()
        road.installer("apply", self.first, "--yes")
        self.assertEqual(self.serves(), "1.0.0")
        # A release without it takes it back, with the commands of the one that stood.
        third = self.road.release("1.2.0", lambda project: self.declare(project, ""))
        self.calls()
        road.installer("apply", third, "--yes")
        self.assertEqual(self.calls()[-1], "down 1.0.0")
        self.assertIsNone(self.serves())

    def test_what_fails_is_taken_back_and_the_old_brought_about_again(self):
        road = self.road
        self.fails("up 1.0.0")
        text = road.refused("apply", self.first, "--yes", status=9)
        self.assertIn("apply: ./cdn.sh up: ended with status 3: cannot up 1.0.0", text)
        self.assertEqual(self.calls(), ["up 1.0.0", "down 1.0.0"])
        self.assertIsNone(road.current("cdn"))
        os.remove(os.path.join(self.state, "fail-up-1.0.0"))
        road.installer("apply", self.first, "--yes")
        stood = road.current("cdn")
        self.calls()
        # Its check counts as much as the command itself.
        for number, broken in enumerate(("up", "ok"), 1):
            version = f"1.{number}.0"
            self.fails(f"{broken} {version}")
            bundle = self.release(version)
            text = road.refused("apply", bundle, "--yes", status=9)
            self.assertIn("everything was undone", text)
            calls = [c for c in self.calls() if c != "ok 1.0.0"]
            self.assertEqual(calls, [f"up {version}"] + [f"ok {version}"] * (broken == "ok") +
                             [f"down {version}", "up 1.0.0"])
            self.assertEqual((road.current("cdn"), self.serves()), (stood, "1.0.0"))

    def test_a_site_bounds_what_a_release_may_run(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        stood = road.current("cdn")
        self.calls()

        def run_more(project):
            script = os.path.join(project, "hooks/look.sh")
            write(script, f"#!/bin/sh\ngrep NoNewPrivs /proc/self/status > {self.state}/$1\n")
            os.chmod(script, 0o755)
            with open(os.path.join(project, "release.yaml"), "a", encoding="utf-8") as text:
                text.write("hooks:\n  - {name: warm, before: check, exec: [./hooks/look.sh, hook]}\n"
                           "health:\n  - {name: smoke, exec: [./hooks/look.sh, check]}\n")
        bundle = self.release("1.1.0", change=run_more)
        self.bound("{}")
        for words in ("plan", bundle), ("stage", bundle, "--yes"), ("apply", bundle, "--yes"):
            text = road.refused(*words, status=6)
            for who in ("component cdn: runs commands of its own", "hook warm: runs a command",
                        "health check smoke: runs a command"):
                self.assertIn(who, text)
            for name in "cdn", "warm", "smoke":
                self.assertIn(f"allow: {{commands: [{name}]}}", text)
        self.assertEqual((self.calls(), road.current("cdn")), ([], stood))
        ci = (BUILDER, "validate", os.path.join(road.project, "release.yaml"), "--site",
              os.path.join(road.site, "site.yaml"))
        text = errors(*ci, status=3)
        for who in ("site.yaml: component cdn: runs commands of its own",
                    "site.yaml: hook warm: runs a command",
                    "site.yaml: health check smoke: runs a command"):
            self.assertIn(who, text)
        self.bound("{commands: [cdn, warm, smoke]}")
        errors(*ci, status=0)
        road.installer("apply", bundle, "--yes")
        # A check gets no new privileges, a hook may need them.
        self.assertEqual(self.text("hook"), "NoNewPrivs:\t0\n")
        self.assertEqual(self.text("check"), "NoNewPrivs:\t1\n")
        # The way back is never barred.
        self.bound("{}")
        road.installer("rollback", "--yes")
        self.assertEqual(road.current("cdn"), stood)

    def test_an_undo_that_fails_is_a_persons_to_look_at(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        self.fails("up 1.1.0")
        self.fails("down 1.1.0")
        text = road.refused("apply", self.release("1.1.0"), "--yes", status=10)
        self.assertIn("undo: ./cdn.sh down: ended with status 3: cannot down 1.1.0", text)
        os.remove(os.path.join(self.state, "fail-down-1.1.0"))
        road.installer("recover")
        self.assertEqual(self.serves(), "1.0.0")

    def test_neither_time_nor_output_is_without_end(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        for number, word in enumerate(("hang", "flood"), 1):
            bundle = self.release(f"1.{number}.0", component(apply=f"[./cdn.sh, {word}]", timeout=2))
            begin = time.monotonic()
            text = road.refused("apply", bundle, "--yes", status=9)
            self.assertIn("apply: ./cdn.sh: no end after 2 s", text)
            self.assertLess(time.monotonic() - begin, 30)
            self.assertEqual(self.serves(), "1.0.0")
        # One that says much and then fails is quoted in part.
        loud = self.release("1.3.0", component(apply="[./loud.sh]"), self.loud)
        text = road.refused("apply", loud, "--yes", status=9)
        self.assertIn("ended with status 7", text)
        self.assertLess(len(text), 5000)

    def loud(self, project):
        path = os.path.join(project, "deploy/cdn/loud.sh")
        write(path, "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' '\\033'; exit 7\n")
        os.chmod(path, 0o755)

    def test_its_surroundings_are_made_for_it(self):
        road = self.road
        bundle = self.release("1.1.0", component(apply="[./cdn.sh, env]", check=None))
        environment = dict(os.environ, SECRET_OF_THE_SHELL="1", LANG="tlh", HOME="/root")
        run(INSTALLER, "--site", road.site, "apply", bundle, "--yes", env=environment, stdin=b"x")
        found = dict(line.split("=", 1) for line in self.text("env").splitlines())
        for of_the_shell in ("PWD", "OLDPWD", "SHLVL", "_"):
            found.pop(of_the_shell, None)
        directory = os.path.join(road.target("cdn"), road.current("cdn"))
        self.assertEqual(found, {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8", "HOME": "/", "SEALIFT_COMPONENT": "cdn",
            "SEALIFT_DIRECTORY": directory, "SEALIFT_RELEASE": os.path.basename(directory)})
        self.assertEqual(self.text("pwd").strip(), directory)
        self.assertEqual(self.text("stdin"), "")

    def test_a_missing_program_is_found_before_anything_changes(self):
        road = self.road
        for command, found in (("[./other.sh]", "no such file in deploy/cdn"),
                               ("[./note.txt]", "a file that is not executable"),
                               ("[../other.sh]", "no such file in deploy/cdn")):
            def change(project, command=command):
                self.declare(project, component(apply=command))
                write(os.path.join(project, "deploy/cdn/note.txt"), "no program\n")
            change(road.project)
            text = errors(BUILDER, "build", os.path.join(road.project, "release.yaml"), "--output",
                          os.path.join(road.root, "dist"), "--key", road.key, status=3)
            self.assertIn("components.cdn.apply: ", text)
            self.assertIn(found, text)
        road.installer("apply", self.first, "--yes")
        self.calls()
        bundle = self.release("1.1.0", component(apply="[no-such-program, up]"))
        text = road.refused("apply", bundle, "--yes", status=9)
        self.assertIn("apply: no-such-program up: was not found in /usr/local/sbin:", text)
        self.assertEqual([c for c in self.calls() if c != "ok 1.0.0"], [])

    def written(self, text):
        """A change of a project that gives its script another content."""
        def change(project):
            path = os.path.join(project, "deploy/cdn/cdn.sh")
            write(path, text)
            os.chmod(path, 0o755)
        return change

    def mistakes_with(self, content):
        self.declare(self.road.project, component())
        path = os.path.join(self.road.project, "deploy/cdn/cdn.sh")
        with open(path, "wb") as script:
            script.write(content)
        os.chmod(path, 0o755)
        return errors(BUILDER, "validate", os.path.join(self.road.project, "release.yaml"), status=3)

    def test_what_no_host_can_start_is_refused_by_the_builder(self):
        said = self.mistakes_with(b"#!/bin/sh\r\nexit 0\r\n")
        for key in "apply", "undo", "check":
            self.assertIn(f"components.cdn.{key}: ./cdn.sh: cannot be started: it has a first line "
                          "that ends in CRLF", said)
        self.assertIn("sed -i", said)
        self.assertIn("byte order mark", self.mistakes_with(b"\xef\xbb\xbf#!/bin/sh\n"))

    def test_what_this_host_cannot_start_changes_nothing(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        stood = road.current("cdn")
        self.calls()
        for number, (line, found) in enumerate((
                ("#!/no/such/shell", "asks for the interpreter /no/such/shell, which is not there"),
                ("#!/usr/bin/env no-such-shell", "asks for the interpreter no-such-shell"))):
            bundle = self.release(f"1.1.{number}", change=self.written(line + "\nexit 0\n"))
            said = road.refused("apply", bundle, "--yes", status=9)
            self.assertIn(found, said)
            self.assertIn("the site is as before", said)
            self.assertEqual(road.current("cdn"), stood)
            self.assertEqual([c for c in self.calls() if c != "ok 1.0.0"], [])

    def test_what_was_never_started_needs_no_undo(self):
        """The interpreter goes when all was looked at, so that not even the undo can be started."""
        road = self.road
        road.installer("apply", self.first, "--yes")
        stood = road.current("cdn")
        shell = os.path.join(self.state, "shell")
        hook = "hooks:\n  - {name: away, after: stage, exec: [rm, \"%s\"]}\n" % shell

        def change(project):
            self.written(f"#!{shell}\nexit 0\n")(project)
            with open(os.path.join(project, "release.yaml"), "a", encoding="utf-8") as text:
                text.write(hook)
        write(shell, "#!/bin/sh\n")
        os.chmod(shell, 0o755)
        bundle = self.release("1.1.0", change=change)
        self.calls()
        said = road.refused("apply", bundle, "--yes", status=9)
        self.assertIn("asks for the interpreter", said)
        self.assertIn("nothing of cdn was started", said)
        self.assertEqual((road.current("cdn"), self.serves()), (stood, "1.0.0"))
        self.assertEqual([c for c in self.calls() if c != "ok 1.0.0"], [])
        self.assertIsNone(road.answer("status")["unfinished"] or None)

    def test_the_wrong_target_is_refused(self):
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            write(path, source.read().replace("driver: exec", "driver: systemd"))
        text = self.road.refused("plan", self.first, status=6)
        self.assertIn("component cdn is for exec, the target cdn is one of systemd", text)

    def test_killed_at_every_change_the_old_or_the_new_serves(self):
        need("strace")
        road = self.road
        road.installer("apply", self.first, "--yes")
        second = self.release("1.1.0")
        kept = os.path.join(road.root, "kept")
        parts = {"site": road.site, "srv": os.path.join(road.root, "srv"), "cdn": self.state}
        for name, folder in parts.items():
            shutil.copytree(folder, os.path.join(kept, name), symlinks=True)

        def put_back():
            for name, folder in parts.items():
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(os.path.join(kept, name), folder, symlinks=True)

        command = ("apply", second, "--yes")
        # The journal's records are what fdatasync makes durable.
        points = [p for p in changing_calls(road, command) if p[0] in ("fdatasync", "renameat")]
        ended = {}
        for name, when in points:
            put_back()
            killed_at(road, command, name, when)
            road.installer("recover")
            version = road.answer("status")["current"]["version"]
            self.assertEqual(self.serves(), version)
            road.installer("drift")
            ended[version] = ended.get(version, 0) + 1
        print(f"{len(points)} kills: {ended}", file=sys.stderr)
        self.assertGreater(len(points), 10)
        self.assertIn("1.0.0", ended)


main()
