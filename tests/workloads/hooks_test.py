#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hooks of a release: at which moment each runs, and what becomes of the release when one fails."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
from road import BUILDER, INSTALLER, RoadTest, errors, main, run, second_release, write  # noqa: E402

MOMENTS = [("before", "stage"), ("after", "stage"), ("before", "check"), ("after", "check"),
           ("after", "commit")]
# Says which release stands at its moment; what shall go wrong stands in files that the test makes.
SCRIPT = """#!/bin/sh
echo "$1 $SEALIFT_VERSION $(readlink {web}/current | sed 's/.*releases.//; s/-.*//')" >> {state}/calls
[ "$PORT" = 8443 ] && [ "$SEALIFT_RELEASE" = chanuka ] || exit 4
[ "$SEALIFT_HOOK" = "$1" ] || exit 5
[ ! -e {state}/hang-$1 ] || exec sleep 600
[ ! -e {state}/fail-$1 ] || {{ echo "the $1 is not to be had"; exit 3; }}
"""


class Hooks(RoadTest):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.road.root, "hooks")
        os.makedirs(self.state)
        write(os.path.join(self.road.project, "hooks/tell.sh"),
              SCRIPT.format(state=self.state, web=self.road.target("web")))
        self.release_file = os.path.join(self.road.project, "release.yaml")
        with open(self.release_file, encoding="utf-8") as source:
            self.text = source.read()
        self.road.add_value("PORT: 8443")
        self.declare(*(f"{{name: {key}-{phase}, {key}: {phase}, exec: [./hooks/tell.sh, "
                       f"{key}-{phase}], env: [PORT], timeout: 5s}}" for key, phase in MOMENTS))
        self.first = self.road.release("1.0.0")
        self.road.init_site()

    def declare(self, *hooks):
        write(self.release_file,
              self.text + "hooks:\n" + "".join(f"  - {hook}\n" for hook in hooks))

    def calls(self):
        """What was called since the last time: MOMENT VERSION, and the release that stood then."""
        path = os.path.join(self.state, "calls")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as lines:
            found = [line.rstrip() for line in lines]
        os.remove(path)
        return found

    def sabotage(self, how, moment):
        path = os.path.join(self.state, f"{how}-{moment}")
        write(path, "")
        self.addCleanup(lambda: os.path.exists(path) and os.remove(path))
        return path

    def version(self):
        return self.road.answer("status")["current"]["version"]

    def test_each_at_its_moment(self):
        road = self.road
        self.assertIn("hook          after-commit: after commit, ./hooks/tell.sh after-commit",
                      run(BUILDER, "inspect", self.first).decode())
        plan = road.installer("plan", self.first).decode()
        self.assertRegex(plan, r"1\. stage +run the hook before-stage: ./hooks/tell.sh before-stage")
        self.assertRegex(plan, r"then +run the hook after-commit")
        self.assertEqual(self.calls(), [])
        road.installer("apply", self.first, "--yes")
        self.assertEqual(self.calls(), ["before-stage 1.0.0", "after-stage 1.0.0",
                                        "before-check 1.0.0 1.0.0", "after-check 1.0.0 1.0.0",
                                        "after-commit 1.0.0 1.0.0"])
        # What stands already is not applied again, and a way back runs none.
        road.installer("apply", self.first, "--yes")
        self.assertEqual(self.calls(), [])
        second = road.release("1.1.0", second_release)
        road.installer("stage", second, "--yes")
        self.assertEqual(self.calls(), ["before-stage 1.1.0 1.0.0", "after-stage 1.1.0 1.0.0"])
        road.installer("apply", "--yes")
        self.assertEqual(self.calls(), ["before-stage 1.1.0 1.0.0", "after-stage 1.1.0 1.0.0",
                                        "before-check 1.1.0 1.1.0", "after-check 1.1.0 1.1.0",
                                        "after-commit 1.1.0 1.1.0"])
        road.installer("rollback", "--yes")
        self.assertEqual((self.calls(), self.version()), ([], "1.0.0"))

    def test_one_that_fails_before_the_commit_takes_all_back(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        second = road.release("1.1.0", second_release)
        for key, phase in MOMENTS[:4]:
            with self.subTest(f"{key} {phase}"):
                self.calls()
                made = self.sabotage("fail", f"{key}-{phase}")
                said = road.refused("apply", second, "--yes", status=9)
                self.assertIn(f"hook {key}-{phase}: status 3: the {key}-{phase} is not to be had", said)
                self.assertIn("everything was undone", said)
                self.assertEqual(self.version(), "1.0.0")
                # Those that come later were not called, and none was called for the undo.
                self.assertEqual([call.split()[0] for call in self.calls()],
                                 [f"{k}-{p}" for k, p in MOMENTS][:MOMENTS.index((key, phase)) + 1])
                self.assertEqual(road.answer("drift")["differences"], [])
                os.remove(made)

    def test_one_that_fails_behind_the_commit_is_a_warning(self):
        road = self.road
        self.sabotage("fail", "after-commit")
        said = errors(INSTALLER, "--site", road.site, "apply", self.first, "--yes", status=0)
        self.assertIn("hook after-commit: status 3: the after-commit is not to be had; the release "
                      "stands", said)
        self.assertEqual(self.version(), "1.0.0")
        with open(os.path.join(road.site, "state/audit.jsonl"), encoding="utf-8") as log:
            self.assertIn("hook-failed", log.read())

    def test_one_that_does_not_end_is_ended(self):
        road = self.road
        self.sabotage("hang", "after-check")
        began = time.time()
        self.assertIn("hook after-check", road.refused("apply", self.first, "--yes", status=9))
        self.assertLess(time.time() - began, 30)

    def test_killed_while_one_runs(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        second = road.release("1.1.0", second_release)
        for direction, stands in (([], "1.0.0"), (["--forward"], "1.1.0")):
            with self.subTest(stands):
                self.calls()
                made = self.sabotage("hang", "before-check")
                running = subprocess.Popen([INSTALLER, "--site", road.site, "-q", "apply", second,
                                            "--yes"], stdin=subprocess.DEVNULL)
                calls = []
                while not any(call.startswith("before-check") for call in calls):
                    self.assertIsNone(running.poll())
                    time.sleep(0.05)
                    calls += self.calls()
                running.kill()
                running.wait()
                os.remove(made)
                road.installer("recover", *direction)
                self.assertEqual(self.version(), stands)
                # On the way on they run (again), on the way back none does.
                self.assertEqual(len(self.calls()), 4 if direction else 0)

    def test_what_cannot_be_started_is_named_before_anything_changes(self):
        self.declare("{name: a, after: check, exec: [./hooks/tell.sh], env: [PORT]}")
        write(os.path.join(self.road.project, "hooks/tell.sh"), "#!/bin/sh\r\nexit 0\r\n")
        self.assertIn("hooks/tell.sh: cannot be started: it has a first line that ends in CRLF",
                      errors(BUILDER, "validate", self.release_file, status=3))
        for version, hook, found in (
                ("1.1.0", "./hooks/tell.sh", "asks for the interpreter /no/such/shell"),
                ("1.2.0", "no-such-program", "was not found in PATH")):
            write(os.path.join(self.road.project, "hooks/tell.sh"), "#!/no/such/shell\nexit 0\n")
            self.declare(f"{{name: a, after: check, exec: [{hook}], env: [PORT]}}")
            bundle = self.road.release(version)
            said = self.road.refused("apply", bundle, "--yes", status=6)
            self.assertIn(f"hook a: {hook}: {found}", said)
            self.assertIsNone(self.road.current("web"))

    def test_where_none_may_stand(self):
        self.declare("{name: a, before: migrate, exec: [x]}", "{name: b, after: activate, exec: [x]}",
                     "{name: c, exec: [x]}", "{name: d, before: stage, after: check, exec: [x]}",
                     "{name: d, after: commit, exec: [./../x]}",
                     "{name: e, after: check, exec: [./gone.sh]}", "{name: f, after: check}",
                     "{name: g, after: check, exec: [x], undo: [y]}")
        said = errors(BUILDER, "validate", self.release_file, status=3)
        for each in ('hooks[0].before: found "migrate", expected stage or check: a hook has no undo',
                     "hooks[1].after", "hooks[2]: expected just one of before and after",
                     "hooks[3]: expected just one", 'hooks[4].name: two are named "d"',
                     "hooks[4].exec", "hooks[6]", "hooks[7]"):
            self.assertIn(each, said)


if __name__ == "__main__":
    main()
