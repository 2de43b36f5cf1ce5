#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit log as evidence: what `audit verify` finds of every way to falsify it, what a checkpoint that was
kept elsewhere adds, and an export that an auditor checks with jq, sha256sum and openssl alone."""

import json
import os
import re
import shutil
import subprocess
import sys

from road import BIN, INSTALLER, SOURCE, InstalledTest, Road, main, need, npm_packages, run, write

BUILD = os.path.dirname(BIN)


class AuditTest(InstalledTest):
    def setUp(self):
        super().setUp()
        self.log = self.state("audit.jsonl")

    def lines(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read().splitlines(keepends=True)

    def put(self, lines):
        write(self.log, "".join(lines))
        os.chmod(self.log, 0o600)

    def checkpoint(self):
        return self.road.installer("audit", "checkpoint").decode().strip()

    def found(self, *more):
        """What `audit verify` finds wrong; its exit status says whether that is anything."""
        done = subprocess.run([INSTALLER, "--site", self.road.site, "--json", "audit", "verify", *more],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        said = json.loads(done.stdout)
        self.assertEqual(done.returncode, 20 if said["findings"] else 0, done.stderr)
        self.assertEqual(said["ok"], not said["findings"])
        return [f'{each["where"]}: {each["found"]}' for each in said["findings"]]

    def assert_found(self, words, *more):
        found = self.found(*more)
        self.assertTrue(any(re.search(words, each) for each in found), f"{words}: {found}")


class Falsified(AuditTest):
    def test_a_sound_log_is_signed_behind_each_transaction(self):
        events = [entry["event"] for entry in self.audit()]
        self.assertEqual(events, ["trust", "accepted", "apply", "checkpoint"])
        self.assertEqual(self.found(), [])
        # Nothing was written since: it is the same checkpoint, and no line more.
        kept = self.checkpoint()
        self.assertEqual(len(self.lines()), 4)
        self.assertEqual(self.found("--against", kept), [])
        self.road.installer("apply", self.second, "--yes")
        self.assertEqual(self.found("--against", kept), [])
        said = self.road.answer("audit", "verify", "--against", kept)
        self.assertEqual((said["held"], said["checkpoints"]), (1, 2))
        card = json.loads(open(self.state("site.json"), encoding="utf-8").read())
        self.assertEqual(self.road.answer("status")["key"], card["key"])
        self.assertEqual(self.road.answer("audit", "checkpoint")["key"], card["key"])

    def test_lines_that_were_removed_changed_or_swapped(self):
        self.road.installer("apply", self.second, "--yes")
        lines = self.lines()
        self.assertEqual(len(lines), 7)
        changed = lines[2].replace('"version":"1.0.0"', '"version":"9.9.9"')
        self.assertNotEqual(changed, lines[2])
        for altered, where in (
                (lines[:2] + lines[3:], "line 3: "), (lines[1:], "line 1: "),
                (lines[:2] + [changed] + lines[3:], "line 4: "),
                (lines[:1] + [lines[2], lines[1]] + lines[3:], "line 2: "),
                (lines[:4] + [lines[1]] + lines[4:], "line 5: "),
                (lines[:3] + ["{}\n"] + lines[3:], "line 4: "),
                (lines[:3] + ["\xff\n"] + lines[3:], "line 4: ")):
            self.put(altered)
            self.assert_found("^" + where)
        self.put(lines)
        self.assertEqual(self.found(), [])

    def rechained(self, lines):
        """The lines with a chain of their own, as somebody writes them who has no key."""
        done, before = [], ""
        for number, line in enumerate(lines):
            entry = json.loads(line)
            entry["seq"], entry["prev"] = number, before
            text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            done.append(text + "\n")
            before = run("sha256sum", stdin=done[-1].encode()).decode().split()[0]
        return done

    def test_a_chain_that_was_made_anew_does_not_fit_the_signatures(self):
        lines = self.lines()
        self.assertEqual(self.rechained(lines), lines)
        self.put(self.rechained([lines[0].replace("root", "nobody")] + lines[1:]))
        self.assert_found("line 4: its checkpoint is of 3 lines that end with")
        # Without its checkpoints it does; then it is not signed, which is said.
        self.put(self.rechained(lines[:3]))
        self.assertEqual(self.found(), [])
        notes = self.road.answer("audit", "verify")["notes"]
        self.assertIn("there is none", notes[0]["found"])

    def test_a_tail_that_was_cut_off(self):
        kept = self.checkpoint()
        self.road.installer("apply", self.second, "--yes")
        later = self.checkpoint()
        lines = self.lines()
        self.put(lines[:4])
        self.assert_found("transaction 2: it ended .* no line tells of it")
        self.assert_found("is of 6 lines, the log has 4: lines 5 to 6 were cut off", "--against", later)
        self.assertEqual([each for each in self.found("--against", kept) if "transaction" not in each], [])
        # Together with the state that knew of it: only what was kept elsewhere tells.
        os.remove(self.state("journal/2.journal"))
        self.assertEqual(self.found("--against", kept), [])
        self.assert_found("is of 6 lines, the log has 4", "--against", later)

    def test_a_line_that_was_torn_is_no_falsification(self):
        self.put(self.lines() + ['{"actor":"ro'])
        self.assertEqual(self.found(), [])
        self.assertIn("12 bytes without an end", json.dumps(self.road.answer("audit", "verify")))
        self.checkpoint()
        self.assertNotIn("without an end", json.dumps(self.road.answer("audit", "verify")))

    def test_the_log_of_another_site(self):
        kept = self.checkpoint()
        other = Road()
        self.addCleanup(other.close)
        other.init_site()
        other.installer("apply", other.release("1.0.0"), "--yes")
        shutil.copy(os.path.join(other.site, "state/audit.jsonl"), self.log)
        self.assert_found("line 4: its checkpoint is of the site")
        self.assert_found("was written anew between line 1 and line 3", "--against", kept)
        theirs = other.installer("audit", "checkpoint").decode().strip()
        self.assert_found("--against: is of the site", "--against", theirs)

    def test_a_log_that_the_holder_of_the_key_wrote_anew(self):
        """Only what was kept elsewhere finds it: docs/threat-model.md says so."""
        self.road.installer("apply", self.second, "--yes")
        kept = os.path.join(self.road.root, "kept.txt")
        early = self.checkpoint()
        write(kept, f"# of each visit\n{early}\n")
        lines = self.lines()
        self.put(self.rechained([lines[0], lines[1].replace("1.0.0", "1.0.9"), lines[2]]))
        self.checkpoint()
        rest = self.lines()
        self.put(self.rechained(rest + [lines[4], lines[5]]))
        self.checkpoint()
        self.assertEqual(self.found(), [])
        self.assert_found("kept.txt:2: line 6 has the digest .*between line 1 and line 6", "--against", kept)

    def test_what_no_checkpoint_is(self):
        kept = self.checkpoint()
        words = kept.split(" ")
        for bad, why in ((kept[:-20], "base64|signature"), (" ".join(words[:6]), "6 words"),
                         (kept.replace(f" {words[2]} ", " 2 "), "the signature is not one of the key"),
                         (kept.replace(words[4], "2020-01-01T00:00:00Z"), "the signature is not one")):
            self.assertRegex(self.road.refused("audit", "verify", "--against", bad, status=3), why)
        # From paper, with a break where the line was full.
        self.assertEqual(self.found("--against", kept.replace(" ", "\n  ")), [])

    def test_another_key_of_the_site_is_said(self):
        before = self.checkpoint()
        for name in ("site.key", "site.pub"):
            os.remove(self.state("keys/" + name))
        self.road.installer("apply", self.second, "--yes")
        self.assertIn("no checkpoint follows", json.dumps(self.road.answer("audit", "verify")))
        self.road.installer("init")
        after = self.checkpoint()
        self.assertNotEqual(before.split()[5], after.split()[5])
        self.assertEqual(self.found("--against", before, "--against", after), [])
        self.assertIn("from here on signed by the key", json.dumps(self.road.answer("audit", "verify")))
        # A key that came without a word.
        lines = [line for line in self.lines() if '"event":"keys"' not in line]
        self.put(self.rechained(lines[:6]))
        os.remove(self.state("keys/site.pub"))
        self.road.installer("init")
        self.put(self.rechained(lines[:6]))
        self.checkpoint()
        self.assert_found("no line says that the site has another key")

    def test_openssl_checks_a_checkpoint(self):
        need("openssl")
        kept = self.checkpoint().split(" ")
        write(os.path.join(self.road.root, "said"), " ".join(kept[:6]))
        script = f"""set -e
            {{ printf 302a300506032b6570032100 | xxd -r -p; echo {kept[5]} | base64 -d; }} > key
            openssl pkey -pubin -inform DER -in key -out site.pem
            echo {kept[6]} | base64 -d > signature
            openssl pkeyutl -verify -pubin -inkey site.pem -rawin -in said -sigfile signature
            head -n {kept[2]} {self.log} | tail -n 1 | sha256sum"""
        said = run("bash", "-c", script, cwd=self.road.root).decode()
        self.assertIn("Signature Verified Successfully", said)
        self.assertIn(kept[3], said)


main()
