#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole site in one archive, and back on an empty machine: `site export`, `site restore`."""

import json
import os
import random
import shlex
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time

from road import (BUILDER, INSTALLER, RoadTest, main, need, persists, run, second_release, tree_digest,
                  write)


def rows(file):
    connection = sqlite3.connect(file)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


class Archived(RoadTest):
    """A site with two releases, a database, uploads, a secret of its own, and a recovery identity."""

    def setUp(self):
        super().setUp()
        need("age-keygen")
        road = self.road
        self.identity = os.path.join(road.root, "recovery.age")
        run("age-keygen", "-o", self.identity)
        self.recovery = run("age-keygen", "-y", self.identity).decode().strip()
        self.database = os.path.join(road.root, "srv/data/app.db")
        os.makedirs(os.path.dirname(self.database))
        road.init_site("--take", "database", "--database", f"main={self.database}")
        self.first = road.release("1.0.0", persists())
        road.installer("apply", self.first, "--yes")
        road.installer("apply", road.release("1.1.0", second_release), "--yes")
        self.folder = os.path.join(road.root, "archives")
        self.use("first")

    def use(self, text):
        """As users do: a row and a file."""
        connection = sqlite3.connect(self.database)
        with connection:
            connection.execute("INSERT INTO petitions (title, body, created_at) VALUES (?, '', 1)",
                               (text,))
        connection.close()
        write(os.path.join(self.road.target("web"), "current/uploads", text), text)

    def export(self, *more):
        return self.road.answer("site", "export", "--to", self.folder, "--recovery", self.recovery,
                                *more)

    def seen(self):
        """What users and people see of the site."""
        return {"rows": rows(self.database),
                "served": [tree_digest(os.path.join(self.road.target(name), "current"))
                           for name in ("web", "etc")],
                "uploads": tree_digest(os.path.join(self.road.target("web"), "shared")),
                "release": self.road.answer("status")["current"]["version"],
                "history": [each["revision"] for each in self.road.answer("history")]}

    def destroy(self):
        shutil.rmtree(self.road.site)
        shutil.rmtree(os.path.join(self.road.root, "srv"))

    def restore(self, archive, key, *more, status=0):
        return self.road.installer("site", "restore", archive, "--identity", self.identity, "--key",
                                   key, "--yes", *more, status=status)

    def is_untouched(self):
        self.assertFalse(os.path.exists(self.road.site))
        self.assertFalse(os.path.exists(os.path.join(self.road.root, "srv")))


