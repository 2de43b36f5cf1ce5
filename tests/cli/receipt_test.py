#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receipts: what a site says that it holds, and what the release desk makes of it. The documents of a
receipt and of its signature are checked with jq and openssl alone as well."""

import json
import os
import shutil
import subprocess
import time
import unittest

from road import (BUILDER, INSTALLER, Road, errors, main, need, run, second_release, tree_digest,
                  write)

DAY = 86400


class Receipts(unittest.TestCase):
    """A site that had 1.0.0 and has 1.1.0, and a project that has its card as "vault-room"."""

    @classmethod
    def setUpClass(cls):
        cls.road = road = Road()
        cls.addClassCleanup(road.close)
        card = os.path.join(road.root, "card.json")
        write(card, run(INSTALLER, "--json", "--site", road.site, "init", "--release", "chanuka",
                        "--environment", "production", "--target", f"web={road.target('web')}",
                        "--target", f"etc={road.target('etc')}", "--value",
                        "PUBLIC_URL=https://chanuka.example", "--value",
                        "PUBLIC_HOST=chanuka.example").decode())
        road.installer("trust", "init", road.trust, "--fingerprint", road.fingerprint)
        run(BUILDER, "recipient", "recovery", os.path.join(road.root, "recovery.age"), "--project",
            road.project)
        run(BUILDER, "recipient", "add", card, "--site", "vault-room", "--project", road.project)
        cls.bundles = [road.release("1.0.0"), road.release("1.1.0", second_release)]
        for bundle in cls.bundles:
            road.installer("apply", bundle, "--yes")

    def setUp(self):
        self.folder = os.path.join(self.road.root, "receipts")
        os.mkdir(self.folder)
        self.addCleanup(shutil.rmtree, self.folder)

    def receipt(self, name, site=None):
        file = os.path.join(self.folder, f"{name}.receipt")
        run(INSTALLER, "--site", site or self.road.site, "receipt", "-o", file)
        return file

    def sites(self, *receipts, status=0, project=None):
        return json.loads(run(BUILDER, "--json", "sites", *receipts, "--project",
                              project or self.road.project, status=status))

    def digest(self, bundle):
        return json.loads(run(BUILDER, "--json", "inspect", bundle))["digest"]

    def signed_by_site(self, change, name="changed"):
        """What the site would sign with its clock, or its release, another."""
        with open(self.receipt(name), encoding="utf-8") as text:
            value = json.loads(text.read())
        value.pop("signature")
        change(value)
        message = os.path.join(self.folder, "message")
        write(message, canonical(value))
        key = os.path.join(self.folder, "key.pem")
        write(key, self.private_pem())
        signature = run("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", message)
        value["signature"] = base64_of(signature)
        file = os.path.join(self.folder, f"{name}.receipt")
        write(file, canonical(value) + "\n")
        return file

    def private_pem(self):
        """The site's key as openssl reads it: the seed of the minisign file in PKCS #8."""
        with open(os.path.join(self.road.site, "state/keys/site.key"), encoding="utf-8") as key:
            raw = bytes_of_base64(key.read().splitlines()[1])
        seed = raw[2 + 2 + 2 + 32 + 8 + 8 + 8:][:32]
        der = bytes.fromhex("302e020100300506032b657004220420") + seed
        return f"-----BEGIN PRIVATE KEY-----\n{base64_of(der)}\n-----END PRIVATE KEY-----\n"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def base64_of(content):
    return subprocess.run(["base64", "-w0"], input=content, stdout=subprocess.PIPE,
                          check=True).stdout.decode()


def bytes_of_base64(text):
    return subprocess.run(["base64", "-d"], input=text.encode(), stdout=subprocess.PIPE,
                          check=True).stdout


