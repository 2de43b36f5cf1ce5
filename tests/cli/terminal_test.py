#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people see: the commonest commands in terminals of two sizes (tmux), with and without colour; and
what whoever reads a pipe gets of the same."""

import os
import re
import shlex
import subprocess

from road import BUILDER, INSTALLER, InstalledTest, main, need, run, second_release, write

SIZES = ((80, 24), (132, 43))
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NOTES = """# What is new

* **Search** finds what you type, also where a word is spelt in another way than the one that is in the catalogue
* smaller pages
"""


def with_notes(project):
    second_release(project)
    write(os.path.join(project, "CHANGES.md"), NOTES)


class Terminal:
    """tmux, with a server of its own, which one session keeps alive."""

    def __init__(self, test, size):
        self.socket = os.path.join(test.road.root, f"tmux-{size[0]}")
        self.size = size
        self.tmux("new-session", "-d", "-s", "idle", "sleep 600")
        test.addCleanup(self.tmux, "kill-server")

    def tmux(self, *words):
        return run("tmux", "-S", self.socket, "-f", "/dev/null", *words).decode()

    def shows(self, command, **environment):
        """What the command leaves on the screen and above it, with its colours; each line whole."""
        variables = " ".join(f"{name}={value}" for name, value in environment.items())
        line = (f"env -u NO_COLOR -u CLICOLOR_FORCE {variables} {shlex.join(command)}; "
                f"tmux -S {self.socket} wait-for -S done; sleep 60")
        self.tmux("new-session", "-d", "-x", self.size[0], "-y", self.size[1], "-s", "one", line)
        self.tmux("wait-for", "done")
        shown = self.tmux("capture-pane", "-p", "-e", "-J", "-S", "-", "-t", "one")
        self.tmux("kill-session", "-t", "one")
        return shown.rstrip("\n")


def plain(text):
    return COLOUR.sub("", text)


def timeless(text):
    """Clocks go on between two looks, and so does the room on a disk."""
    return re.sub(r"\d+", "0", text)


def roomless(text):
    """The room on a disk changes between two looks: others write, too."""
    return re.sub(r"[\d.]+ \w+ free", "room free", text)


class Screens(InstalledTest):
    def commands(self):
        site = (INSTALLER, "--site", self.road.site)
        second = self.road.release("1.2.0", with_notes)
        return [(*site, "status"), (*site, "history"), (*site, "plan", second),
                (*site, "verify", second), (*site, "drift"), (*site, "doctor"),
                (*site, "config", "show"), (BUILDER, "inspect", second),
                (BUILDER, "diff", self.first, second), (INSTALLER, "apply", "--help"),
                (*site, "apply", second, "--dry-run"), (BUILDER, "bulid")]

    def test_no_line_is_wider_than_the_terminal(self):
        need("tmux")
        commands = self.commands()
        for size in SIZES:
            terminal = Terminal(self, size)
            for command in commands:
                coloured = terminal.shows(command)
                bare = terminal.shows(command, NO_COLOR="1")
                self.assertEqual(timeless(terminal.shows((*command, "--no-color"))), timeless(bare),
                                 command)
                self.assertNotRegex(bare, COLOUR, command)
                self.assertEqual(timeless(plain(coloured)).split(), timeless(bare).split(), command)
                for line in bare.splitlines():
                    # A digest or a path that does not fit behind its label is one word.
                    longest = max(map(len, line.split()), default=0)
                    self.assertTrue(len(line) <= size[0] or longest > size[0] - 16,
                                    (size, command, line))
            status = terminal.shows((INSTALLER, "--site", self.road.site, "status"))
            self.assertRegex(status, COLOUR)

    def test_an_apply_has_one_line_that_is_rewritten(self):
        need("tmux")
        said = os.path.join(self.road.root, "said")
        words = shlex.join((INSTALLER, "--site", self.road.site, "apply", self.second, "--yes"))
        shown = Terminal(self, SIZES[0]).shows(("script", "-qec", words, said))
        self.assertNotRegex(shown, r"\[\d+/\d+\]", "it leaves nothing behind")
        with open(said, encoding="utf-8", newline="") as source:
            lines = source.read().split("\r\x1b[K")
        self.assertTrue(any(re.fullmatch(r"\[1/\d+\] unpack .*[,:] .* s", line) for line in lines), lines)
        for line in lines[1:-1]:
            self.assertLess(len(line), SIZES[0][0])

    def test_notes_are_shown_without_their_markup(self):
        need("tmux")
        bundle = self.road.release("1.2.0", with_notes)
        shown = Terminal(self, SIZES[0]).shows(
            (INSTALLER, "--site", self.road.site, "plan", bundle))
        self.assertIn("\x1b[1mWhat is new", shown)
        self.assertIn("- Search finds what you type", shown)
        self.assertNotIn("**", shown)
        self.assertIn("* **Search** finds", self.road.installer("plan", bundle).decode())


class Pipes(InstalledTest):
    def ask(self, *command, **environment):
        return subprocess.run([INSTALLER, "--site", self.road.site, *command], check=True,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={**os.environ, **environment})

    def test_a_pipe_gets_whole_lines_without_colour_or_padding(self):
        for command in (("status",), ("history",), ("plan", self.second)):
            out = roomless(self.ask(*command).stdout)
            self.assertNotIn("\x1b", out)
            for line in out.splitlines():
                self.assertEqual(line, line.rstrip(), command)
            forced = roomless(self.ask(*command, CLICOLOR_FORCE="1").stdout)
            self.assertRegex(forced, COLOUR)
            self.assertEqual(plain(forced), out)
            self.assertEqual(roomless(self.ask(*command, "--color", "always").stdout), forced)
            self.assertEqual(
                roomless(self.ask(*command, "--color=never", CLICOLOR_FORCE="1").stdout), out)
        self.assertIn("--color: found \"loud\", expected auto, always or never",
                      self.road.refused("status", "--color", "loud", status=2))

    def test_a_pipe_gets_a_line_for_each_step(self):
        def steps(*command):
            said = self.ask(*command).stderr
            self.assertNotIn("\x1b", said)
            return [line for line in said.splitlines() if line.startswith("[")]

        plan = self.road.answer("plan", self.second)["plan"]["steps"]
        said = steps("apply", self.second, "--yes")
        self.assertEqual(len(said), len(plan))
        for line in said:
            self.assertRegex(line, rf"^\[\d+/{len(plan)}\] \S.* \.\.\. (0\.\d|\d+) s$")
        self.assertIn(f"[{len(plan)}/{len(plan)}] {plan[-1]['summary']} ... ", said[-1])
        self.assertEqual(steps("rollback", "--yes", "--quiet"), [])
        self.assertGreater(len(steps("apply", self.second, "--yes", "--json")), 0)

    def test_who_waits_for_the_lock_is_told_for_what_and_how_long(self):
        lock = os.path.join(self.road.site, "state", "lock")
        with subprocess.Popen(["flock", lock, "sleep", "2"]) as holder:
            while not subprocess.run(["flock", "-n", lock, "true"]).returncode:
                pass
            said = self.ask("prune", "--lock-timeout", "20").stderr
            holder.wait()
        self.assertRegex(said, r"waiting for another installer: .*, at most 20 s\n")


main()