class ThereAndBack(Archived):
    def test_a_destroyed_site_comes_back_with_its_data_and_history(self):
        road = self.road
        made = self.export()
        before = self.seen()
        old = road.answer("status")["site"]
        self.destroy()
        self.restore(made["archive"], made["key"])
        after = self.seen()
        self.assertEqual(after["history"], before["history"] + [3])
        self.assertEqual({**after, "history": 0}, {**before, "history": 0})
        self.assertNotEqual(road.answer("status")["site"], old)
        road.installer("doctor")
        road.installer("drift")
        road.installer("audit", "verify")
        # It is a site like any other: it goes back, and on.
        road.installer("rollback", "--yes")
        road.installer("apply", road.release("1.2.0"), "--yes")
        self.export()

    def test_one_that_fails_says_so_and_goes_on(self):
        made = self.export()
        before = self.seen()
        self.destroy()
        in_the_way = os.path.dirname(self.database)
        write(in_the_way, "no folder")
        said = self.restore(made["archive"], made["key"], status=8)
        self.assertNotIn(b"restored from", said)
        os.remove(in_the_way)
        self.restore(made["archive"], made["key"])
        self.assertEqual(self.seen()["rows"], before["rows"])

    def test_it_comes_back_at_other_places(self):
        made = self.export()
        before = self.seen()
        with open(os.path.join(self.road.site, "site.yaml"), encoding="utf-8") as source:
            text = source.read()
        self.destroy()
        settings = os.path.join(self.road.root, "moved.yaml")
        write(settings, text.replace("production", "staging"))
        said = self.road.refused("site", "restore", made["archive"], "--identity", self.identity, "--key",
                                 made["key"], "--settings", settings, "--yes", status=6)
        self.assertIn("the archive is of chanuka in production", said)
        self.is_untouched()
        write(settings, text.replace("/srv/", "/moved/"))
        self.restore(made["archive"], made["key"], "--settings", settings)
        self.assertFalse(os.path.exists(os.path.join(self.road.root, "srv")))
        self.road.target = lambda name: os.path.join(self.road.root, "moved", name)
        self.database = self.database.replace("/srv/", "/moved/")
        after = self.seen()
        self.assertEqual({**after, "history": 0}, {**before, "history": 0})
        self.assertEqual(after["history"], [1])
        (former,) = [name for name in os.listdir(os.path.join(self.road.site, "state"))
                     if name.startswith("former-")]
        self.assertEqual(len(os.listdir(os.path.join(self.road.site, "state", former, "journal"))), 2)
        self.road.installer("doctor")
        self.road.installer("audit", "verify")
        self.road.installer("apply", self.road.release("1.2.0"), "--yes")
        self.road.installer("rollback", "--yes")

    def test_an_archive_that_was_restored_says_so(self):
        made = self.export()
        self.destroy()
        self.restore(made["archive"], made["key"])
        new = self.road.answer("status")["site"]
        self.destroy()
        said = self.road.refused("site", "restore", made["archive"], "--identity", self.identity,
                                 "--key", made["key"], "--yes", status=6)
        self.assertIn("was restored before: ", said)
        self.assertIn(f"as site {new}", said)
        self.is_untouched()
        self.restore(made["archive"], made["key"], "--again")

    def test_an_incremental_archive_holds_what_is_new(self):
        full = self.export()
        self.use("second")
        time.sleep(1)  # the name of an archive has its second
        more = self.export("--since", full["archive"])
        self.assertLess(more["bytes"], full["bytes"])
        with tarfile.open(more["archive"]) as tar:
            self.assertFalse([name for name in tar.getnames() if name.startswith("bundles/")])
        before = self.seen()
        self.destroy()
        os.rename(full["archive"], full["archive"] + ".away")
        said = self.road.refused("site", "restore", more["archive"], "--identity", self.identity,
                                 "--key", more["key"], "--yes", status=5)
        self.assertIn("put the archives that it was made since into the same folder", said)
        self.is_untouched()
        os.rename(full["archive"] + ".away", full["archive"])
        self.restore(self.folder, more["key"])
        self.assertEqual(self.seen()["rows"], before["rows"])
        self.assertEqual(self.seen()["uploads"], before["uploads"])

    def test_in_volumes_on_two_media(self):
        with open(os.path.join(self.road.target("web"), "current/uploads/film"), "wb") as film:
            film.write(random.Random(7).randbytes(600_000))
        made = self.export()
        media = [os.path.join(self.road.root, name) for name in ("one", "two")]
        run(BUILDER, "split", made["archive"], "--size", "160K", "--parity", "1", "-o", media[0])
        os.unlink(made["archive"])
        os.mkdir(media[1])
        volumes = sorted(os.listdir(media[0]))
        self.assertGreater(len(volumes), 4)
        for name in volumes[::2]:
            shutil.move(os.path.join(media[0], name), media[1])
        before = self.seen()
        self.destroy()
        files = [os.path.join(media[at], volumes[i]) for i, at in ((1, 0), (2, 1))]
        for path in files:
            shutil.copy(path, path + ".sound")
            with open(path, "r+b") as volume:
                volume.seek(-50, os.SEEK_END)
                volume.write(b"damaged")
        command = ("site", "restore", *media, "--identity", self.identity, "--key", made["key"],
                   "--yes")
        self.assertIn("volumes 2 and 3 of", self.road.refused(*command, status=5))
        self.is_untouched()
        os.replace(files[0] + ".sound", files[0])
        os.unlink(files[1] + ".sound")
        self.road.installer(*command)
        self.assertEqual(self.seen()["rows"], before["rows"])
        self.assertEqual(self.seen()["uploads"], before["uploads"])

    def test_the_folder_is_asked_for_a_time(self):
        first = self.export()
        made = os.path.basename(first["archive"]).split("-")[-1].split(".")[0]
        at = f"{made[:4]}-{made[4:6]}-{made[6:8]}T{made[8:10]}:{made[10:12]}:{made[12:]}Z"
        before = self.seen()
        self.use("later")
        time.sleep(1)
        self.export()
        self.destroy()
        self.restore(self.folder, first["key"], "--at", at)
        self.assertEqual(self.seen()["rows"], before["rows"])

    def test_archives_go_by_count_and_what_others_need_stays(self):
        write_exports = f"exports: {{recovery: {self.recovery}, to: {self.folder}, keep: 2}}\n"
        with open(os.path.join(self.road.site, "site.yaml"), "a", encoding="utf-8") as out:
            out.write(write_exports)
        full = self.road.answer("site", "export")["archive"]
        names = [full]
        for _ in range(3):
            time.sleep(1)
            names.append(self.road.answer("site", "export", "--since", full)["archive"])
        # The two newest, and the one that they need.
        self.assertEqual(sorted(name for name in os.listdir(self.folder) if not name.startswith(".")),
                         sorted(os.path.basename(name) for name in [full, *names[-2:]]))

    def test_stock_tools_open_it(self):
        need("age")
        made = self.export()
        place = os.path.join(self.road.root, "opened")
        os.makedirs(place)
        run("tar", "-xf", made["archive"], "-C", place)
        yaml = run("age", "-d", "-i", self.identity, os.path.join(place, "site.yaml.age")).decode()
        self.assertIn("release:", yaml)
        packed = run("age", "-d", "-i", self.identity, os.path.join(place, "state.tar.zst.age"))
        listed = run("tar", "--zstd", "-tf", "-", stdin=packed).decode().splitlines()
        self.assertIn("./audit.jsonl", [f"./{name.removeprefix('./')}" for name in listed])
        self.assertFalse([name for name in listed if name.endswith("site.key")])
        envelope = json.load(open(os.path.join(place, "archive.dsse.json"), encoding="utf-8"))
        self.assertEqual(envelope["payloadType"],
                         "application/vnd.sealift.site-archive.v1+json")