class OfASite(Receipts):
    def test_it_says_what_the_site_holds_and_changes_nothing(self):
        before = tree_digest(self.road.site)
        with open(self.receipt("a"), encoding="utf-8") as text:
            said = json.loads(text.read())
        self.assertEqual(said["current"], {"name": "chanuka", "version": "1.1.0",
                                           "digest": self.digest(self.bundles[1])})
        self.assertEqual({each["version"]: (each["use"], each["digest"]) for each in said["held"]},
                         {"1.0.0": ("rollback", self.digest(self.bundles[0])),
                          "1.1.0": ("current", self.digest(self.bundles[1]))})
        self.assertEqual(said["root"], {"version": 1,
                                        "fingerprint": "sha256:" + self.road.fingerprint})
        self.assertEqual(said["checkpoint"],
                         self.road.answer("audit", "checkpoint")["checkpoint"])
        self.assertEqual(tree_digest(self.road.site), before)
        printed = self.road.answer("receipt")
        self.assertEqual({**said, "made": 0, "signature": 0},
                         {**printed, "made": 0, "signature": 0})

    def test_standard_output_has_what_the_file_has(self):
        text = self.road.installer("receipt").decode()
        self.assertEqual(text, canonical(json.loads(text)) + "\n")
        file = os.path.join(self.folder, "out.receipt")
        write(file, text)
        self.assertTrue(self.sites(file)["sites"][0]["verified"])

    def test_jq_and_openssl_check_it_as_the_page_says(self):
        need("jq")
        file = self.receipt("vault-room")
        with open(os.path.join(os.environ["SEALIFT_SOURCE"], "docs/receipts.md"),
                  encoding="utf-8") as page:
            script = page.read().split("```sh\n# by hand\n")[1].split("```")[0]
        said = run("sh", "-ec", script, cwd=self.folder).decode()
        self.assertIn("Signature Verified Successfully", said)
        with open(file, encoding="utf-8") as text:
            changed = text.read().replace("1.1.0", "1.1.9")
        write(file, changed)
        errors("sh", "-ec", script, status=1, cwd=self.folder)

    def test_a_site_that_is_new_holds_nothing(self):
        site = os.path.join(self.folder, "new")
        run(INSTALLER, "--site", site, "init", "--release", "chanuka", "--environment", "staging",
            "--target", f"web={self.folder}/web")
        with open(self.receipt("new", site), encoding="utf-8") as text:
            said = json.loads(text.read())
        self.assertEqual([said["held"], "root" in said, "current" in said], [[], False, False])

    def test_a_site_that_is_mounted_read_only_makes_one(self):
        script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" --site "$1" receipt'
        said = run("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh",
                   self.road.site, INSTALLER)
        self.assertEqual(json.loads(said)["current"]["version"], "1.1.0")

    def test_a_bundle_that_the_store_has_lost_is_not_held(self):
        store = os.path.join(self.road.site, "state/store")
        before = sorted(os.listdir(store))
        moved = os.path.join(self.folder, "moved")
        os.mkdir(moved)
        lost = next(name for name in before if "1.1.0" in name)
        os.rename(os.path.join(store, lost), os.path.join(moved, lost))
        self.addCleanup(os.rename, os.path.join(moved, lost), os.path.join(store, lost))
        said = self.road.answer("receipt")
        self.assertEqual(said["current"]["version"], "1.1.0")
        self.assertEqual([each["version"] for each in said["held"]], ["1.0.0"])

    def test_a_site_without_its_key_makes_none(self):
        key = os.path.join(self.road.site, "state/keys/site.key")
        os.rename(key, key + ".away")
        self.addCleanup(os.rename, key + ".away", key)
        self.assertIn("the site's key is missing", self.road.refused("receipt", status=4))


