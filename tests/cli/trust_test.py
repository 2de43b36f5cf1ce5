#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whom a site believes, on the programs as people use them: approvals by several people, changes of
the root, what a site asks for itself, time, and the way back that nothing of this blocks."""

import io
import json
import os
import shutil
import subprocess
import tarfile

from road import BUILDER, INSTALLER, RoadTest, errors, main, run, second_release, tree_digest, write


class Desk(RoadTest):
    """Three root holders (two needed) and three approvers (two needed), each with a key of their own."""

    def setUp(self):
        super().setUp()
        self.root = self.road.root
        self.folder = os.path.join(self.road.project, "trust")
        shutil.rmtree(self.folder)
        for name in ("holder1", "holder2", "holder3", "ci", "security", "ops"):
            run(BUILDER, "keygen", self.secret(name), "--no-passphrase")
        created = self.sealift(
            "trust", "create", "--root-key", self.secret("holder1"), "--root-key",
            self.secret("holder2"), "--root-key", self.public("holder3"), "--root-threshold", "2",
            "--approver", self.public("ci"), "--approver", self.public("security"), "--approver",
            self.public("ops"), "--threshold", "2", "--environment", "development=1", "--out",
            os.path.join(self.folder, "1.root.json"))
        self.assertTrue(created["complete"])
        self.road.trust = os.path.join(self.folder, "1.root.json")
        self.road.fingerprint = created["fingerprint"]
        self.road.key = self.secret("ci")

    def secret(self, name):
        return os.path.join(self.root, name + ".key")

    def public(self, name):
        return os.path.join(self.root, name + ".pub")

    def sealift(self, *command, status=0):
        return json.loads(run(BUILDER, "--json", *command, status=status))

    def rotate(self, *edits, signers=("holder1", "holder2")):
        """Drafts, signs and publishes the next root; each edit is a command without its folder."""
        for name, *rest in edits:
            draft = self.sealift("trust", name, self.folder, *rest)["file"]
        for signer in signers:
            self.sealift("trust", "sign", draft, "--key", self.secret(signer))
        return self.sealift("trust", "publish", draft)

    def audit(self):
        with open(os.path.join(self.road.site, "state/audit.jsonl"), encoding="utf-8") as log:
            return [json.loads(line) for line in log]

    def at_time(self, time):
        """What the site has seen is what it believes: a test's way to the future."""
        write(os.path.join(self.road.site, "state/clock.json"), json.dumps({"latest": time}))


class Approvals(Desk):
    def test_a_fingerprint_as_it_was_written_down(self):
        """Capitals and what stands between groups do not matter; all of its digits do."""
        site = os.path.join(self.root, "another-site")
        run(INSTALLER, "--site", site, "init", "--release", "chanuka", "--environment", "production",
            "--target", f"web={self.root}/another-web")
        digits = self.road.fingerprint
        groups = [digits[at:at + 4].upper() for at in range(0, 64, 4)]
        init = (INSTALLER, "--site", site, "trust", "init", self.road.trust, "--fingerprint")
        for short in (digits[:8], digits[:-1], digits + "0", digits[:-1] + "g", ""):
            self.assertIn("expected 64 hex digits", errors(*init, short, status=2))
        another = ("0" if digits[0] != "0" else "1") + digits[1:]
        self.assertIn("has the fingerprint", errors(*init, another, status=4))
        run(*init, ":".join(groups[:8]) + " " + "-".join(groups[8:]) + " ")

    def test_two_people_approve_at_their_own_desks(self):
        bundle = self.road.release("1.0.0")  # approved by ci
        self.road.init_site()
        log = self.root + "/site/state/audit.jsonl"
        shutil.copy(log, self.root)
        before = tree_digest(self.root + "/site")
        refusal = self.road.refused("verify", bundle, status=4)
        self.assertIn("approved by 1 of the 2 trusted keys", refusal)
        self.assertIn("ops", refusal)
        self.assertIn("security", refusal)
        # A line about the refusal is all that is left of it.
        self.assertEqual(self.audit()[-1]["details"]["command"], "verify")
        shutil.copy(self.root + "/audit.jsonl", log)
        self.assertEqual(tree_digest(self.root + "/site"), before)

        digest = self.sealift("inspect", bundle)["digest"]
        statement = os.path.join(self.root, "release.statement")
        with open(statement, "wb") as out:
            out.write(run(BUILDER, "statement", bundle))
        with open(statement, encoding="utf-8") as text:
            self.assertIn("chanuka 1.0.0", text.read())
        signature = self.sealift("sign", statement, "--key", self.secret("ops"))["signatures"][0]
        before = blobs_of(bundle)
        self.sealift("attach", bundle, signature)
        after = blobs_of(bundle)
        self.assertEqual({name: after[name] for name in before}, before)
        self.assertEqual(len(after), len(before) + 2)  # the envelope and its manifest
        self.assertEqual(self.sealift("inspect", bundle)["digest"], digest)
        verified = self.road.answer("verify", bundle)
        self.assertEqual(sorted(verified["approvedBy"]), ["ci", "ops"])
        self.assertEqual(verified["missing"], ["security"])
        run("sha256sum", "-c", "SHA256SUMS", cwd=os.path.dirname(bundle))
        self.road.installer("apply", bundle, "--yes", "--reason", "go live")
        accepted = [e for e in self.audit() if e["event"] == "accepted"][0]["details"]
        self.assertEqual(accepted["digest"], digest)
        self.assertEqual(accepted["rootVersion"], 1)
        self.assertEqual(sorted(accepted["keys"]), sorted(verified["keyIds"]))
        self.assertEqual(accepted["reason"], "go live")

    def test_a_signature_of_another_release_is_not_attached(self):
        first = self.road.release("1.0.0")
        second = self.road.release("1.1.0", second_release)
        statement = os.path.join(self.root, "other.statement")
        with open(statement, "wb") as out:
            out.write(run(BUILDER, "statement", first))
        signature = self.sealift("sign", statement, "--key", self.secret("ops"))["signatures"][0]
        before = content(second)
        message = errors(BUILDER, "attach", second, signature, status=4)
        self.assertIn("signs something else", message)
        self.assertEqual(content(second), before)

    def test_a_stranger_is_not_attached_where_the_bundle_carries_the_root(self):
        bundle = self.road.release("1.0.0")
        run(BUILDER, "keygen", self.secret("stranger"), "--no-passphrase")
        self.assertIn("no good signature by an approver of root version 1",
                      errors(BUILDER, "sign", bundle, "--key", self.secret("stranger"), status=4))

    def test_environments_have_thresholds_of_their_own(self):
        bundle = self.road.release("1.0.0")
        run(BUILDER, "verify", bundle, "--root", self.road.trust, "--environment", "production",
            status=4)
        run(BUILDER, "verify", bundle, "--root", self.road.trust, "--environment", "development")


