#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A delta bundle in place of the bundle: made, judged, planned, applied, expanded, and refused."""

import glob
import json
import os
import random
import shutil
import subprocess

from road import (BUILDER, INSTALLER, RoadTest, errors, main, run, second_release, tree_digest)
from sweep import changing_calls, killed_at


def pictures(project):
    """Some 400 KiB that cannot be compressed."""
    noise = random.Random(23)
    for i in range(4):
        path = os.path.join(project, f"client/dist/assets/picture-{i}.4f2a9c1{i}.bin")
        with open(path, "wb") as out:
            out.write(noise.randbytes(100_000))


def next_release(project):
    second_release(project)
    with open(os.path.join(project, "client/dist/assets/picture-0.4f2a9c10.bin"), "r+b") as out:
        out.seek(50_000)
        out.write(b"retouched")


class DeltaTest(RoadTest):
    def setUp(self):
        super().setUp()
        self.first = self.road.release("1.0.0", pictures)
        self.second = self.road.release("1.1.0", next_release)
        self.delta = self.make(self.first, self.second)["file"]

    def make(self, before, after, *more):
        said = run(BUILDER, "--json", "delta", "--from", before, "--to", after, *more)
        return json.loads(said)["deltas"][0]

    def path(self, name):
        return os.path.join(self.road.root, name)

    def site_with_first(self):
        self.road.init_site()
        self.road.installer("apply", self.first, "--yes")

    def kept(self):
        """What a refusal leaves as it is: everything but the audit log and the newest time."""
        state = os.path.join(self.road.site, "state")
        return (tree_digest(os.path.join(state, "store")), tree_digest(os.path.join(state, "journal")),
                tree_digest(os.path.join(self.road.target("web"), "current")))

    def test_used_like_its_bundle(self):
        made = self.make(self.first, self.second, "-o", self.path("again.delta"))
        self.assertLess(made["bytes"], made["bundleBytes"] / 5)
        with open(self.delta, "rb") as one, open(made["file"], "rb") as other:
            self.assertEqual(one.read(), other.read())
        self.site_with_first()
        self.assertEqual(self.road.answer("verify", self.delta),
                         self.road.answer("verify", self.second))
        plans = [self.road.answer("plan", given)["plan"] for given in (self.delta, self.second)]
        for plan in plans:
            del plan["created"]
        self.assertEqual(*plans)
        self.road.installer("apply", self.delta, "--yes")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.1.0")
        tree = tree_digest(os.path.join(self.road.target("web"), "current"))
        self.road.installer("rollback", "--yes")
        self.road.installer("apply", self.second, "--yes")
        self.assertEqual(tree_digest(os.path.join(self.road.target("web"), "current")), tree)
        self.road.installer("doctor", "--full")

    def test_one_on_top_of_another_and_in_volumes(self):
        third = self.road.release("1.2.0", pictures)
        run(BUILDER, "split", self.make(self.second, third)["file"], "--size", "128K", "-o",
            self.path("media"))
        self.assertGreater(len(os.listdir(self.path("media"))), 0)
        self.site_with_first()
        self.road.installer("apply", self.delta, "--yes")
        self.road.installer("apply", self.path("media"), "--yes")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.2.0")

    def test_expanded_it_is_the_bundle_byte_for_byte(self):
        again = self.path("again.bundle.tar.zst")
        run(BUILDER, "expand", self.delta, "--base", self.first, "-o", again)
        with open(again, "rb") as one, open(self.second, "rb") as other:
            self.assertEqual(one.read(), other.read())
        said = errors(BUILDER, "expand", self.delta, "--base", self.second, "-o", again, status=6)
        self.assertIn("the delta was made on chanuka 1.0.0", said)

    def test_a_report_says_where_the_bytes_are(self):
        report = json.loads(run(BUILDER, "--json", "report", self.first, self.second, "--top", "1000"))
        keys = ("bytes", "shared", "patched", "carried", "deltaBytes")
        for rows in (report["components"], report["items"]):
            for row in rows:
                self.assertEqual(row["bytes"], row["shared"] + row["patched"] + row["carried"], row)
        total = report["total"]
        self.assertEqual([sum(row[key] for row in report["components"]) for key in keys],
                         [total[key] for key in keys])
        # What is shared there is what the delta copies, and patches are nearly all of the file.
        made = self.make(self.first, self.second, "-o", self.path("again.delta"))
        self.assertLess(total["deltaBytes"], made["bytes"])
        self.assertLess(abs(total["shared"] - made["copiedBytes"]), 4096)
        # One picture of four was retouched.
        pictures = [row for row in report["items"] if "picture-" in row["name"]]
        self.assertEqual([row["name"] for row in pictures], ["assets/picture-0.4f2a9c10.bin"])
        self.assertGreater(pictures[0]["shared"] + pictures[0]["patched"], 100_000)
        self.assertLess(pictures[0]["deltaBytes"], 20_000)
        text = run(BUILDER, "report", self.first, self.second).decode()
        self.assertIn("WHAT TAKES MOST", text)
        same = json.loads(run(BUILDER, "--json", "report", self.first, self.first))
        self.assertEqual((same["total"]["deltaBytes"], same["items"]), (0, []))

    def test_made_for_what_sites_say_that_they_have(self):
        receipt = self.path("site.receipt")
        self.site_with_first()
        self.road.installer("receipt", "-o", receipt)
        command = ["delta", "--from-receipt", receipt, "--to", self.second]
        (made,) = json.loads(run(BUILDER, "--json", *command))["deltas"]
        self.assertEqual(len(made["sites"]), 1)
        self.road.installer("apply", made["file"], "--yes")
        said = errors(BUILDER, *command, "--bundles", self.path("srv"), status=6)
        self.assertIn("holds chanuka 1.0.0, of which no bundle is in", said)
        self.road.installer("receipt", "-o", receipt)
        self.assertEqual(json.loads(run(BUILDER, "--json", *command))["deltas"], [])
        errors(BUILDER, *command, "--from", self.first, status=2)

    def test_without_its_base_nothing_is_touched(self):
        self.road.init_site()
        other = self.road.release("0.9.0")
        self.road.installer("apply", other, "--yes")
        before = self.kept()
        for command in (["plan"], ["verify"], ["apply", "--yes"], ["stage", "--yes"]):
            said = errors(INSTALLER, "--site", self.road.site, *command, self.delta, status=6)
            self.assertIn("made on chanuka 1.0.0 (sha256:", said)
            self.assertIn("its store has chanuka-0.9.0-", said)
        self.assertEqual(self.kept(), before)

    def test_no_damage_is_applied(self):
        self.site_with_first()
        before = self.kept()
        with open(self.delta, "rb") as file:
            sound = file.read()
        damaged = self.path("damaged.delta")
        random.seed(5)
        places = [20, 400, len(sound) - 1] + random.sample(range(len(sound)), 12)
        for content in ([sound[:at] + bytes([sound[at] ^ 16]) + sound[at + 1:] for at in places]
                        + [sound[:at] for at in places] + [sound + b"x"]):
            with open(damaged, "wb") as file:
                file.write(content)
            done = subprocess.run([INSTALLER, "--site", self.road.site, "apply", damaged, "--yes"],
                                  stdin=subprocess.DEVNULL, capture_output=True)
            self.assertIn(done.returncode, (3, 4, 5, 6), done.stderr)
            self.assertEqual(self.kept(), before)

    def test_nobody_s_approval_is_no_approval(self):
        self.site_with_first()
        built = run(BUILDER, "--json", "build", os.path.join(self.road.project, "release.yaml"),
                    "--output", self.path("unsigned"))
        delta = self.make(self.first, json.loads(built)["bundle"])["file"]
        before = self.kept()
        errors(INSTALLER, "--site", self.road.site, "apply", delta, "--yes", status=4)
        self.assertEqual(self.kept(), before)

    def test_killed_while_it_is_applied(self):
        self.site_with_first()
        saved = self.path("saved")
        folders = (self.road.site, os.path.join(self.road.root, "srv"))
        for folder in folders:
            shutil.copytree(folder, os.path.join(saved, os.path.basename(folder)), symlinks=True)

        def put_back():
            for folder in folders:
                shutil.rmtree(folder)
                shutil.copytree(os.path.join(saved, os.path.basename(folder)), folder,
                                symlinks=True)

        command = ["apply", self.delta, "--yes"]
        points = changing_calls(self.road, command)
        for name, when in points[:: max(1, len(points) // 12)]:
            with self.subTest(f"{name} {when}"):
                put_back()
                killed_at(self.road, command, name, when)
                run(INSTALLER, "--site", self.road.site, "-q", "recover")
                self.assertIn(self.road.answer("status")["current"]["version"], ("1.0.0", "1.1.0"))
                self.road.installer("apply", self.delta, "--yes")
                self.assertEqual(self.road.answer("status")["current"]["version"], "1.1.0")
                self.assertEqual(glob.glob(os.path.join(self.road.site, "state/store/.*")), [])


if __name__ == "__main__":
    main()
