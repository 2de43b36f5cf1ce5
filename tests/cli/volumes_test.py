#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bundle that is carried in volumes: read from several folders, lost ones made good or named."""

import glob
import json
import os
import random
import shutil

from road import BUILDER, RoadTest, errors, main, run, tree_digest, write

SIZE = "160K"  # of a volume: the bundle below becomes seven of data


def large_release(project):
    """Some 600 KiB that cannot be compressed."""
    noise = random.Random(23)
    for i in range(6):
        path = os.path.join(project, f"client/dist/assets/picture-{i}.4f2a9c1{i}.bin")
        with open(path, "wb") as out:
            out.write(noise.randbytes(100_000))


def spoil(path, at=-100):
    with open(path, "r+b") as file:
        content = bytearray(file.read())
        content[at] ^= 1
        file.seek(0)
        file.write(content)


class VolumesTest(RoadTest):
    def setUp(self):
        super().setUp()
        self.road.init_site()
        self.bundle = self.road.release("1.0.0", large_release)
        self.folder = os.path.join(self.road.root, "volumes")

    def split(self, *more, command="split", folder=None):
        said = run(BUILDER, "--json", command, self.bundle, "--size", SIZE, *more, "-o",
                   folder or self.folder)
        return json.loads(said)

    def paths(self):
        return sorted(glob.glob(os.path.join(self.folder, "*.volume")))

    def scattered(self):
        """Two folders, as of two media."""
        media = [os.path.join(self.road.root, name) for name in ("first", "second")]
        for folder in media:
            os.makedirs(folder)
        for i, path in enumerate(self.paths()):
            shutil.move(path, media[i % 2])
        return media

    def test_applied_from_two_folders(self):
        made = self.split()
        count = len(made["volumes"])
        self.assertGreater(count, 4)
        for path in self.paths():
            self.assertLessEqual(os.path.getsize(path), 160 << 10)
        first, second = self.scattered()
        given = glob.glob(os.path.join(first, "*")) + glob.glob(os.path.join(second, "*"))
        random.Random(1).shuffle(given)
        whole = self.road.answer("verify", self.bundle)
        self.assertEqual(self.road.answer("verify", *given), whole)
        self.assertEqual(self.road.answer("verify", second, first), whole)
        self.assertIn(b"1.0.0", run(BUILDER, "verify", *given, "--root", self.road.trust))
        plans = [self.road.answer("plan", *paths)["plan"] for paths in ([first, second],
                                                                         [self.bundle])]
        for plan in plans:
            del plan["created"]
        self.assertEqual(*plans)
        self.road.installer("stage", *given, "--yes")
        plan = os.path.join(self.road.root, "the.plan")
        self.road.installer("plan", *given, "-o", plan)
        self.road.installer("apply", plan, "--yes")
        self.assertIn(b"already applied", self.road.installer("apply", first, second, "--yes"))
        with open(glob.glob(os.path.join(self.road.site, "state/store/*.bundle.tar.zst"))[0],
                  "rb") as kept, open(self.bundle, "rb") as given_file:
            self.assertEqual(kept.read(), given_file.read())

    def test_a_lost_and_a_damaged_one_are_made_good(self):
        made = self.split("--parity", "2")
        os.unlink(made["volumes"][1]["file"])
        spoil(made["volumes"][3]["file"])
        said = errors(BUILDER, "join", self.folder, "-o", os.path.join(self.road.root, "joined"),
                      status=0)
        self.assertIn("volume 4 of 9 is damaged, volume 2 of 9 is missing", said)
        with open(os.path.join(self.road.root, "joined"), "rb") as joined:
            with open(self.bundle, "rb") as whole:
                self.assertEqual(joined.read(), whole.read())
        for command in (["verify"], ["plan"], ["apply", "--yes"]):
            said = self.road.refused(*command, self.folder, status=0)
            self.assertIn("sealift volumes chanuka-1.0.0.bundle.tar.zst --only 2,4 --size 160K "
                          "--parity 2", said)
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")

    def test_damaged_ones_are_named_and_made_again(self):
        made = self.split()
        before = [tree_digest(self.folder)]
        for number in (3, 7):
            spoil(made["volumes"][number - 1]["file"])
        for command in (["verify"], ["plan"], ["apply", "--yes"], ["stage", "--yes"]):
            said = self.road.refused(*command, self.folder, status=5)
            self.assertIn("volumes 3 and 7 of 7 are damaged", said)
            self.assertIn("sealift volumes chanuka-1.0.0.bundle.tar.zst --only 3,7 --size 160K",
                          said)
        self.assertFalse(glob.glob(os.path.join(self.road.site, "state/store/*")))
        refusal = self.audit()[-1]
        self.assertEqual((refusal["event"], refusal["details"]["code"]), ("refused", "corrupt"))
        again = self.split("--only", "3,7", command="volumes")
        self.assertEqual([each["number"] for each in again["volumes"]], [3, 7])
        self.assertEqual(before, [tree_digest(self.folder)])
        self.road.installer("apply", self.folder, "--yes")

    def audit(self):
        with open(os.path.join(self.road.site, "state/audit.jsonl"), encoding="utf-8") as log:
            return [json.loads(line) for line in log]

    def test_one_that_is_cut_off_or_missing(self):
        made = self.split()
        last = made["volumes"][-1]["file"]
        os.truncate(last, os.path.getsize(last) - 1)
        self.assertIn("volume 7 of 7 is damaged", self.road.refused("verify", self.folder, status=5))
        os.unlink(last)
        said = self.road.refused("apply", "--yes", *self.paths(), status=5)
        self.assertIn("volume 7 of 7 is missing", said)

    def test_two_releases_do_not_mix(self):
        self.split()
        second = self.road.release("1.1.0")
        other = os.path.join(self.road.root, "other")
        run(BUILDER, "split", second, "--size", SIZE, "-o", other)
        said = self.road.refused("apply", self.folder, other, "--yes", status=3)
        for name in ("chanuka-1.0.0.bundle.tar.zst (release ", "chanuka-1.1.0.bundle.tar.zst (rel"):
            self.assertIn(name, said)
        said = self.road.refused("verify", self.bundle, second, status=3)
        self.assertIn("is no volume", said)

    def test_volumes_carry_no_authority(self):
        """Whole and sound volumes of a bundle that nobody approved."""
        unsigned = json.loads(run(BUILDER, "--json", "build",
                                  os.path.join(self.road.project, "release.yaml"), "--output",
                                  os.path.join(self.road.root, "unsigned")))["bundle"]
        run(BUILDER, "split", unsigned, "--size", SIZE, "-o", self.folder)
        self.road.refused("verify", self.folder, status=4)
        self.road.refused("apply", self.folder, "--yes", status=4)

    def test_any_file_is_split_and_the_same_each_time(self):
        path = os.path.join(self.road.root, "any file.bin")
        with open(path, "wb") as out:
            out.write(random.Random(5).randbytes(1_000_000))
        folders = [os.path.join(self.road.root, name) for name in ("one", "two")]
        for folder in folders:
            run(BUILDER, "split", path, "--size", "300K", "--parity", "1", "-o", folder)
        self.assertEqual(tree_digest(folders[0]), tree_digest(folders[1]))
        joined = os.path.join(self.road.root, "joined.bin")
        run(BUILDER, "join", folders[0], "-o", joined)
        with open(path, "rb") as whole, open(joined, "rb") as found:
            self.assertEqual(found.read(), whole.read())
        self.assertIn("expected bytes, or a number with K, M or G",
                      errors(BUILDER, "split", path, "--size", "4GB", status=2))
        self.assertIn("at most 255 together",
                      errors(BUILDER, "split", path, "--size", "128K", "--parity", "254", status=2))
        write(os.path.join(self.road.root, "empty"), "")
        errors(BUILDER, "split", os.path.join(self.road.root, "empty"), status=3)


if __name__ == "__main__":
    main()