class WithoutAnArchive(Archived):
    def test_a_bundle_and_dumps_are_enough(self):
        road = self.road
        backups = {name: road.answer("backup", "create", name)[0]["name"]
                   for name in ("main", "web/uploads")}
        before = self.seen()
        bundle = os.path.join(road.root, "dist/chanuka-1.1.0.bundle.tar.zst")
        kept = os.path.join(road.root, "kept")
        os.makedirs(kept)
        named = []
        for name, backup in backups.items():
            shutil.copy(os.path.join(road.site, "state/backups", f"{backup}.dump.zst"), kept)
            named += ["--backup", f"{name}={kept}/{backup}.dump.zst"]
        self.destroy()
        road.init_site("--take", "database", "--database", f"main={self.database}")
        said = road.refused("site", "restore", "--bundle", bundle, *named, "--yes", status=2)
        self.assertIn("without --reason", said)
        road.installer("site", "restore", "--bundle", bundle, *named, "--yes", "--reason", "fire")
        after = self.seen()
        for what in ("rows", "uploads", "served", "release"):
            self.assertEqual(after[what], before[what], what)
        said = road.refused("site", "restore", "--bundle", bundle, *named, "--yes", "--reason", "x",
                            status=6)
        self.assertIn("this site has 1.1.0", said)


