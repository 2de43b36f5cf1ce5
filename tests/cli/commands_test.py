#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line of both programs: every help is complete and fits a terminal, every example can be
typed as it stands, a mistyped word is told the right one, and completions know all commands."""

import json
import os
import re
import shlex
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from road import BIN, need, run  # noqa: E402

PROGRAMS = ("sealift", "sealift-installer")
COLUMNS = 80


def program(name):
    return os.path.join(BIN, name)


def said(*command):
    """Exit status, standard output and standard error."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def described(name):
    return json.loads(run(program(name), "--help", "--json"))


def all_commands(description, path=()):
    """(words, description) of the program and of every command below it."""
    path = path + (description["name"],)
    yield path, description
    for sub in description["commands"]:
        yield from all_commands(sub, path)


class Help(unittest.TestCase):
    def each(self):
        for name in PROGRAMS:
            for path, description in all_commands(described(name)):
                yield path, description, run(program(name), *path[1:], "--help").decode()

    def test_every_help_is_complete_and_fits_80_columns(self):
        for path, description, text in self.each():
            for line in text.splitlines():
                self.assertLessEqual(len(line), COLUMNS, line)
                self.assertEqual(line, line.rstrip())
            self.assertRegex(text, r"\A[A-Z][^.]*(.*\n){1,4}\nUsage: ")
            self.assertIn(f"\nUsage: {' '.join(path)} ", text)
            for heading in ("Global options", "Environment variables", "Exit statuses"):
                self.assertIn(f"\n{heading}:\n", text)
            self.assertTrue(text.endswith(f"\nSee docs/commands.md#{'-'.join(path)}\n"), text)
            if len(path) > 1:
                self.assertTrue(description["examples"], "an example")

    def test_help_is_asked_for_in_three_ways(self):
        for path, _, text in self.each():
            self.assertEqual(run(program(path[0]), "help", *path[1:]).decode(), text)
            self.assertEqual(run(program(path[0]), "-h", *path[1:]).decode(), text)

    def test_every_example_can_be_typed(self):
        checked = 0
        for path, description, _ in self.each():
            for example in description["examples"]:
                self.check_example(example["command"])
                checked += 1
        self.assertGreater(checked, 80)

    def check_example(self, line):
        words = shlex.split(re.split(r" [<>|] ", line)[0])
        self.assertIn(words[0], PROGRAMS)
        run(program(words[0]), *words[1:], "--help")  # every command and option exists
        description = described(words[0])
        known = description["options"]
        words = words[1:]
        while words and any(sub["name"] == words[0] for sub in description["commands"]):
            description = next(s for s in description["commands"] if s["name"] == words[0])
            known = known + description["options"]
            words = words[1:]
        self.assertFalse(description["commands"], f"{line}: half a command")
        values, given = 0, set()
        words = iter(words)
        for word in words:
            option = next((o for o in known if word.split("=")[0] in o["names"]), None)
            if option is None:
                values += 1
                continue
            given.add(option["names"][-1])
            if option["type"] and "=" not in word:
                next(words)
        arguments = description["arguments"]
        least = sum(argument["required"] for argument in arguments)
        most = 99 if any(a["several"] for a in arguments) else len(arguments)
        if description["name"] != "help":
            self.assertTrue(least <= values <= most, f"{line}: {values} arguments")
        missing = {o["names"][-1] for o in known if o["required"]} - given
        self.assertFalse(missing, line)

    def test_one_spelling_everywhere(self):
        for path, description, _ in self.each():
            names = {tuple(option["names"]) for option in description["options"]}
            for short, long in (("-o", "--output"), ("-y", "--yes"), ("-q", "--quiet"),
                                ("-v", "--verbose"), ("-V", "--version"), ("-h", "--help")):
                for option in names:
                    if short in option or long in option:
                        self.assertEqual(option, (short, long), path)
            self.assertNotIn(("--out",), names)
            for option in description["options"]:
                if "--output" in option["names"]:
                    self.assertEqual(option["oldNames"], ["--out"])


