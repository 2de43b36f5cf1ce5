#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit log as evidence: what `audit verify` finds of every way to falsify it, what a checkpoint that was
kept elsewhere adds, and an export that an auditor checks with jq, sha256sum and openssl alone."""

import html
import json
import os
import re
import shutil
import subprocess
import time
import unittest

from road import INSTALLER, InstalledTest, Road, main, need, run, second_release, write

TSA = """
[tsa]
extendedKeyUsage = critical, timeStamping
[authority]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


def checked_release(project):
    """1.1.0 has a health check as well."""
    second_release(project)
    script = os.path.join(project, "smoke.sh")
    write(script, "#!/bin/sh\nexit 0\n")
    os.chmod(script, 0o755)
    with open(os.path.join(project, "release.yaml"), "a", encoding="utf-8") as release:
        release.write("health:\n  - {name: smoke, exec: [./smoke.sh]}\n")


def setUpModule():
    """A site with one release, for all cases: each has it as it was, at the same place."""
    AuditTest.road = road = Road()
    unittest.addModuleCleanup(road.close)
    road.init_site()
    AuditTest.first = road.release("1.0.0")
    AuditTest.second = road.release("1.1.0", checked_release)
    road.installer("apply", AuditTest.first, "--yes")
    AuditTest.before = road.root + ".before"
    unittest.addModuleCleanup(shutil.rmtree, AuditTest.before)
    shutil.copytree(road.root, AuditTest.before, symlinks=True)


class AuditTest(InstalledTest):
    def setUp(self):
        shutil.rmtree(self.road.root)
        shutil.copytree(self.before, self.road.root, symlinks=True)
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

    def test_a_recomputed_chain_does_not_fit_the_signatures(self):
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
        os.remove(self.state("journal/000002.journal"))
        self.assertEqual(self.found("--against", kept), [])
        self.assert_found("is of 6 lines, the log has 4", "--against", later)

    def test_a_line_that_was_torn_is_no_falsification(self):
        self.put(self.lines() + ['{"actor":"ro'])
        self.assertEqual(self.found(), [])
        self.assertIn("12 bytes without an end", json.dumps(self.road.answer("audit", "verify")))
        self.road.installer("apply", self.second, "--yes")
        self.assertNotIn("without an end", json.dumps(self.road.answer("audit", "verify")))

    def test_the_log_of_another_site(self):
        kept = self.checkpoint()
        other = Road()
        self.addCleanup(other.close)
        other.init_site()
        other.installer("apply", other.release("1.0.0"), "--yes")
        shutil.copy(os.path.join(other.site, "state/audit.jsonl"), self.log)
        self.assert_found("line 4: its checkpoint is of the site")
        self.assert_found("was rewritten between line 1 and line 3", "--against", kept)
        theirs = other.installer("audit", "checkpoint").decode().strip()
        self.assert_found("--against: is of the site", "--against", theirs)

    def test_a_log_that_the_holder_of_the_key_rewrote(self):
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