class Rehearsed(Archived):
    def test_a_drill_leaves_a_line_in_the_audit_log_and_nothing_else(self):
        made = self.export()
        place = os.path.join(self.road.root, "place")
        os.makedirs(place)
        before, served = self.seen(), tree_digest(self.road.target(""))
        result = self.road.answer("site", "rehearse", self.folder, "--identity", self.identity,
                                  "--key", made["key"], "--place", place)
        self.assertEqual(sorted(result["milliseconds"]),
                         ["data", "release", "unpack", "verify"])
        self.assertEqual(os.listdir(place), [])
        self.assertEqual((self.seen(), tree_digest(self.road.target(""))), (before, served))
        log = self.road.answer("audit", "verify")
        self.assertTrue(log["ok"])
        with open(os.path.join(self.road.site, "state/audit.jsonl"), encoding="utf-8") as lines:
            self.assertIn("rehearsed", [json.loads(line)["event"] for line in lines])

    def test_one_that_fails_is_told_and_removed_too(self):
        made = self.export()
        place = os.path.join(self.road.root, "place")
        os.makedirs(place)
        said = self.road.refused("site", "rehearse", self.folder, "--identity", self.identity,
                                 "--key", made["key"], "--place", place, "--set", "NO_SUCH_KEY=1",
                                 status=2)
        self.assertIn("NO_SUCH_KEY", said)
        self.assertEqual(os.listdir(place), [])
        with open(os.path.join(self.road.site, "state/audit.jsonl"), encoding="utf-8") as lines:
            last = json.loads(lines.read().splitlines()[-1])
        self.assertEqual(last["event"], "rehearsed")
        self.assertIn("NO_SUCH_KEY", json.dumps(last))


    def test_one_that_was_killed_is_removed_by_the_next(self):
        place = os.path.join(self.road.root, "place")
        os.makedirs(place)
        third = self.road.release("1.2.0")
        command = [INSTALLER, "--site", self.road.site, "rehearse", third, "--all", "--fresh", "--place",
                   place]
        for wait in (0.05, 0.2, 0.5):
            cut_off = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 20
            while not os.listdir(place) and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(wait)
            cut_off.kill()
            cut_off.wait()
        before, served = self.seen(), tree_digest(self.road.target(""))
        result = self.road.answer("rehearse", third, "--all", "--place", place)
        self.assertEqual((result["version"], os.listdir(place)), ("1.2.0", []))
        self.assertEqual((self.seen(), tree_digest(self.road.target(""))), (before, served))
        # What is another's is left alone.
        other = os.path.join(place, "sealift-rehearsal-0123")
        os.makedirs(other)
        os.chmod(other, 0o755)
        self.road.answer("rehearse", third, "--all", "--place", place)
        self.assertEqual(os.listdir(place), ["sealift-rehearsal-0123"])


class Refused(Archived):
    def test_without_a_recovery_recipient_nothing_is_written(self):
        said = self.road.refused("site", "export", "--to", self.folder, status=2)
        self.assertIn("site export without a recovery recipient", said)
        self.assertFalse(os.path.exists(self.folder))

    def test_another_key_identity_or_site_is_refused(self):
        made = self.export()
        other = os.path.join(self.road.root, "other.age")
        run("age-keygen", "-o", other)
        self.destroy()
        said = self.road.refused("site", "restore", made["archive"], "--identity", other, "--key",
                                 made["key"], status=4)
        self.assertIn("it is not encrypted to this identity", said)
        said = self.road.refused("site", "restore", made["archive"], "--identity", self.identity,
                                 "--key", "0" * 64, status=4)
        self.assertIn(f"is signed by the key {made['key']}, expected 000", said)
        said = self.road.refused("site", "restore", made["archive"], "--identity", self.identity,
                                 status=2)
        self.assertIn("compare with the registration card", said)
        self.is_untouched()

    def test_what_is_here_is_never_written_over(self):
        made = self.export()
        before = tree_digest(self.road.root)
        said = self.road.refused("site", "restore", made["archive"], "--identity", self.identity,
                                 "--key", made["key"], "--yes", status=6)
        self.assertIn("a site is here already", said)
        self.assertIn("target web: ", said)
        self.assertEqual(tree_digest(self.road.root), before)

    def test_every_flip_and_every_cut_is_named(self):
        made = self.export()
        self.destroy()
        with open(made["archive"], "rb") as source:
            whole = source.read()
        damaged = os.path.join(self.folder, "damaged.site.tar")
        for part in range(64):
            at = len(whole) * part // 64
            for broken in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]):
                with open(damaged, "wb") as out:
                    out.write(broken)
                done = subprocess.run([INSTALLER, "--site", self.road.site, "site", "restore", damaged,
                                       "--identity", self.identity, "--key", made["key"], "--yes"],
                                      stdin=subprocess.DEVNULL, capture_output=True, check=False)
                self.assertIn(done.returncode, (4, 5), (part, len(broken), done.stderr))
                self.assertIn(b"damaged.site.tar", done.stderr)
                self.is_untouched()


