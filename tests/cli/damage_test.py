#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a site has lost is named by `status` and `doctor`, each with a command that goes on."""

import glob
import os
import shutil
import subprocess

from road import INSTALLER, InstalledTest, main, need, write


class DamageTest(InstalledTest):
    def setUp(self):
        super().setUp()
        self.whole = self.served("web")
        self.road.installer("doctor")
        self.assertEqual(self.road.answer("status")["damage"], [])

    def named(self, place, way):
        """Both commands name the place and the way out, in words."""
        for said in (self.road.installer("status").decode(),
                     self.road.installer("doctor", status=20).decode()):
            self.assertIn(place, said)
            self.assertIn(way, said)
            self.assertNotIn("No such file", said)

    def sound(self):
        road = self.road
        road.installer("doctor")
        self.assertEqual(road.answer("status")["damage"], [])
        road.installer("drift")
        road.installer("apply", self.second, "--yes")
        road.installer("rollback", "--yes")
        self.assertEqual(self.served("web"), self.whole)

    def test_a_bundle_that_is_gone(self):
        bundle = glob.glob(self.state("store/*"))[0]
        os.unlink(bundle)
        self.named(bundle, "sealift-installer apply BUNDLE --repair")
        self.assertIn("give the same bundle again",
                      self.road.refused("apply", "--repair", "--yes", status=5))
        self.road.installer("apply", self.first, "--repair", "--yes")
        self.sound()

    def test_a_bundle_that_a_rollback_needs(self):
        """Its files are gone as well, so that they would be unpacked again."""
        bundle = glob.glob(self.state("store/*"))[0]
        self.road.installer("apply", self.second, "--yes")
        os.rename(bundle, self.first + ".away")
        for folder in glob.glob(os.path.join(self.road.target("web"), "releases/1.0.0-*")):
            shutil.rmtree(folder)
        said = self.road.refused("rollback", "--yes", status=5)
        self.assertIn(f"{bundle}: is missing, the bundle of this release", said)
        self.assertIn(f"cp BUNDLE '{bundle}'", said)
        os.rename(self.first + ".away", bundle)
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.served("web"), self.whole)

    def test_the_same_bundle_is_kept_again_by_an_apply(self):
        os.unlink(glob.glob(self.state("store/*"))[0])
        self.assertIn(b"is back", self.road.installer("apply", self.first, "--yes"))
        self.sound()

    def test_a_store_that_is_gone(self):
        shutil.rmtree(self.state("store"))
        self.named(self.state("store"), "sealift-installer apply BUNDLE --repair")
        self.road.installer("apply", self.second, "--yes")
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")

    def test_tables_that_are_gone(self):
        shutil.rmtree(self.state("tables"))
        self.named(self.state("tables"), "sealift-installer apply --repair")
        self.road.installer("apply", "--repair", "--yes")
        self.sound()

    def test_tables_that_are_damaged(self):
        for table in glob.glob(self.state("tables/*")):
            with open(table, "a", encoding="utf-8") as lines:
                lines.write("x\n")
        self.named(f"{table} is damaged", "sealift-installer apply --repair")
        self.assertIn("run: sealift-installer apply --repair",
                      self.road.refused("apply", self.second, "--yes", status=5))
        self.road.installer("apply", "--repair", "--yes")
        self.sound()

    def test_an_identity_that_is_gone(self):
        os.unlink(self.state("site.json"))
        for command in (["status"], ["init", "--release", "chanuka", "--environment", "production",
                                     "--target", "web=/nowhere"]):
            said = self.road.refused(*command, status=5)
            self.assertIn("is missing, and", said)
            self.assertIn("restore it from a backup", said)
        self.assertFalse(os.path.exists(self.state("site.json")))

    def test_a_link_that_is_gone(self):
        link = os.path.join(self.road.target("web"), "current")
        os.unlink(link)
        self.named(f"{link} is missing", "sealift-installer apply --repair")
        self.road.installer("apply", "--repair", "--yes")
        self.sound()

    def test_a_link_that_a_copy_has_followed(self):
        link = os.path.join(self.road.target("web"), "current")
        where = os.path.join(self.road.target("web"), os.readlink(link))
        os.unlink(link)
        shutil.copytree(where, link)
        for command in (["apply", "--repair", "--yes"], ["apply", self.second, "--yes"]):
            said = self.road.refused(*command, status=6)
            self.assertIn(f"{link} is a directory, expected the link", said)
            self.assertIn(f"mv '{link}' '{link}.moved'", said)
        shutil.rmtree(link)
        self.road.installer("apply", "--repair", "--yes")
        self.sound()

    def test_a_target_that_is_gone(self):
        shutil.rmtree(self.road.target("web"))
        self.named(self.road.target("web"), "sealift-installer apply --repair")
        self.road.installer("apply", "--repair", "--yes")
        self.sound()

    def test_a_journal_that_is_damaged_in_the_middle(self):
        road = self.road
        road.installer("apply", self.second, "--yes")
        journal = sorted(glob.glob(self.state("journal/*.journal")))[-1]
        with open(journal, "r+b") as file:
            content = bytearray(file.read())
            lines = bytes(content).split(b"\n")
            place = len(lines[0]) + 1 + len(lines[1]) // 2
            content[place] ^= 1
            file.seek(0)
            file.write(content)
        set_aside = f"mv '{journal}' '{journal}.damaged'"
        for said in (road.refused("status", status=5),
                     road.installer("doctor", status=20).decode()):
            self.assertIn(f"{journal}: is damaged", said)
            self.assertIn(set_aside, said)
            self.assertIn("sealift-installer apply --repair", said)
        os.rename(journal, f"{journal}.damaged")
        road.installer("apply", "--repair", "--yes")
        # What that transaction had brought belongs to nothing now, and doctor says so.
        self.assertIn(b"no release needs it", road.installer("doctor", status=20))
        for name in ("web", "etc"):
            for left in glob.glob(os.path.join(road.target(name), "releases/1.1.0-*")):
                shutil.rmtree(left)
        self.sound()

    def test_journals_that_are_gone(self):
        road = self.road
        shutil.rmtree(self.state("journal"))
        for said in (road.refused("status", status=5),
                     road.installer("doctor", status=20).decode()):
            self.assertIn("is missing, it says what is installed here", said)
            self.assertNotIn("No such file", said)
        os.mkdir(self.state("journal"))
        for name in ("web", "etc"):
            os.unlink(os.path.join(road.target(name), "current"))
        road.installer("apply", self.first, "--yes")
        self.assertEqual(self.served("web"), self.whole)

    def test_an_audit_log_that_cannot_be_read(self):
        audit = self.state("audit.jsonl")
        with open(audit, "ab") as log:
            log.write(b"\x00garbage\n")
        self.named(f"{audit} cannot be read", f"mv '{audit}' '{audit}.damaged'")
        os.rename(audit, f"{audit}.damaged")
        self.road.installer("apply", self.second, "--yes")
        self.road.installer("rollback", "--yes")
        self.sound()

    def test_an_audit_log_whose_end_was_cut_off(self):
        """Back to before the last transaction, or all of it."""
        audit = self.state("audit.jsonl")
        with open(audit, encoding="utf-8") as log:
            lines = log.readlines()
        for kept in (lines[:-2], []):
            write(audit, "".join(kept))
            said = self.road.installer("doctor", status=20).decode()
            self.assertIn(f"{audit} has no line of transaction 1, which has ended", said)
        write(audit, "".join(lines))
        self.sound()

    def test_an_open_transaction_needs_its_folders(self):
        need("strace")
        road = self.road
        subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "trace=symlinkat", "-e",
                        "inject=symlinkat:signal=KILL:when=1", INSTALLER, "--site", road.site,
                        "apply", self.second, "--yes"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        said = road.installer("doctor", status=20).decode()
        self.assertIn("releases/.staging-", said)
        self.assertIn("a transaction is open and may need it", said)
        self.assertNotIn("may be removed", said)
        road.installer("recover", "--forward")
        road.installer("doctor")

    def test_keys_that_are_gone(self):
        shutil.rmtree(self.state("keys"))
        self.named(self.state("keys/site.key"), "sealift-installer init")
        card = self.road.answer("init")
        self.assertTrue(card["recipient"].startswith("age1"))
        self.assertEqual(card["site"], self.road.answer("status")["site"])
        self.sound()
        self.assertIn("a site is here already", self.road.refused("init", status=3))

    def test_a_summary_that_cannot_be_read(self):
        write(self.state("state.json"), "{")
        self.named(self.state("state.json"), "sealift-installer recover")
        self.road.installer("recover")
        self.sound()


if __name__ == "__main__":
    main()