class Rotation(Desk):
    def approve(self, bundle, *names):
        for name in names:
            self.sealift("sign", bundle, "--key", self.secret(name))
        return bundle

    def test_a_lost_approver_is_replaced_and_counts_no_more(self):
        self.road.init_site()
        old = self.approve(self.road.release("1.0.0"), "security")
        self.road.installer("apply", old, "--yes")
        run(BUILDER, "keygen", self.secret("security2"), "--no-passphrase")
        second = self.rotate(("remove-key", "security"),
                             ("add-key", "--approver", self.public("security2")))
        self.assertEqual(second["version"], 2)
        # The new chain reaches the site inside the next release.
        new = self.approve(self.road.release("1.1.0", second_release), "security2")
        self.assertEqual(self.road.answer("trust", "show")["version"], 1)
        self.road.installer("apply", new, "--yes")
        self.assertEqual(self.road.answer("trust", "show")["version"], 2)
        # What was signed by the lost key before is refused from now on, and can be explained.
        self.assertIn("security (unknown", self.lost(old))
        explained = self.road.answer("verify", old, "--at-root", "1")
        self.assertEqual(sorted(explained["approvedBy"]), ["ci", "security"])
        self.assertIn("never accepted", self.road.refused("verify", old, "--at-root", "7", status=2))
        # The way back does not ask for approvals again.
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")
        self.assertEqual(self.road.answer("trust", "show")["version"], 2)

    def lost(self, bundle):
        done = subprocess.run([INSTALLER, "--site", self.road.site, "verify", bundle],
                              capture_output=True)
        self.assertEqual(done.returncode, 4)
        text = done.stdout.decode() + done.stderr.decode()
        key = self.sealift("trust", "show", self.road.trust)["roles"]["targets"]["keys"]
        lost = next(k["id"][:12] for k in key if k["name"] == "security")
        return text.replace(lost, "security")

    def test_holders_sign_copies_at_their_own_machines(self):
        draft = self.sealift("trust", "set-threshold", self.folder, "2", "--environment",
                             "staging")["file"]
        elsewhere = os.path.join(self.root, "elsewhere")
        shutil.copytree(self.folder, elsewhere)
        copy = os.path.join(elsewhere, os.path.basename(draft))
        self.sealift("trust", "sign", draft, "--key", self.secret("holder1"))
        self.sealift("trust", "sign", copy, "--key", self.secret("holder3"))
        self.assertIn("signed by 1 of",
                      errors(BUILDER, "trust", "publish", draft, status=4))
        self.assertTrue(os.path.exists(draft))
        published = self.sealift("trust", "publish", draft, copy)
        self.assertEqual(published["roles"]["staging"]["threshold"], 2)
        self.assertFalse(os.path.exists(draft))
        self.assertIn("neither of version", errors(
            BUILDER, "trust", "sign", self.sealift("trust", "renew", self.folder)["file"], "--key",
            self.secret("ci"), status=2))

    def test_an_edit_that_cannot_be_met_is_refused(self):
        before = sorted(os.listdir(self.folder))
        for command in (("set-threshold", self.folder, "9"), ("set-threshold", self.folder, "0"),
                        ("remove-key", self.folder, "holder1", "holder2"),
                        ("remove-key", self.folder, "nobody"), ("add-key", self.folder),
                        ("add-key", self.folder, "--approver", self.secret("ci")),
                        ("set-threshold", self.folder, "2", "--root", "--environment", "x"),
                        ("add-key", self.folder, "--environment", "root", "--approver",
                         self.public("ci"))):
            done = subprocess.run([BUILDER, "trust", *command], capture_output=True)
            self.assertIn(done.returncode, (2, 3), command)
            self.assertEqual(sorted(os.listdir(self.folder)), before, command)

    def test_trust_update_takes_roots_without_a_release(self):
        self.road.init_site()
        self.rotate(("renew",))
        self.rotate(("renew",))
        second, third = (os.path.join(self.folder, f"{n}.root.json") for n in (2, 3))
        self.assertIn("cannot follow", self.road.refused("trust", "update", third, status=4))
        self.assertEqual(self.road.answer("trust", "show")["version"], 1)
        self.assertEqual(self.road.answer("trust", "update", third, second)["version"], 3)
        # It never goes back.
        self.assertEqual(self.road.answer("trust", "update", second)["version"], 3)
        self.assertEqual([e["event"] for e in self.audit()],
                         ["trust", "refused", "trust", "trust"])

    def test_a_newer_root_is_attached_to_a_bundle_that_was_built_before(self):
        self.road.init_site()
        bundle = self.approve(self.road.release("1.0.0"), "ops")
        run(BUILDER, "keygen", self.secret("new"), "--no-passphrase")
        self.rotate(("remove-key", "ci"), ("add-key", "--approver", self.public("new")))
        self.sealift("attach", bundle, os.path.join(self.folder, "2.root.json"))
        self.assertIn("1 of the 2 trusted", self.road.refused("verify", bundle, status=4))
        self.approve(bundle, "new")
        self.assertEqual(self.road.answer("verify", bundle)["rootVersion"], 2)