class FullDisk(Archived):
    """On a file system of its own, in a namespace where that may be."""

    def on_a_small_disk(self, kib, command):
        """What the command said, its status, and what lies on the disk afterwards."""
        small = os.path.join(self.road.root, "small")
        os.makedirs(small, exist_ok=True)
        script = (f"mount -t tmpfs -o size={kib}k tmpfs {small} || exit 99; "
                  f"{shlex.join(command)}; echo status $?; find {small} -mindepth 1")
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode == 99:
            self.skipTest("SKIPPED: needs the right to mount")
        status, *left = done.stdout.split("status ")[-1].splitlines()
        return done.stderr, int(status), left

    def test_an_export_leaves_nothing_behind(self):
        before = self.seen()
        small = os.path.join(self.road.root, "small")
        command = [INSTALLER, "--site", self.road.site, "site", "export", "--to", small,
                   "--recovery", self.recovery]
        for kib in (4, 8, 16, 24, 32):
            said, status, left = self.on_a_small_disk(kib, command)
            self.assertEqual((status, left), (8, []), (kib, said))
        said, status, left = self.on_a_small_disk(1024, command)
        self.assertEqual((status, len(left)), (0, 1), said)
        self.assertEqual(self.seen(), before)

    def test_a_restore_leaves_no_secrets_behind(self):
        made = self.export()
        small = os.path.join(self.road.root, "small")
        self.destroy()
        for kib in (4, 16, 32, 48):
            said, status, left = self.on_a_small_disk(
                kib, [INSTALLER, "--site", small + "/site", "site", "restore", made["archive"],
                      "--identity", self.identity, "--key", made["key"], "--yes"])
            self.assertEqual(status, 8, (kib, said))
            self.assertEqual([name for name in left if "/state" in name], [], (kib, said))
            self.assertFalse(os.path.exists(made["archive"] + ".restored"))
            self.assertFalse(os.path.exists(self.road.target("")))


class CutOff(Archived):
    def killed(self, seed, *command):
        """kill -9 at a random time; whether it was in time."""
        moment = random.Random(seed).random() * 0.2
        with subprocess.Popen([INSTALLER, "--site", self.road.site, *command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(moment)
                return False
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return True

    def test_an_export_that_was_cut_off_is_made_again(self):
        for seed in range(8):
            self.killed(seed, "site", "export", "--to", self.folder, "--recovery", self.recovery)
        time.sleep(1)
        made = self.export()
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".part")], [])
        before = self.seen()
        self.destroy()
        self.restore(made["archive"], made["key"])
        self.assertEqual(self.seen()["rows"], before["rows"])

    def test_a_restore_that_was_cut_off_goes_on(self):
        made = self.export()
        before = self.seen()
        command = ("site", "restore", made["archive"], "--identity", self.identity, "--key",
                   made["key"], "--yes")
        kills = 0
        for seed in range(12):
            self.destroy_if_there()
            if os.path.exists(made["archive"] + ".restored"):
                os.remove(made["archive"] + ".restored")
            kills += self.killed(seed, *command)
            if self.ended():
                continue
            self.road.installer(*command)
            after = self.seen()
            self.assertEqual((after["rows"], after["uploads"], after["served"]),
                             (before["rows"], before["uploads"], before["served"]))
        self.assertGreater(kills, 3)

    def destroy_if_there(self):
        shutil.rmtree(self.road.site, ignore_errors=True)
        shutil.rmtree(os.path.join(self.road.root, "srv"), ignore_errors=True)

    def ended(self):
        state = os.path.join(self.road.site, "state")
        return (os.path.exists(os.path.join(state, "site.json")) and
                not os.path.exists(os.path.join(state, "restoring.json")))


main()
