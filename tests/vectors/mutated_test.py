#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents that were changed at random and signed again, so that what lies behind the signatures is
reached: a site takes them whole or refuses them, with no crash, no change and bounded memory. Beside
random changes of one value there are those of the recipes, one or two at a time.

A share with a fixed seed runs in CI; SEALIFT_SEED and SEALIFT_SHARE choose others."""

import collections
import copy
import glob
import json
import os
import random
import shutil
import sys
import tempfile
import unittest

import recipe
from vectors_test import HERE, MAX_MEMORY, Site

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
SHARE = int(os.environ.get("SEALIFT_SHARE", "100"))
KEEP = os.path.join(os.environ["SEALIFT_SOURCE"], "build/mutated")  # bundles that were a finding

# What is signed, or hangs from it; the rest is refused at the door.
DOCUMENTS = ("release", "component", "manifest", "head", "D", "table", "images", "images-manifest",
             "image-config", "image-manifest")
BEHIND = set(DOCUMENTS) | {name + "!" for name in DOCUMENTS} | {"files", "tree!", "notes!"}
VALUES = [None, True, False, 0, 1, -1, 2**31, 2**53, 2**63, 2**64 - 1, 1.5, "", "a", "..", "../x", "/etc",
          "a" * 300, "a" * 5000, "\u202e", "\n", "é", "e\u0301", "{{x}}", "1.0.0", "2099-01-01T00:00:00Z",
          "sha256:" + "0" * 64, "application/vnd.oci.image.manifest.v1+json", [], {}, [[]], {"": {}}]


def places(value, path=()):
    """Every value in a document, by the keys that lead to it."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, path + (key,))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, path + (number,))


def changed(value, chance):
    """A document with one value replaced, removed, repeated, or put in another's place."""
    value = copy.deepcopy(value)
    path = chance.choice([place for place in places(value) if place] or [()])
    if not path:
        return chance.choice(VALUES)
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    kind = chance.randrange(6)
    if kind == 0:
        del parent[path[-1]]
    elif kind == 1 and isinstance(parent, list):
        parent.extend([copy.deepcopy(parent[path[-1]])] * chance.choice([1, 2, 1000]))
    elif kind == 2 and isinstance(parent, dict):
        parent[chance.choice(["x", "", "\u202e", "format", "name", "a" * 300])] = parent[path[-1]]
    elif kind == 3 and isinstance(parent[path[-1]], str) and parent[path[-1]]:
        text = list(parent[path[-1]])
        text[chance.randrange(len(text))] = chance.choice("aZ09./-_ \n\"\\{}é\u202e")
        parent[path[-1]] = "".join(text)
    elif kind == 4:
        deep = parent[path[-1]]
        for _ in range(chance.choice([1, 10, 70])):
            deep = [deep]
        parent[path[-1]] = deep
    else:
        parent[path[-1]] = copy.deepcopy(chance.choice(VALUES))
    return value


def known_attacks():
    """Those of the recipes that change nothing before the signatures."""
    found = []
    for file in sorted(glob.glob(os.path.join(HERE, "recipes", "**", "*.recipe"), recursive=True)):
        with open(file, encoding="utf-8") as source:
            found += [attack for attack in recipe.attacks(os.path.relpath(file, HERE), source.read())
                      if set(attack.edits) <= BEHIND]
    return found


class Mutated(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sealift-mutated-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = recipe.forge.Root(1)
        self.site = None

    def made(self, known, chance):
        attack = recipe.Attack("mutated")
        attack.image = chance.random() < 0.3
        for other in chance.sample(known, chance.choice([0, 0, 1, 2])):
            for document, edits in other.edits.items():
                attack.edits.setdefault(document, []).extend(edits)
        for document in chance.choices(DOCUMENTS, k=chance.choice([0, 1, 1, 2]) if attack.edits else 1):
            attack.edit(document, lambda value: changed(value, chance))
        return attack.file()

    def call(self, *command):
        if self.site is None:
            self.site = Site(tempfile.mkdtemp(dir=self.folder), self.root)
        return self.site.call(*command)

    def wrong(self, bundle):
        """What is wrong with how a site takes a bundle; the statuses of verify and apply otherwise."""
        statuses = []
        for command in (("verify", bundle), ("apply", bundle, "--yes")):
            status, said, memory = self.call(*command)
            statuses.append(status)
            if status not in (0, 3, 4, 5, 6, 8, 9) or "Traceback" in said:
                return f"{command[0]}: exit status {status}: {said[-300:]}", statuses
            if memory > MAX_MEMORY:
                return f"{command[0]}: took {memory >> 20} MiB", statuses
            if status in (0, 9) and command[0] == "apply":
                self.site = None
            elif self.site.state() != self.site.before:
                return f"{command[0]}: exit status {status}, but the site has changed", statuses
        if statuses[0] != 0 and statuses[1] == 0:
            return "applied what verify had refused", statuses
        return None, statuses

    def test_a_site_takes_it_whole_or_refuses_it(self):
        known = known_attacks()
        self.assertGreater(len(known), 100)
        found, ends, ran = [], collections.Counter(), 0
        bundle = os.path.join(self.folder, "mutated.bundle.tar.zst")
        for number in range(SHARE):
            chance = random.Random(f"{SEED} {number}")
            try:
                content = self.made(known, chance)
            except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError):
                continue  # one change has removed what another one changes
            with open(bundle, "wb") as out:
                out.write(content)
            ran += 1
            wrong, statuses = self.wrong(bundle)
            ends[tuple(statuses)] += 1
            if wrong:
                self.site = None
                os.makedirs(KEEP, exist_ok=True)
                kept = shutil.copy(bundle, os.path.join(KEEP, f"{SEED}-{number}.bundle.tar.zst"))
                print(f"seed {SEED}, number {number}: {wrong}\n   kept as {kept}", flush=True)
                found.append(number)
        print(f"{SHARE} bundles, {ran} run, {len(found)} wrong; statuses of verify and apply: " +
              json.dumps({" ".join(map(str, statuses)): count for statuses, count in ends.items()}))
        self.assertEqual(found, [])
        self.assertGreater(ran, SHARE // 2)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