class AtTheDesk(Receipts):
    def test_a_site_is_known_by_its_card(self):
        site = self.sites(self.receipt("a"))["sites"][0]
        self.assertEqual([site["name"], site["verified"], site["notes"]], ["vault-room", True, []])
        shown = run(BUILDER, "sites", self.folder, "--project", self.road.project).decode()
        self.assertRegex(shown, r"vault-room +chanuka 1\.1\.0 +production +2 releases +1 ")

    def test_a_site_without_a_card_is_shown_and_not_verified(self):
        site = self.sites(self.receipt("a"), project=self.folder)["sites"][0]
        self.assertEqual([site["name"], site["verified"]], [None, False])
        self.assertEqual(site["notes"],
                         [f"unknown site: not verified, key {self.road.answer('status')['key']}"])

    def test_one_that_does_not_verify_is_refused_by_name_and_hides_no_other(self):
        good = self.receipt("good")
        changed = os.path.join(self.folder, "changed.receipt")
        with open(good, encoding="utf-8") as text:
            write(changed, text.read().replace("1.1.0", "1.1.9"))
        said = self.sites(self.folder, status=4)
        self.assertEqual([each["file"] for each in said["sites"]], [good])
        self.assertEqual([each["file"] for each in said["refused"]], [changed])
        done = subprocess.run([BUILDER, "sites", changed, "--project", self.road.project],
                              stdout=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn(f"REFUSED  {changed}: the signature is not one of the key in it",
                      done.stdout.decode())

    def test_another_key_than_the_one_on_the_card_is_refused(self):
        other = os.path.join(self.folder, "other")
        run(INSTALLER, "--site", other, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={self.folder}/web")
        identity = os.path.join(other, "state/site.json")
        with open(identity, encoding="utf-8") as text:
            card = json.load(text)
        card["id"] = self.road.answer("status")["site"]
        write(identity, json.dumps(card))
        said = self.sites(self.receipt("forged", other), status=4)
        self.assertIn("the site's registration card has", said["refused"][0]["message"])

    def test_old_and_late_ones_are_marked(self):
        def aged(days, version):
            def change(value):
                value["made"] = time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                              time.gmtime(time.time() - days * DAY))
                value["current"]["version"] = version
                for each in value["held"]:
                    if each["use"] == "current":
                        each["version"] = version
            return change
        old = self.signed_by_site(aged(40, "1.0.5"), "old")
        self.assertEqual(self.sites(old)["sites"][0]["notes"], ["older than 30 days"])
        new = self.receipt("new")
        newest, older = self.sites(old, new)["sites"]
        self.assertEqual([newest["file"], newest["notes"]], [new, []])
        self.assertEqual(older["notes"], ["older than 30 days", "a newer one of this site is here"])
        ahead = self.signed_by_site(aged(-2, "1.1.0"), "ahead")
        self.assertEqual(self.sites(ahead)["sites"][0]["notes"],
                         ["made in the future: compare the clocks"])
        self.behind_another_site(old)

    def behind_another_site(self, old):
        """A second site of the same release: what it lacks is told once its card is known or not."""
        site = os.path.join(self.folder, "hill")
        run(INSTALLER, "--site", site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={self.folder}/web")
        self.assertIn("behind others, which have 1.0.5",
                      self.sites(old, self.receipt("hill", site))["sites"][0]["notes"])

    def test_a_folder_without_receipts_says_how_to_make_one(self):
        self.assertIn("sealift-installer receipt -o",
                      errors(BUILDER, "sites", self.folder, status=3))

    def test_a_card_does_not_silently_take_the_place_of_another(self):
        card = os.path.join(self.road.project, "environments/sites/vault-room.json")
        with open(card, encoding="utf-8") as text:
            known = json.load(text)
        other = os.path.join(self.folder, "card.json")
        write(other, json.dumps({**known, "key": "0" * 64}))
        said = errors(BUILDER, "recipient", "add", other, "--site", "vault-room", "--project",
                      self.road.project, status=3)
        self.assertIn("found another card", said)
        with open(card, encoding="utf-8") as text:
            self.assertEqual(json.load(text), known)


if __name__ == "__main__":
    main()
