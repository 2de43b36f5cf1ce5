#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where secrets are in the memory of a running command: only in pages that are locked and in no core dump,
though parsers and template engines have copied them; and nobody else of the same user may look."""

import os
import re
import resource
import signal
import subprocess
import time
import unittest

from road import BUILDER, INSTALLER, main, need, write
from secrets_test import KEY, Secrets, text_of

USER = "54321"  # nobody's
# An allocator writes its own words over the first bytes of what is given back; the rest would tell.
TAIL = 20


class Memory:
    """The memory of a process that waits."""

    def __init__(self, process):
        self.process = process.pid

    def regions(self):
        """(begin, end, flags of VmFlags) of all that can be read."""
        found = []
        with open(f"/proc/{self.process}/smaps", encoding="utf-8") as smaps:
            for line in smaps:
                place = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r...) \S+ \S+ \S+ *(?!\[v)", line)
                if place:
                    found.append([int(place[1], 16), int(place[2], 16), None])
                elif line.startswith("VmFlags:") and found and found[-1][2] is None:
                    found[-1][2] = set(line.split()[1:])
        return found

    def flags_of(self, text):
        """The flags of each region that the end of the text is in."""
        flags = []
        with open(f"/proc/{self.process}/mem", "rb", 0) as memory:
            for begin, end, found in self.regions():
                memory.seek(begin)
                try:
                    content = memory.read(end - begin)
                except OSError:  # a page of a device, or a guard
                    continue
                flags += [found] * content.count(text.encode()[-TAIL:])
        return flags


class InMemory(Secrets):
    def setUp(self):
        super().setUp()
        self.canary = "c4nary-" + os.urandom(16).hex()
        self.go = os.path.join(self.road.root, "go")
        self.here = os.path.join(self.road.root, "here")
        os.mkfifo(self.go)
        self.wait = f"#!/bin/sh\ntouch {self.here}\nread line < {self.go}\nexit 0\n"

    def script(self, path):
        write(path, self.wait)
        os.chmod(path, 0o755)

    def start_and_wait(self, *command, **more):
        """A command that has come to the script."""
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for _ in range(400):
            if os.path.exists(self.here):
                os.unlink(self.here)
                return process
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(process.stderr.read().decode())

    def go_on(self, process):
        with open(self.go, "w", encoding="utf-8") as pipe:
            pipe.write("go\n")
        self.assertEqual(process.wait(), 0, process.stderr)

    def applied_with_a_hook(self):
        """A bundle whose hook waits once its secrets were written into files."""
        self.start()
        self.set(KEY, self.canary)
        self.script(os.path.join(self.road.project, "wait.sh"))
        with open(os.path.join(self.road.project, "release.yaml"), "a", encoding="utf-8") as release:
            release.write("hooks:\n  - {name: wait, after: stage, exec: [./wait.sh]}\n")
        return self.road.release("1.0.0")

    def assert_only_in_private_pages(self, process, text):
        flags = Memory(process).flags_of(text)
        self.assertTrue(flags, "the search found nothing: it could not fail")
        for each in flags:
            self.assertIn("dd", each)  # in no core dump
            self.assertIn("lo", each)  # not swapped out

    def test_an_apply_has_them_in_private_pages_alone(self):
        bundle = self.applied_with_a_hook()
        process = self.start_and_wait(INSTALLER, "--site", self.road.site, "apply", bundle, "--yes")
        self.assert_only_in_private_pages(process, self.canary)
        keys = os.path.join(self.road.site, "state/keys")
        identity = re.search(r"AGE-SECRET-KEY-\S+", text_of(os.path.join(keys, "site.age")))[0]
        for text in (identity, text_of(os.path.join(keys, "site.key")).splitlines()[1]):
            self.assertEqual(Memory(process).flags_of(text), [])
        self.go_on(process)
        self.assertIn(self.canary, text_of(self.env_file()))

    def test_a_secret_that_is_edited_is_in_private_pages_alone(self):
        self.start()
        self.set(KEY, self.canary)
        editor = os.path.join(self.road.root, "editor")
        self.script(editor)
        process = self.start_and_wait(
            BUILDER, "secret", "edit", "production", KEY, "--identity", self.recovery_file,
            "--project", self.road.project, env={**os.environ, "EDITOR": editor, "VISUAL": editor})
        self.assert_only_in_private_pages(process, self.canary)
        self.go_on(process)

    def test_what_is_searched_would_be_found(self):
        """The same search in a process that keeps nothing private."""
        process = self.start_and_wait("python3", "-c", "import os, subprocess, sys\n"
                                      "kept = [sys.argv[1]] * 2\nsubprocess.run([sys.argv[2]])",
                                      self.canary, self.scripted())
        self.assertTrue(any("dd" not in each for each in Memory(process).flags_of(self.canary)))
        self.go_on(process)

    def scripted(self):
        path = os.path.join(self.road.root, "wait.sh")
        self.script(path)
        return path

    def test_others_of_the_same_user_may_not_look_and_no_core_is_left(self):
        need("setpriv")
        if os.getuid() != 0:
            raise unittest.SkipTest("SKIPPED: another user needs root")
        bundle = self.applied_with_a_hook()
        for folder, names, files in os.walk(self.road.root):
            for name in [folder, *(os.path.join(folder, each) for each in names + files)]:
                os.chown(name, int(USER), int(USER), follow_symlinks=False)
        place = os.path.join(self.road.root, "cores")
        os.mkdir(place)
        os.chown(place, int(USER), int(USER))
        as_user = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"]
        # No memory may be locked: that is no error, and it still goes into no core dump.
        process = self.start_and_wait(
            *as_user, "sh", "-c", 'ulimit -l 0; ulimit -c unlimited; exec "$@"', "sh", INSTALLER,
            "--site", self.road.site, "apply", bundle, "--yes", cwd=place)
        found = Memory(process).flags_of(self.canary)
        self.assertTrue(found)
        for flags in found:
            self.assertIn("dd", flags)
        for name in ("environ", "mem", "maps"):
            done = subprocess.run([*as_user, "cat", f"/proc/{process.pid}/{name}"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            self.assertIn(b"Permission denied", done.stderr)
        self.assert_a_core_would_be_left(as_user, place)
        process.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(process.pid, 0)
        self.assertEqual(os.WTERMSIG(status), signal.SIGSEGV)
        self.assertFalse(os.WCOREDUMP(status))
        self.assertEqual(os.listdir(place), [])
        process.returncode = -signal.SIGSEGV

    def assert_a_core_would_be_left(self, as_user, place):
        """By another program that ends so, as far as this system lets any do."""
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            return
        other = subprocess.Popen([*as_user, "sh", "-c", "ulimit -c unlimited; kill -SEGV $$"], cwd=place)
        _, status = os.waitpid(other.pid, 0)
        other.returncode = status
        self.assertTrue(os.WCOREDUMP(status))
        for name in os.listdir(place):
            os.unlink(os.path.join(place, name))


if __name__ == "__main__":
    main()
