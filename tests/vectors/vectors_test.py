#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every attack of recipes/ against the real programs: refused for the expected reason, before any
change, with nothing left behind."""

import glob
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from road import BUILDER, INSTALLER, run, tree_digest, write  # noqa: E402

import recipe  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
STATUS = {"accepted": 0, "usage": 2, "invalid_input": 3, "untrusted": 4, "corrupt": 5,
          "incompatible": 6, "target_failed": 9}
MAX_MEMORY = 300 << 20  # bytes that any refusal may take


def fingerprint(root):
    return recipe.forge.sha256(recipe.forge.canonical(root.signed))


def call(command):
    """Exit status, messages, and the most memory that a command took."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as nowhere:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=nowhere, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return child.returncode, said.read().decode(), usage.ru_maxrss * 1024


class Site:
    """A site that trusts a root; with release 1.0.0 applied where that root allows it."""

    def __init__(self, folder, root):
        self.folder = os.path.join(folder, "site")
        self.targets = os.path.join(folder, "srv")
        run(INSTALLER, "--site", self.folder, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={self.targets}/web")
        path = os.path.join(folder, "root.json")
        with open(path, "wb") as out:
            out.write(root.text())
        run(INSTALLER, "--site", self.folder, "trust", "init", path, "--fingerprint",
            fingerprint(root))
        first = recipe.Attack("first")
        first.trusted = root.signed["version"]
        first.roots = {first.trusted: root}
        first.version = "1.0.0"
        # Nothing of it can be shared with the attack's files.
        first.edit("files", lambda files: {path: b"one\n" + data for path, data in files.items()})
        bundle = os.path.join(folder, "first.bundle.tar.zst")
        with open(bundle, "wb") as out:
            out.write(first.file())
        if root.signed["expires"] > "2030":
            run(INSTALLER, "--site", self.folder, "apply", bundle, "--yes")
        self.before = self.state()

    def audit(self):
        with open(os.path.join(self.folder, "state/audit.jsonl"), encoding="utf-8") as log:
            return [json.loads(line) for line in log]

    def state(self):
        """Everything but what a refusal may change: its line in the audit log, and the lock."""
        copy = tempfile.mkdtemp(prefix="sealift-vector-")
        try:
            shutil.copytree(self.folder, os.path.join(copy, "site"), symlinks=True)
            for name in ("audit.jsonl", "lock"):
                path = os.path.join(copy, "site/state", name)
                if os.path.exists(path):
                    os.remove(path)
            targets = tree_digest(self.targets) if os.path.exists(self.targets) else ""
            return tree_digest(os.path.join(copy, "site")), targets
        finally:
            shutil.rmtree(copy)

    def call(self, *command):
        return call([INSTALLER, "--site", self.folder, *command])


class Vectors(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sealift-vectors-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.sites = {}

    def site(self, root):
        """One site for each root that attacks start from; nothing changes them."""
        name = fingerprint(root)
        if name not in self.sites:
            folder = tempfile.mkdtemp(dir=self.folder)
            self.sites[name] = Site(folder, root)
        return self.sites[name]

    def test_every_recipe(self):
        files = sorted(glob.glob(os.path.join(HERE, "recipes", "**", "*.recipe"), recursive=True))
        self.assertGreater(len(files), 50)
        count = 0
        for file in files:
            with open(file, encoding="utf-8") as source:
                text = source.read()
            for attack in recipe.attacks(os.path.relpath(file, HERE), text):
                with self.subTest(attack.title):
                    count += 1
                    self.strike(attack)
        print(f"{count} attacks of {len(files)} recipes")

    def test_every_pair_of_entries_swapped_and_every_entry_doubled(self):
        """Also in a bundle that carries an image; what is signed stays the same."""
        bundle = os.path.join(self.folder, "attack.bundle.tar.zst")
        for image in (False, True):
            def refused(edit):
                attack = recipe.Attack("shuffled")
                attack.image = image
                attack.edit("entries", edit)
                with open(bundle, "wb") as out:
                    out.write(attack.file())
                status, said, _ = site.call("verify", bundle)
                self.assertIn(status, (STATUS["untrusted"], STATUS["corrupt"]), said)

            counted = []
            attack = recipe.Attack("counted")
            attack.image = image
            attack.edit("entries", lambda entries: counted.append(len(entries)) or entries)
            site = self.site(attack.roots[1])
            with open(bundle, "wb") as out:
                out.write(attack.file())
            self.assertEqual(site.call("verify", bundle)[0], 0)
            count, = counted
            self.assertGreater(count, 10)
            for one, two in itertools.combinations(range(count), 2):
                def swap(entries):
                    entries[one], entries[two] = entries[two], entries[one]
                    return entries
                refused(swap)
            for one in range(count):
                refused(lambda entries: entries[:one] + [entries[one]] + entries[one:])
            self.assertEqual(site.state(), site.before)

    def strike(self, attack):
        site = self.site(attack.roots[attack.trusted])
        bundle = os.path.join(self.folder, "attack.bundle.tar.zst")
        with open(bundle, "wb") as out:
            out.write(attack.file())
        self.judge(site.call("verify", bundle), attack.expected)
        kind = attack.applied[0]
        if kind == "accepted":
            return
        self.judge(site.call("apply", bundle, "--yes"), attack.applied)
        last = [entry for entry in site.audit() if entry["event"] != "checkpoint"][-1]
        if kind == "target_failed":  # a transaction that was begun and undone: it has a history
            self.assertEqual(site.state()[1], site.before[1])
            self.assertEqual(last["event"], "failed")
            self.sites.clear()
            return
        self.assertEqual(site.state(), site.before)
        self.assertEqual((last["event"], last["details"]["code"]), ("refused", kind))

    def test_every_yaml_file(self):
        """As release.yaml and as site.yaml."""
        files = sorted(glob.glob(os.path.join(HERE, "yaml", "*.yaml")))
        self.assertGreater(len(files), 4)
        site = self.site(recipe.forge.Root(1))
        settings = os.path.join(site.folder, "site.yaml")
        with open(settings, encoding="utf-8") as source:
            good = source.read()
        for file in files:
            with self.subTest(os.path.basename(file)):
                for command in ([BUILDER, "validate", file],
                                [INSTALLER, "--site", site.folder, "status"]):
                    shutil.copy(file, settings)
                    outcome = call(command)
                    self.judge(outcome, ("invalid_input", [".yaml"]), longest=20000)
        write(settings, good)
        self.assertEqual(site.state(), site.before)

    def judge(self, outcome, expected, longest=4000):
        status, message, memory = outcome
        kind, words = expected
        self.assertEqual(status, STATUS[kind], message)
        self.assertLess(memory, MAX_MEMORY)
        self.assertLess(len(message), longest)
        if kind == "accepted":
            self.assertEqual(message, "")
        for word in words:
            self.assertIn(word, message)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