class Mistakes(unittest.TestCase):
    def refused(self, name, *words):
        status, out, err = said(program(name), *words)
        self.assertEqual((status, out), (2, ""), words)
        return err

    def test_an_unknown_command_is_told_the_nearest(self):
        expected = ('sealift: error: unknown command "bulid"; did you mean "build"?\n'
                    "sealift: hint: see: sealift --help\n")
        for words in (["bulid"], ["bulid", "--help"], ["--help", "bulid"], ["help", "bulid"],
                      ["bulid", "--key", "a.key"], ["--quiet", "bulid", "--version"]):
            self.assertEqual(self.refused("sealift", *words), expected)
        for words in (["trust", "intt"], ["trust", "intt", "--help"]):
            self.assertIn('unknown command "intt"; did you mean "init"?\nsealift-installer: hint: '
                          "see: sealift-installer trust --help\n",
                          self.refused("sealift-installer", *words))
        self.assertEqual(self.refused("sealift", "frobnicate").splitlines()[0],
                         'sealift: error: unknown command "frobnicate"')

    def test_an_unknown_option_is_told_the_nearest(self):
        for words in (["apply", "x", "--reson", "y"], ["apply", "--reson=y", "--help"]):
            self.assertIn('unknown option "--reson" of sealift-installer apply; did you mean '
                          '"--reason"?\n', self.refused("sealift-installer", *words))
        self.assertIn('unknown option "--ste" of sealift-installer; did you mean "--site"?',
                      self.refused("sealift-installer", "--ste", "x", "status"))

    def test_half_a_command_is_told_how_it_goes_on(self):
        self.assertIn('found no command behind "sealift env", expected one of: diff, docs',
                      self.refused("sealift", "env"))
        self.assertIn('found no command behind "sealift-installer"', self.refused("sealift-installer"))

    def test_programs_get_the_same_as_json(self):
        status, out, err = said(program("sealift"), "bulid", "--json")
        self.assertEqual((status, err), (2, ""))
        self.assertEqual(json.loads(out)["error"]["message"],
                         'unknown command "bulid"; did you mean "build"?')

    def test_the_version_is_said_by_option_and_by_command(self):
        for name in PROGRAMS:
            first = run(program(name), "version").decode().splitlines()[0]
            for option in ("-V", "--version"):
                self.assertEqual(run(program(name), option).decode(), first + "\n")

    def test_older_spellings_stay_accepted(self):
        _, _, err = said(program("sealift"), "sign", "missing.statement", "--out", "x")
        self.assertNotIn("unknown option", err)


class Completion(unittest.TestCase):
    def completed(self, name, *words):
        """What bash offers behind `words`."""
        script = run(program(name), "completion", "bash").decode()
        ask = (f"{script}\nCOMP_WORDS=({' '.join(map(shlex.quote, (name,) + words))})\n"
               f"COMP_CWORD={len(words)}\n_{name.replace('-', '_')}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"")
        return run("bash", "-c", ask, cwd="/proc/self/fdinfo").decode().split()

    def test_bash_knows_every_command_and_option(self):
        for name in PROGRAMS:
            for path, description in all_commands(described(name)):
                words = set(self.completed(name, *path[1:], ""))
                for sub in description["commands"]:
                    self.assertIn(sub["name"], words, path)
                for option in description["options"]:
                    self.assertIn(option["names"][-1], words, path)
                self.assertIn("--json", words, path)

    def test_values_of_options_are_no_commands(self):
        offered = self.completed("sealift-installer", "--site", "/srv/site", "flags", "")
        self.assertLessEqual({"list", "set", "reset"}, set(offered))
        self.assertIn("--files", self.completed("sealift", "inspect", "a.bundle", "--"))

    def test_fish_and_zsh_read_their_scripts(self):
        for shell in ("zsh", "fish"):
            need(shell)
            for name in PROGRAMS:
                run(shell, "-n", stdin=run(program(name), "completion", shell))

    def test_fish_offers_commands_and_options(self):
        need("fish")
        script = run(program("sealift"), "completion", "fish").decode()
        offered = run("fish", "-c", script + '\ncomplete -C "sealift trust "').decode()
        self.assertRegex(offered, r"(?m)^create\tmake the first root")
        offered = run("fish", "-c", script + '\ncomplete -C "sealift build x.yaml --"').decode()
        self.assertRegex(offered, r"(?m)^--output\twhere the bundle")
        self.assertRegex(offered, r"(?m)^--json\t")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