class Refused(AuditTest):
    def test_what_verify_and_plan_refuse_is_in_the_log(self):
        with open(self.first, "rb") as bundle:
            content = bytearray(bundle.read())
        content[len(content) // 2] ^= 1
        bad = os.path.join(self.road.root, "bad.bundle.tar.zst")
        with open(bad, "wb") as bundle:
            bundle.write(content)
        self.road.refused("verify", bad, status=5)
        self.road.refused("plan", bad, status=5)
        said = [entry for entry in self.audit() if entry["event"] == "refused"]
        self.assertEqual([entry["details"]["command"] for entry in said], ["verify", "plan"])
        self.assertEqual({(entry["details"]["bundle"], entry["details"]["code"]) for entry in said},
                         {("bad.bundle.tar.zst", "corrupt")})
        self.assertEqual(self.found(), [])
        # What is no refusal leaves nothing, and neither does what is good.
        count = len(self.lines())
        self.road.refused("verify", "missing", status=8)
        self.road.installer("verify", self.first)
        self.road.installer("plan", self.second)
        self.assertEqual(len(self.lines()), count)

    def test_who_may_only_read_is_refused_all_the_same(self):
        other = Road()
        self.addCleanup(other.close)
        theirs = other.release("1.1.0")
        before = self.lines()
        run("mount", "--bind", self.road.site, self.road.site)
        try:
            run("mount", "-o", "remount,ro,bind", self.road.site)
            self.assertIn("another trust root", self.road.refused("verify", theirs, status=4))
        finally:
            run("umount", self.road.site)
        self.assertEqual(self.lines(), before)
        self.road.refused("verify", theirs, status=4)
        last = self.audit()[-1]["details"]
        self.assertEqual((last["command"], last["code"]), ("verify", "untrusted"))
        self.assertRegex(last["digest"], "^sha256:")


class Exported(AuditTest):
    def export(self, *more):
        folder = os.path.join(self.road.root, "evidence")
        self.said = self.road.answer("audit", "export", "-o", folder, *more)
        return folder

    def by_hand(self, folder):
        """The commands that the page says, as an auditor copies them."""
        with open(os.path.join(folder, "evidence.html"), encoding="utf-8") as page:
            blocks = re.findall("<pre>(.*?)</pre>", page.read(), re.S)
        script = "\n".join(html.unescape(block.replace("<br>", "\n")) for block in blocks)
        done = subprocess.run(["bash", "-c", script], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, env={"PATH": os.environ["PATH"]})
        return done.stdout.decode()

    def test_an_auditor_needs_none_of_our_tools(self):
        for tool in ("jq", "openssl"):
            need(tool)
        self.road.installer("apply", self.second, "--yes")
        self.road.installer("rollback", "--yes", "--reason", "too slow")
        folder = self.export()
        said = self.by_hand(folder)
        self.assertEqual(said.count("Signature Verified Successfully"), 2, said)
        card = self.road.answer("status")["key"]
        self.assertIn(card, said)
        self.assertIn("the chain is whole", said)
        for bad in ("BROKEN", "FAILED"):
            self.assertNotIn(bad, said)
        with open(os.path.join(folder, "evidence.json"), encoding="utf-8") as text:
            evidence = json.load(text)
        told = evidence["transactions"]
        self.assertEqual([(each["purpose"], each["version"]) for each in told],
                         [("apply", "1.0.0"), ("apply", "1.1.0"), ("rollback", "1.0.0")])
        self.assertEqual(told[0]["approvers"][0]["name"], "dev")
        self.assertEqual(told[2]["reason"], "too slow")
        self.assertEqual([(each["name"], each["result"]) for each in told[1]["health"]],
                         [("smoke", "healthy")])
        with open(os.path.join(folder, told[1]["record"]), encoding="utf-8") as text:
            self.assertEqual(json.load(text)["plan"]["outcome"]["version"], "1.1.0")
        # What approvers signed lies beside: their signature is checked as verify-by-hand.md does.
        for digest in {each["digest"].split(":")[1][:12] for each in told}:
            self.assertEqual(sorted(os.listdir(os.path.join(folder, "releases", digest))),
                             ["approval-1.dsse.json", "statement.json"])
        # Only its owner may read it, and the log says that it was made.
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        self.assertEqual(self.audit()[-1]["details"]["manifest"], self.said["manifest"])
        self.assertIn("is here already", self.road.refused("audit", "export", "-o", folder, status=3))

    def test_whatever_is_changed_in_an_export_shows(self):
        folder = self.export()
        for name, words in (("evidence.html", "evidence.html: FAILED"),
                            ("audit.jsonl", "audit.jsonl: FAILED"),
                            ("manifest.json", "Signature Verification Failure")):
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as text:
                whole = text.read()
            write(path, whole.replace("production", "productiom", 1).replace("2026", "2027", 1))
            self.assertIn(words, self.by_hand(folder) if name != "evidence.html" else
                          run("bash", "-c", "jq -r '.files[] | .sha256 + \"  \" + .name' manifest.json"
                              " | sha256sum --quiet -c; true", cwd=folder).decode())
            write(path, whole)

    def test_a_period_has_what_was_in_it(self):
        time.sleep(1.1)
        between = self.audit()[-1]["time"]
        self.road.installer("apply", self.second, "--yes")
        folder = self.export("--to", between)
        with open(os.path.join(folder, "evidence.json"), encoding="utf-8") as text:
            evidence = json.load(text)
        self.assertEqual([each["version"] for each in evidence["transactions"]], ["1.0.0"])
        self.assertEqual((evidence["log"]["first"], evidence["log"]["last"]), (1, 4))
        self.assertIn("the chain is whole", self.by_hand(folder))
        # The next one begins where this one ends, which the chain shows.
        shutil.rmtree(folder)
        self.export("--from", self.audit()[4]["time"])
        self.assertIn("the chain is whole", self.by_hand(folder))
        for bad in (("--from", "yesterday"), ("--from", "2027-01-01", "--to", "2026-01-01")):
            self.road.refused("audit", "export", *bad, status=2)


class Timestamped(AuditTest):
    def authority(self):
        """An authority of our own, by openssl; its answer to a request."""
        folder = os.path.join(self.road.root, "tsa")
        write(os.path.join(folder, "tsa.cnf"), TSA)
        run("bash", "-ec", """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=Root \
              -keyout root.key -out root.pem
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=Test TSA" \
              -keyout tsa.key -out tsa.csr
            openssl x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 \
              -extfile tsa.cnf -extensions tsa -out tsa.pem
            echo 01 > serial""", cwd=folder)
        return folder

    def answer(self, folder, request):
        run("openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "authority", "-queryfile",
            request, "-out", "answer.tsr", cwd=folder)
        return os.path.join(folder, "answer.tsr")

    def test_an_authority_confirms_a_checkpoint(self):
        need("openssl")
        folder = self.authority()
        request, text = (os.path.join(folder, name) for name in ("checkpoint.tsq", "checkpoint.txt"))
        self.road.installer("audit", "checkpoint", "--request", request, "-o", text)
        self.assertIn("sha256", run("openssl", "ts", "-query", "-in", request, "-text").decode())
        answer = self.answer(folder, request)
        roots = os.path.join(folder, "root.pem")
        run("openssl", "ts", "-verify", "-data", text, "-in", answer, "-CAfile", roots)
        said = self.road.answer("audit", "timestamp", answer, "--ca", roots)
        self.assertIn("Test TSA", said["signer"])
        self.assertEqual(said["lines"], 3)
        count = len(self.lines())
        self.road.installer("audit", "timestamp", answer, "--ca", roots)
        self.assertEqual(len(self.lines()), count)
        self.assertEqual(self.found("--ca", roots), [])

        evidence = os.path.join(self.road.root, "evidence")
        self.road.installer("audit", "export", "-o", evidence)
        run("openssl", "ts", "-verify", "-data", "3.txt", "-in", "3.tsr", "-CAfile", roots,
            cwd=os.path.join(evidence, "timestamps"))

        # What is not good.
        other = os.path.join(folder, "tsa.key")
        run("openssl", "req", "-x509", "-key", other, "-subj", "/CN=Other", "-out",
            os.path.join(folder, "other.pem"))
        self.assertIn("not signed by an authority", self.road.refused(
            "audit", "timestamp", answer, "--ca", os.path.join(folder, "other.pem"), status=4))
        self.assertIn("found no answer of RFC 3161", self.road.refused(
            "audit", "timestamp", request, "--ca", roots, status=4))
        write(os.path.join(folder, "other.txt"), "another text\n")
        run("openssl", "ts", "-query", "-data", "other.txt", "-sha256", "-cert", "-out", "other.tsq",
            cwd=folder)
        theirs = self.answer(folder, os.path.join(folder, "other.tsq"))
        self.assertIn("no checkpoint of this log", self.road.refused(
            "audit", "timestamp", theirs, "--ca", roots, status=6))
        self.assert_found("not signed by an authority", "--ca", os.path.join(folder, "other.pem"))
        kept, = os.listdir(self.state("timestamps"))
        with open(self.state("timestamps/" + kept), "ab") as file:
            file.write(b"x")
        self.assert_found("line 5: .*was altered")
        os.remove(self.state("timestamps/" + kept))
        self.assert_found("line 5: .*is missing")


main()
