#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real systemd runs the units of releases: what is made otherwise is restarted and nothing else,
what does not run is taken back, and nothing of another's is touched."""

import filecmp
import os
import random
import shutil
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
from road import BUILDER, RoadTest, errors, main, need, write  # noqa: E402
from sweep import ALL, changing_calls, killed_at  # noqa: E402
from user_systemd import UserSystemd  # noqa: E402

SERVE = """#!/bin/sh
echo "$1 {version} $GREETING" >> {state}/started
[ ! -e {state}/fail-$1-{version} ] || { echo "cannot serve"; exit 3; }
exec sleep 1000
"""
SERVICE = """# {note}
[Unit]
Description=Chanuka, {name}
[Service]
ExecStart={current}/bin/serve.sh {name}
Environment=GREETING=none
{more}
[Install]
WantedBy=default.target
"""
JOB = """[Service]
Type=oneshot
ExecStart={current}/bin/serve-nothing.sh
"""
TIMER = """[Timer]
OnCalendar=yearly
Unit=nightly.service
[Install]
WantedBy=timers.target
"""
LINE = "  - {name: units, kind: manifests, runtime: systemd, source: deploy/units/, target: units}\n"


class Units(RoadTest):
    def setUp(self):
        need("systemctl")
        need("nsenter")
        super().setUp()
        road = self.road
        self.systemd = UserSystemd(road.root)
        self.addCleanup(self.systemd.stop)
        self.state = os.path.join(road.root, "state")
        os.makedirs(self.state)
        self.current = os.path.join(road.target("units"), "current")
        self.tree = os.path.join(road.project, "deploy/units")
        self.first = self.release("1.0.0")
        road.init_site()
        words = ", ".join(self.systemd.command)
        path = os.path.join(road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        write(path, text.replace("targets:\n", "targets:\n"
              f"  units: {{driver: systemd, path: {road.target('units')}, units: "
              f"{self.systemd.folder}, command: [{words}], timeout: 8}}\n"))

    def file(self, name, text):
        path = os.path.join(self.tree, name)
        write(path, text)
        if name.startswith("bin/"):
            os.chmod(path, 0o755)

    def service(self, name, note="", more="Restart=no"):
        self.file(f"{name}.service",
                  SERVICE.format(name=name, note=note, more=more, current=self.current))

    def script(self, version):
        self.file("bin/serve.sh",
                  SERVE.replace("{version}", version).replace("{state}", self.state))

    def release(self, version, change=None):
        def edit(project):
            if not os.path.exists(self.tree):
                path = os.path.join(project, "release.yaml")
                with open(path, encoding="utf-8") as source:
                    text = source.read()
                write(path, text.replace("components:\n", "components:\n" + LINE))
                self.script(version)
                self.file("bin/serve-nothing.sh", "#!/bin/sh\nexit 0\n")
                self.file("conf/worker.env", "GREETING=hello\n")
                self.service("web")
                self.service("worker", more=f"EnvironmentFile={self.current}/conf/%N.env")
                self.file("nightly.service", JOB.format(current=self.current))
                self.file("nightly.timer", TIMER)
                self.file("web.service.d/limits.conf", "[Service]\nLimitNOFILE=1000\n")
            if change:
                change()
        return self.road.release(version, edit)

    def runs(self, *units):
        """What the main process of each unit is."""
        pids = []
        for unit in units:
            self.assertEqual(self.systemd.value(unit, "ActiveState"), "active", unit)
            pids.append(self.systemd.value(unit, "MainPID"))
        return pids

    def started(self):
        with open(os.path.join(self.state, "started"), encoding="utf-8") as lines:
            return lines.read().splitlines()

    def is_gone(self, unit):
        self.assertEqual(self.systemd.value(unit, "ActiveState"), "inactive", unit)
        self.assertEqual(self.systemd.value(unit, "LoadState"), "not-found", unit)

    def links(self):
        """Every link below the folder of units, and where it leads."""
        found = {}
        for path, names, files in os.walk(self.systemd.folder):
            for name in names + files:
                full = os.path.join(path, name)
                if os.path.islink(full):
                    found[os.path.relpath(full, self.systemd.folder)] = os.readlink(full)
        return found

    def test_first_release_upgrade_rollback_and_end(self):
        road = self.road
        self.assertIn("start nightly.timer, web.service, worker.service",
                      road.installer("plan", self.first).decode())
        self.assertEqual(self.links(), {})
        road.installer("apply", self.first, "--yes")
        web, worker = self.runs("web.service", "worker.service")
        self.assertIn("/sealift-test-", self.systemd.value("web.service", "ControlGroup"))
        self.assertEqual(self.systemd.value("nightly.timer", "SubState"), "waiting")
        # Its timer starts it, not the release.
        self.assertEqual(self.systemd.value("nightly.service", "ExecMainStartTimestampMonotonic"),
                         "0")
        self.assertEqual(self.systemd.value("web.service", "LimitNOFILE"), "1000")
        self.assertIn("worker 1.0.0 hello", self.started())
        stood = self.links()
        self.assertEqual(set(stood), {
            "web.service", "worker.service", "nightly.service", "nightly.timer",
            "web.service.d/limits.conf", "default.target.wants/web.service",
            "default.target.wants/worker.service", "timers.target.wants/nightly.timer"})
        for name, target in stood.items():
            wanted = name.split("/")[1] if ".wants/" in name else name
            self.assertEqual(target, os.path.join(self.current, wanted))
        road.installer("drift")

        # The same again: nothing.
        self.assertEqual(road.answer("plan", self.first)["plan"]["steps"], [])
        road.installer("apply", self.first, "--yes")
        self.assertEqual(self.runs("web.service", "worker.service"), [web, worker])

        # A unit that is as it was goes on, though its release is another.
        second = self.release("1.1.0", lambda: self.service("web", "changed"))
        plan = road.installer("plan", second).decode()
        self.assertIn("bring units up: restart web.service\n", plan)
        road.installer("apply", second, "--yes")
        web2, worker2 = self.runs("web.service", "worker.service")
        self.assertNotEqual(web2, web)
        self.assertEqual(worker2, worker)
        self.assertEqual(self.links(), stood)

        # A drop-in belongs to its unit, a file to those that name it.
        third = self.release("1.2.0", lambda: (
            self.file("web.service.d/limits.conf", "[Service]\nLimitNOFILE=2000\n")))
        road.installer("apply", third, "--yes")
        web3, worker3 = self.runs("web.service", "worker.service")
        self.assertNotEqual(web3, web2)
        self.assertEqual(worker3, worker)
        self.assertEqual(self.systemd.value("web.service", "LimitNOFILE"), "2000")
        fourth = self.release("1.3.0", lambda: (
            self.file("conf/worker.env", "GREETING=again\n")))
        road.installer("apply", fourth, "--yes")
        web4, worker4 = self.runs("web.service", "worker.service")
        self.assertEqual(web4, web3)
        self.assertNotEqual(worker4, worker)
        self.assertIn("worker 1.0.0 again", self.started())

        road.installer("rollback", "--yes")
        self.assertEqual(self.runs("web.service")[0], web4)
        self.assertEqual(self.started()[-1], "worker 1.0.0 hello")

        # A unit that is not in the release any more, and one that is new.
        def change():
            os.remove(os.path.join(self.tree, "worker.service"))
            self.service("mail")
        fifth = self.release("1.4.0", change)
        self.assertIn("start mail.service; stop and remove worker.service",
                      road.installer("plan", fifth).decode())
        road.installer("apply", fifth, "--yes")
        self.is_gone("worker.service")
        self.runs("web.service", "mail.service")
        self.assertFalse([name for name in self.links() if "worker" in name])
        road.installer("rollback", "--yes")
        self.is_gone("mail.service")
        self.runs("web.service", "worker.service")

        # The whole component goes.
        def without():
            path = os.path.join(road.project, "release.yaml")
            with open(path, encoding="utf-8") as source:
                text = source.read()
            write(path, text.replace(LINE, ""))
        road.installer("apply", self.release("1.5.0", without), "--yes")
        self.is_gone("web.service")
        self.is_gone("nightly.timer")
        self.assertEqual(self.links(), {})
        self.assertEqual(os.listdir(os.path.join(self.systemd.folder)), [])
        road.installer("rollback", "--yes")
        self.runs("web.service", "worker.service", "nightly.timer")
        self.assertEqual(self.links(), stood)

    def test_what_does_not_run_is_taken_back(self):
        road = self.road
        # There is no journal here; what would be asked of it is.
        path = os.path.join(road.root, "bin")
        write(os.path.join(path, "journalctl"), "#!/bin/sh\necho \"said to $*\"\n")
        os.chmod(os.path.join(path, "journalctl"), 0o755)
        os.environ["PATH"] = path + ":" + os.environ["PATH"]
        # Not even the first time does anything stay.
        write(os.path.join(self.state, "fail-worker-1.0.0"), "")
        text = road.refused("apply", self.first, "--yes", status=9)
        self.assertIn("unit worker.service has failed: exit-code, status 3; it said: said to --user "
                      "--no-pager -q -o cat -n 5 -u worker.service", text)
        self.is_gone("web.service")
        self.assertEqual(self.links(), {})
        os.remove(os.path.join(self.state, "fail-worker-1.0.0"))
        road.installer("apply", self.first, "--yes")
        stood, before = self.links(), self.runs("web.service", "worker.service")

        def change():
            self.script("1.1.0")
            self.service("mail")
        write(os.path.join(self.state, "fail-web-1.1.0"), "")
        text = road.refused("apply", self.release("1.1.0", change), "--yes", status=9)
        self.assertIn("unit web.service has failed: exit-code, status 3", text)
        self.assertIn("everything was undone", text)
        self.assertEqual(self.links(), stood)
        self.is_gone("mail.service")
        after = self.runs("web.service", "worker.service")
        self.assertEqual(set(before) & set(after), set())
        self.assertEqual(sorted(self.started()[-2:]), ["web 1.0.0 none", "worker 1.0.0 hello"])
        road.installer("drift")

    def test_one_that_is_restarted_again_and_again_does_not_run(self):
        road = self.road
        road.installer("apply", self.first, "--yes")

        def change():
            self.script("1.1.0")
            self.service("web", more="Restart=always\nRestartSec=100ms")
        write(os.path.join(self.state, "fail-web-1.1.0"), "")
        text = road.refused("apply", self.release("1.1.0", change), "--yes", status=9)
        self.assertRegex(text, r"unit web.service (was restarted \d times|has failed)")
        self.assertEqual(sorted(self.started()[-2:]), ["web 1.0.0 none", "worker 1.0.0 hello"])

    def test_one_that_never_gets_ready_is_waited_for_only_so_long(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        bundle = self.release("1.1.0", lambda: self.service("web", more="Type=notify\n"
                                                            "TimeoutStartSec=infinity"))
        text = road.refused("apply", bundle, "--yes", status=9)
        self.assertIn("unit web.service is activating (start)", text)
        self.assertIn("timeout in site.yaml", text)
        self.runs("web.service", "worker.service")

    def test_a_drop_in_for_a_unit_of_anothers(self):
        road = self.road
        other = os.path.join(self.systemd.folder, "other.service")
        write(other, "[Service]\nExecStart=/bin/sleep 1000\n")
        self.systemd.ctl("daemon-reload")
        self.systemd.ctl("start", "other.service")
        road.installer("apply", self.first, "--yes")
        before = self.runs("other.service", "web.service")

        def change(text):
            self.file("other.service.d/ours.conf", "[Service]\n" + text)
        plan = self.release("1.1.0", lambda: change("Environment=A=1\n"))
        self.assertIn("restart other.service where it runs",
                      road.installer("plan", plan).decode())
        road.installer("apply", plan, "--yes")
        self.assertEqual(self.systemd.value("other.service", "Environment"), "A=1")
        self.assertNotEqual(self.runs("other.service"), before[:1])
        # It is brought back where the drop-in breaks it, and stays when the release goes.
        bad = self.release("1.2.0", lambda: change("ExecStartPre=/bin/false\n"))
        self.assertIn("unit other.service has failed",
                      road.refused("apply", bad, "--yes", status=9))
        self.assertEqual(self.systemd.value("other.service", "Environment"), "A=1")
        self.runs("other.service")
        road.installer("rollback", "--yes")
        self.assertEqual(self.systemd.value("other.service", "Environment"), "")
        self.assertEqual(self.runs("web.service"), before[1:])
        self.runs("other.service")

    def test_sockets_and_what_they_start(self):
        road = self.road
        place = os.path.join(road.root, "socket")

        def change(backlog, more=""):
            self.file("echo.socket", f"[Socket]\nListenStream={place}\nBacklog={backlog}\n"
                      "[Install]\nWantedBy=sockets.target\n")
            self.file("echo.service", f"[Service]\nExecStart=/bin/sleep 1000\n{more}")
        road.installer("apply", self.release("1.1.0", lambda: change(8)), "--yes")
        self.assertEqual(self.systemd.value("echo.socket", "SubState"), "listening")
        self.assertEqual(self.systemd.value("echo.service", "ActiveState"), "inactive")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(place)
            for _ in range(100):
                if self.systemd.value("echo.service", "ActiveState") == "active":
                    break
                time.sleep(0.05)
        before = self.runs("echo.service")
        # A socket is made anew though its service runs, and a service that runs is restarted.
        road.installer("apply", self.release("1.2.0", lambda: change(9)), "--yes")
        self.assertEqual(self.systemd.value("echo.socket", "Backlog"), "9")
        self.assertEqual(self.systemd.value("echo.socket", "ActiveState"), "active")
        self.systemd.ctl("start", "echo.service")
        before = self.runs("echo.service")
        road.installer("apply", self.release("1.3.0", lambda: change(9, "Nice=5\n")), "--yes")
        self.assertNotEqual(self.runs("echo.service"), before)

        # A client that waits does not bring back what goes.
        def without():
            os.remove(os.path.join(self.tree, "echo.socket"))
            os.remove(os.path.join(self.tree, "echo.service"))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(place)
            road.installer("apply", self.release("1.4.0", without), "--yes")
        self.is_gone("echo.socket")
        self.is_gone("echo.service")

    def test_units_that_systemd_would_not_take_change_nothing(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        before = self.runs("web.service", "worker.service")
        for number, (text, found) in enumerate((
                ("[Service]\nExecStrat=/bin/true\n", "Unknown key 'ExecStrat'"),
                (f"[Service]\nExecStart={self.current}/bin/other\n", "bin/other is not executable")),
                1):
            bundle = self.release(f"1.{number}.0",
                                  lambda text=text: self.file("web.service", text))
            message = road.refused("apply", bundle, "--yes", status=9)
            self.assertIn("systemd does not take the units", message)
            self.assertIn(found, message)
            self.assertEqual(self.runs("web.service", "worker.service"), before)

    def test_nothing_of_anothers_is_touched(self):
        road = self.road
        own = os.path.join(self.systemd.folder, "web.service")
        masked = os.path.join(self.systemd.folder, "worker.service")
        write(own, "[Service]\nExecStart=/bin/sleep 1\n")
        os.symlink("/dev/null", masked)
        text = road.refused("apply", self.first, "--yes", status=6)
        self.assertIn("web.service: is there already", text)
        self.assertIn("worker.service: is there already, and leads to /dev/null", text)
        self.assertEqual(os.readlink(masked), "/dev/null")
        os.remove(own)
        os.remove(masked)
        road.installer("apply", self.first, "--yes")
        # What comes later is seen as drift, and what belongs to no release by doctor.
        os.remove(own)
        os.symlink(os.path.join(self.current, "old.service"),
                   os.path.join(self.systemd.folder, "old.service"))
        drift = str(road.answer("drift", status=20))
        self.assertIn("does not lead to the release", drift)
        doctor = str(road.answer("doctor", status=20))
        self.assertIn("old.service", doctor)
        road.installer("apply", "--repair", "--yes")
        road.installer("drift")

    def test_a_unit_that_was_stopped_by_hand_is_started_again(self):
        road = self.road
        road.installer("apply", self.first, "--yes")
        worker = self.runs("worker.service")
        self.systemd.ctl("disable", "--now", "web.service")
        self.assertIn("web.service", str(road.answer("drift", status=20)))
        road.installer("apply", "--repair", "--yes")
        self.runs("web.service")
        self.assertEqual(self.runs("worker.service"), worker)
        self.assertEqual(self.systemd.ctl("is-enabled", "web.service").stdout, b"enabled\n")

    def test_a_program_of_40_megabytes_is_what_runs(self):
        """The bin/web of docs/workloads-systemd.md: a real program, with as many bytes more as a
        bundled runtime has, among them the marks of a template."""
        road = self.road
        with open(os.path.realpath(shutil.which("sleep")), "rb") as program:
            real = program.read()

        def bring(seed):
            def change():
                os.makedirs(os.path.join(self.tree, "bin"), exist_ok=True)
                with open(os.path.join(self.tree, "bin/web"), "wb") as out:
                    out.write(real + b"{{no key}}" + random.Random(seed).randbytes(40 << 20))
                os.chmod(os.path.join(self.tree, "bin/web"), 0o755)
                self.file("server.service", f"[Service]\nExecStart={self.current}/bin/web 1000\n"
                          "[Install]\nWantedBy=default.target\n")
            return change

        pids = []
        for number, version in enumerate(("1.1.0", "1.2.0")):
            bundle = self.release(version, bring(number))
            road.installer("apply", bundle, "--yes")
            pids += self.runs("server.service")
            self.assertTrue(filecmp.cmp(os.path.join(self.tree, "bin/web"),
                                        os.path.join(self.current, "bin/web"), shallow=False))
            self.assertTrue(os.access(os.path.join(self.current, "bin/web"), os.X_OK))
            self.assertEqual(road.answer("drift")["differences"], [])
        self.assertNotEqual(*pids)
        # The same program is let alone.
        road.installer("apply", self.release("1.3.0"), "--yes")
        self.assertEqual(self.runs("server.service"), pids[1:])

    def test_what_would_not_be_a_unit_is_refused(self):
        road = self.road
        command = (BUILDER, "build", os.path.join(road.project, "release.yaml"), "--output",
                   os.path.join(road.root, "dist"), "--key", road.key)
        self.file("two words.service", "[Service]\nExecStart=/bin/true\n")
        self.file("app.slice", "[Slice]\n")
        text = errors(*command, status=3)
        self.assertIn("two words.service: found no name of a unit", text)
        self.assertIn("app.slice: found a slice, which a release cannot bring", text)
        os.remove(os.path.join(self.tree, "two words.service"))
        os.remove(os.path.join(self.tree, "app.slice"))
        for name in os.listdir(self.tree):
            if os.path.isfile(os.path.join(self.tree, name)):
                os.remove(os.path.join(self.tree, name))
        text = errors(*command, status=3)
        self.assertIn("components.units: deploy/units: found no unit of systemd", text)

    def test_killed_at_every_record_the_old_or_the_new_runs(self):
        need("strace")
        road = self.road

        def change():
            self.script("1.1.0")
            os.remove(os.path.join(self.tree, "worker.service"))
            self.service("mail")
        road.installer("apply", self.first, "--yes")
        stood = self.links()
        second = self.release("1.1.0", change)
        command = ("apply", second, "--yes")
        road.installer(*command)
        then = self.links()
        road.installer("rollback", "--yes")
        # The journal's records and the links; and four pipes are made for each program.
        points = [(name, when) for name, when in
                  changing_calls(road, command, "fdatasync,symlinkat,pipe2")
                  if name != "pipe2" or when % 4 == 1]
        self.assertGreater(len(points), 10)
        if not ALL:
            points = points[::-7]  # from the last, where it is committed already
        road.installer("rollback", "--yes")
        ended = {}
        for number, (name, when) in enumerate(points):
            killed_at(road, command, name, when)
            road.installer("recover", *(["--forward"] if number % 3 == 2 else []))
            version = road.answer("status")["current"]["version"]
            road.installer("drift")
            self.assertEqual(self.links(), stood if version == "1.0.0" else then)
            self.assertEqual(self.started()[-1].split()[1], version)
            if version == "1.0.0":
                self.runs("web.service", "worker.service", "nightly.timer")
                self.is_gone("mail.service")
            else:
                self.runs("web.service", "mail.service", "nightly.timer")
                self.is_gone("worker.service")
                road.installer("rollback", "--yes")
            ended[version] = ended.get(version, 0) + 1
        print(f"{len(points)} kills: {ended}", file=sys.stderr)
        self.assertEqual(set(ended), {"1.0.0", "1.1.0"})


main()