class SitePolicy(Desk):
    def policy(self, text):
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            before = source.read()
        write(path, before + f"policy: {text}\n")

    def test_a_site_asks_for_more_than_its_root(self):
        os.environ["SOURCE_DATE_EPOCH"] = "0"  # long ago
        self.addCleanup(os.environ.pop, "SOURCE_DATE_EPOCH")
        bundle = self.road.release("1.0.0")
        self.sealift("sign", bundle, "--key", self.secret("security"))
        self.road.init_site()
        site = os.path.join(self.road.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            plain = source.read()
        self.policy("{approvals: 1, require: [ci]}")
        self.road.installer("verify", bundle)
        for text, status, message in (
                ("{approvals: 3}", 4, "approved by 2 of the 3"),
                ("{require: [ops]}", 4, "this site also needs ops"),
                ("{require: [nobody]}", 3, "no key \"nobody\""),
                ("{max_age_days: 1}", 4, "days ago, site.yaml allows 1"),
                ("{aprovals: 3}", 3, "did you mean")):
            write(site, plain)
            self.policy(text)
            self.assertIn(message, self.road.refused("verify", bundle, status=status), text)


class Time(Desk):
    def test_expiry_gates_new_releases_and_never_the_way_back(self):
        first, second, third = (self.road.release("1.0.0"),
                                self.road.release("1.1.0", second_release),
                                self.road.release("1.2.0"))
        for bundle in (first, second, third):
            self.sealift("sign", bundle, "--key", self.secret("ops"))
        self.road.init_site()
        self.road.installer("apply", first, "--yes")
        self.road.installer("apply", second, "--yes")
        self.at_time("2099-01-01T00:00:00Z")
        self.assertIn("expired at", self.road.refused("verify", third, status=4))
        self.assertIn("is not believed", self.road.refused("apply", third, "--yes", status=4))
        self.assertIn("EXPIRED", self.road.refused("status", status=0))
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")
        self.road.installer("recover")
        self.road.installer("apply", third, "--yes", "--accept-expired", "--reason", "no courier")
        accepted = [e for e in self.audit() if e["event"] == "accepted"][-1]["details"]
        self.assertEqual(accepted["acceptExpired"], True)
        self.assertEqual(accepted["reason"], "no courier")
        run(INSTALLER, "--site", self.road.site, "doctor", status=20)

    def test_a_root_that_will_expire_soon_is_announced(self):
        self.road.init_site()
        self.assertNotIn("newer one", self.road.refused("status", status=0))
        self.at_time(self.road.answer("trust", "show")["expires"])
        self.assertIn("(0 days); ask the release owner for a newer one",
                      self.road.refused("status", status=0))

    def test_a_build_warns_of_a_root_that_will_expire_soon(self):
        self.rotate(("renew", "--expires", "91d"))
        self.road.release("1.0.0")
        self.assertNotIn("expire", errors(BUILDER, "build", self.release_file(), status=0))
        self.rotate(("renew", "--expires", "80d"))
        # 80 days within the second in which the root was made, 79 after it.
        self.assertRegex(errors(BUILDER, "build", self.release_file(), status=0),
                         r"\((79|80) days\); see: sealift trust renew")

    def release_file(self):
        return os.path.join(self.road.project, "release.yaml")

    def test_the_latest_time_is_remembered(self):
        bundle = self.road.release("1.0.0")
        self.sealift("sign", bundle, "--key", self.secret("ops"))
        self.road.init_site()
        self.road.installer("apply", bundle, "--yes")
        with open(os.path.join(self.road.site, "state/clock.json"), encoding="utf-8") as text:
            self.assertRegex(json.load(text)["latest"], r"^20\d\d-")
        write(os.path.join(self.road.site, "state/clock.json"), "{}")
        self.assertIn("clock.json", self.road.refused("verify", bundle, status=5))
        # The way back needs no time.
        self.road.installer("recover")
        self.assertIn("nothing stood", self.road.refused("rollback", "--yes", status=6))


class Floor(Desk):
    def test_disaster_recovery_goes_below_the_floor_by_an_audited_act(self):
        first, second = self.road.release("1.0.0"), self.road.release("1.1.0", second_release)
        for bundle in (first, second):
            self.sealift("sign", bundle, "--key", self.secret("ops"))
        self.road.init_site()
        self.road.installer("apply", second, "--yes")
        self.assertIn("--below-floor", self.road.refused("apply", first, "--yes", status=4))
        self.assertIn("--reason",
                      self.road.refused("apply", first, "--yes", "--below-floor", status=2))
        self.road.installer("apply", first, "--yes", "--below-floor", "--reason", "the disk is gone")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")
        accepted = [e for e in self.audit() if e["event"] == "accepted"][-1]["details"]
        self.assertEqual(accepted["belowFloor"], True)
        # From here the line goes on as after a rollback.
        self.road.installer("apply", second, "--yes")


class Papers(Desk):
    def test_sheet_and_sums(self):
        bundle = self.road.release("1.0.0")
        sheet = run(BUILDER, "sheet", bundle).decode()
        answer = self.sealift("sheet", bundle)
        for text in (answer["sha256"], answer["digest"], str(answer["bytes"]), "approved by    ci",
                     self.road.fingerprint, os.path.basename(bundle)):
            self.assertIn(text, sheet)
        self.assertLess(len(sheet.splitlines()), 60)
        self.assertIn(answer["sha256"].encode(), run("sha256sum", bundle))
        folder = os.path.dirname(bundle)
        sums = os.path.join(folder, "SHA256SUMS")
        write(sums, content(sums).decode() + "0" * 64 + "  another.file\n")
        run(BUILDER, "sums", bundle, "--key", self.secret("ops"))
        self.assertEqual(len(content(sums).splitlines()), 2)
        self.assertTrue(os.path.exists(sums + ".minisig"))
        self.sealift("sign", bundle, "--key", self.secret("ops"))
        self.assertFalse(os.path.exists(sums + ".minisig"))

    def test_export_writes_nothing_outside_its_folder(self):
        draft = self.sealift("trust", "renew", self.folder)["file"]
        with open(draft, encoding="utf-8") as source:
            root = json.load(source)
        ci = next(i for i, n in root["signed"]["x-sealift-names"].items() if n == "ci")
        root["signed"]["x-sealift-names"][ci] = "../../ci"
        write(draft, json.dumps(root))
        for signer in ("holder1", "holder2"):
            self.sealift("trust", "sign", draft, "--key", self.secret(signer))
        self.sealift("trust", "publish", draft)
        bundle = self.road.release("1.0.0")
        out = os.path.join(self.root, "a/b/out")
        files = self.sealift("export", bundle, "--output", out)["files"]
        self.assertEqual(len(files), 4)
        for name in files:
            self.assertEqual(os.path.dirname(os.path.realpath(name)), os.path.realpath(out))


def blobs_of(bundle):
    with tarfile.open(fileobj=io.BytesIO(run("zstd", "-dcq", bundle))) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar
                if entry.name.startswith("blobs/")}


def content(path):
    with open(path, "rb") as source:
        return source.read()


if __name__ == "__main__":
    main()
