#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sealift-installer privileges`: each line of sudoers is what the site really calls, and nothing beside it."""

import json
import os
import re
import shutil
import unittest

from road import Road, main, run, write


class Privileges(unittest.TestCase):
    def setUp(self):
        self.road = Road()
        self.addCleanup(self.road.close)
        self.road.init_site()

    def say(self, text):
        """What the operator adds to site.yaml."""
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(text)

    def grants(self):
        return [(each["as"], each["program"], each["arguments"])
                for each in self.road.answer("privileges")["grants"]]

    def test_a_site_of_files_needs_none(self):
        self.assertEqual(self.grants(), [])
        self.assertEqual(self.road.installer("privileges").decode(),
                         "# sealift needs no line of sudoers for this site\n")

    def test_a_command_is_granted_with_its_arguments_as_they_stand(self):
        self.say("""services:
  proxy:
    check: [sudo, -n, /usr/sbin/nginx, -t, -c, "/etc/a b,c*.conf"]
    reload: [sudo, -n, -u, www-data, /bin/true]
    timeout: 9
  other:
    reload: [/bin/true, reload]
""")
        self.assertEqual(sorted(self.grants()),
                         [("root", "/usr/sbin/nginx", r"-t -c /etc/a\ b\,c\*.conf"),
                          ("www-data", "/bin/true", '""')])
        said = self.road.installer("privileges", "--user", "deploy")
        self.assertIn(b'deploy ALL=(www-data) NOPASSWD: /bin/true ""\n', said)
        self.check_with_visudo(said)

    def test_a_sudo_that_changes_more_than_the_user_is_refused(self):
        self.say("services:\n  proxy:\n    reload: [sudo, -E, /bin/true]\n")
        self.assertIn("found sudo -E, expected at most -n and -u USER",
                      self.road.refused("privileges", status=3))

    def test_a_program_that_is_not_here_is_named(self):
        self.say("services:\n  proxy:\n    reload: [sudo, no-such-program, x]\n")
        self.assertIn("service proxy: reload: found no program no-such-program",
                      self.road.refused("privileges", status=3))

    def test_a_name_that_would_be_another_line_is_refused(self):
        self.assertIn("expected a name of a-z", self.road.refused("privileges", "--user", "a ALL", status=2))

    def has_units(self):
        """Two targets of units: the system's by sudo, the user's without."""
        with open(os.path.join(self.road.site, "site.yaml"), encoding="utf-8") as site:
            text = site.read()
        folder = self.road.target("units")
        sudo = os.path.join(self.road.root, "sudo")  # staging asks only whether it is there
        write(sudo, "#!/bin/sh\nexit 0\n")
        os.chmod(sudo, 0o755)
        self.assertIn("targets:\n", text)
        with open(os.path.join(self.road.site, "site.yaml"), "w", encoding="utf-8") as site:
            site.write(text.replace("targets:\n", "targets:\n  app:\n    driver: systemd\n"
                                    f"    path: {folder}\n    command: [{sudo}, -n, /bin/systemctl]\n"
                                    "  mine:\n    driver: systemd\n"
                                    f"    path: {folder}2\n    command: [systemctl, --user]\n", 1))

    def test_units_are_granted_by_their_names(self):
        self.has_units()

        def with_units(project):
            for name, unit in (("shop.service", "[Service]\nExecStart=/bin/true\n"),
                               ("shop-night.timer", "[Timer]\nOnCalendar=daily\n"),
                               ("shop-night.service", "[Service]\nExecStart=/bin/true\n")):
                write(os.path.join(project, "units", name), "[Unit]\nDescription=a shop\n" + unit)
            with open(os.path.join(project, "release.yaml"), encoding="utf-8") as release:
                lines = release.read()
            self.assertIn("components:\n", lines)
            write(os.path.join(project, "release.yaml"), lines.replace(
                "components:\n", "components:\n  - {name: app, kind: manifests, source: units, "
                "target: app, runtime: systemd}\n", 1))
        self.road.installer("stage", self.road.release("1.0.0", with_units), "--yes")
        grants = self.grants()
        self.assertEqual({each[:2] for each in grants}, {("root", "/bin/systemctl")})
        plain, verbs, show = [each[2] for each in grants]
        self.assertEqual(plain, "daemon-reload")
        for allowed in ("start -- shop.service", "try-restart -- shop.service shop-night.timer",
                        "reset-failed -- shop-night.service", "disable -- shop.service"):
            self.assertRegex(allowed, verbs)
        for refused in ("start -- sshd.service", "start -- shopxservice", "mask -- shop.service",
                        "start --now -- shop.service", "start -- shop.service --force", "start --",
                        "edit -- shop.service", "start -- shop.service; reboot"):
            self.assertNotRegex(refused, verbs)
            self.assertNotRegex(refused, show)
        self.assertRegex("show -p Id,LoadState,ActiveState,SubState,Result,Type,ExecMainStatus,"
                         "ExecMainStartTimestampMonotonic,NRestarts -- shop.service", show)
        self.check_with_visudo(self.road.installer("privileges"))

    def check_with_visudo(self, lines):
        if visudo := shutil.which("visudo"):
            file = os.path.join(self.road.root, "lines")
            write(file, lines.decode())
            run(visudo, "-c", "-f", file)

    def test_what_no_line_gives_is_said(self):
        self.has_units()
        notes = json.dumps(self.road.answer("privileges")["notes"])
        self.assertRegex(notes, "target app: links in /etc/systemd/system must be writable")
        self.assertRegex(notes, "target app: no release is here yet")
        self.assertFalse(re.search("target mine", notes))


if __name__ == "__main__":
    main()
