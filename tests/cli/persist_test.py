#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`persist`: folders of data that every release of a target shares."""

import ctypes
import os
import shutil
import subprocess

from road import (BUILDER, INSTALLER, RoadTest, errors, main, need, persists, run, second_release,
                  tree_digest, write)
from sweep import journal_records, killed_before_record

UPLOADS = "client/dist/uploads"


def forgets(project):
    path = os.path.join(project, "release.yaml")
    with open(path, encoding="utf-8") as source:
        text = source.read()
    write(path, text.replace(", persist: [uploads]", ""))


def with_mounts(test):
    """In a mount namespace of the test's own; skipped where it may have none."""
    new_namespace = 0x00020000
    if ctypes.CDLL(None, use_errno=True).unshare(new_namespace) != 0:
        test.skipTest("needs the right to mount")
    if subprocess.run(["mount", "--make-rprivate", "/"], check=False).returncode != 0:
        test.skipTest("needs the right to mount")


class PersistTest(RoadTest):
    def web(self, *path):
        return os.path.join(self.road.target("web"), *path)

    def upload(self, name, text):
        """As an application writes it."""
        write(self.web("current/uploads", name), text)

    def uploaded(self):
        folder = self.web("current/uploads")
        return {name: open(os.path.join(folder, name), encoding="utf-8").read()
                for name in sorted(os.listdir(folder))}

    def install(self):
        self.road.init_site()
        self.road.installer("apply", self.road.release("1.0.0", persists()), "--yes")
        self.upload("one", "1")

    def test_data_outlives_releases_and_they_go_back_and_are_pruned(self):
        road = self.road
        self.install()
        self.assertEqual(os.readlink(self.web("current/uploads")), "../../shared/uploads")
        self.assertEqual(os.stat(self.web("shared/uploads")).st_mode & 0o7777, 0o755)
        second = road.release("1.1.0", second_release)
        plan = road.answer("plan", second)["plan"]["steps"]
        self.assertIn(f"keep the data in {self.web('shared/uploads')}",
                      [step["summary"] for step in plan])
        road.installer("apply", second, "--yes")
        self.upload("two", "2")
        road.installer("drift")
        road.installer("rollback", "--yes")
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})
        for version in ("1.2.0", "1.3.0", "1.4.0", "1.5.0"):
            road.installer("apply", road.release(version, lambda project: write(
                os.path.join(project, "client/dist/v.js"), version)), "--yes")
        road.installer("prune")
        self.assertLess(len(os.listdir(self.web("releases"))), 6)
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})
        self.assertIn(self.web("shared/uploads"), road.installer("status").decode())
        self.assertIn(self.web("shared/uploads"), road.installer("doctor").decode())

    def test_what_is_not_the_data_is_drift_and_repaired(self):
        self.install()
        os.remove(self.web("current/uploads"))
        write(self.web("current/uploads/lost"), "x")
        found = self.road.answer("drift", status=20)["differences"]
        self.assertEqual([(row["path"], row["found"]) for row in found],
                         [("uploads", "of another type"),
                          ("uploads/lost", "not part of the release")])
        self.road.installer("apply", "--repair", "--yes")
        self.road.installer("drift")
        self.assertEqual(self.uploaded(), {"one": "1"})
        shutil.rmtree(self.web("shared/uploads"))
        found = self.road.answer("drift", status=20)["differences"]
        self.assertEqual([(row["path"], row["found"]) for row in found],
                         [(self.web("shared/uploads"), "missing")])
        plan = self.road.answer("apply", "--repair", "--dry-run")["plan"]["steps"]
        self.assertIn(f"make {self.web('shared/uploads')} for data, empty",
                      [step["summary"] for step in plan])
        self.road.installer("apply", "--repair", "--yes")
        self.assertEqual(self.uploaded(), {})

    def test_data_of_an_earlier_release_moves_along_and_back(self):
        """An application that made its folder inside of the release."""
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.upload("one", "1")
        second = road.release("1.1.0", persists(then=second_release))
        old = os.path.join(self.web(), os.readlink(self.web("current")), "uploads")
        plan = road.answer("plan", second)["plan"]["steps"]
        self.assertIn(f"move {old} to {self.web('shared/uploads')}",
                      [step["summary"] for step in plan])
        road.installer("apply", second, "--yes")
        self.assertEqual(self.uploaded(), {"one": "1"})
        self.upload("two", "2")
        road.installer("rollback", "--yes")
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})
        road.installer("apply", second, "--yes")
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})

    def test_killed_before_records_of_the_journal(self):
        need("strace")
        road = self.road
        road.init_site()
        first = road.release("1.0.0")
        second = road.release("1.1.0", persists(then=second_release))
        road.installer("apply", first, "--yes")
        self.upload("one", "1")
        apply = ["-q", "apply", second, "--yes"]
        records = journal_records(road, apply)
        for record in range(records, 0, -2):
            self.assertEqual(self.uploaded(), {"one": "1"})
            road.installer("-q", "rollback", "--yes")
            # As before the first time: the data is in the release again.
            old = os.path.join(self.web(), os.readlink(self.web("current")), "uploads")
            if os.path.islink(old):
                os.remove(old)
                os.rename(self.web("shared/uploads"), old)
                os.rmdir(self.web("shared"))
            killed_before_record(road, apply, record)
            road.installer("-q", "recover", "--lock-timeout", "10")
            self.assertEqual(self.uploaded(), {"one": "1"}, f"killed before record {record}")
            if road.answer("status")["current"]["version"] == "1.0.0":
                self.assertFalse(os.path.islink(old))
                self.assertFalse(os.path.exists(self.web("shared")))
                road.installer("-q", "apply", second, "--yes")

    def test_data_among_files_of_the_release_is_divided_by_a_person(self):
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0", lambda project: write(
            os.path.join(project, UPLOADS, "default.png"), "ours")), "--yes")
        empty = persists(then=lambda project: shutil.rmtree(os.path.join(project, UPLOADS)))
        second = road.release("1.1.0", empty)
        road.installer("plan", second)
        self.upload("one", "1")
        said = road.refused("apply", second, "--yes", status=6)
        self.assertIn("uploads holds data among files of the installed release, such as "
                      "uploads/one", said)
        self.assertIn("cp -a ", said)
        shutil.copytree(self.web("current/uploads"), self.web("shared/uploads"))
        road.installer("apply", second, "--yes")
        self.assertEqual(self.uploaded(), {"default.png": "ours", "one": "1"})

    def backs_up(self, folders="[uploads]", more=""):
        """Says in site.yaml that folders of web are backed up."""
        place = os.path.join(self.road.site, "site.yaml")
        with open(place, encoding="utf-8") as source:
            text = source.read()
        path = f'path: "{self.web()}"'
        self.assertIn(path, text)
        kept = [line for line in text.splitlines(True) if not more or not line.startswith("retention")]
        write(place, "".join(kept).replace(path, f"{path}, backup: {folders}") + more)

    def test_data_is_backed_up_before_a_change_and_restored(self):
        road = self.road
        self.install()
        self.backs_up()
        os.symlink("one", self.web("current/uploads/link"))
        os.chmod(self.web("current/uploads/one"), 0o640)
        os.utime(self.web("current/uploads/one"), ns=(1, 1234567890123456789))
        second = road.release("1.1.0", second_release)
        steps = [step["summary"] for step in road.answer("plan", second)["plan"]["steps"]]
        self.assertIn(f"back up the data in {self.web('shared/uploads')} (2 files, 1 byte) as "
                      "web+uploads-2, and verify it", steps)
        road.installer("apply", second, "--yes")
        row = road.answer("backup", "list")[0]
        self.assertEqual((row["name"], row["database"], row["driver"]),
                         ("web+uploads-2", "web/uploads", "data"))
        road.installer("backup", "verify", "web+uploads-2")
        packed = os.path.join(road.site, "state/backups/web+uploads-2.dump.zst")
        listed = subprocess.run(f"zstd -dcq {packed} | tar -tf -", shell=True, check=True,
                                capture_output=True, text=True).stdout
        self.assertEqual(listed.split(), ["./", "link", "one"])
        self.upload("one", "spoilt")
        self.upload("two", "2")
        self.assertIn("--reason", road.refused("backup", "restore", "web+uploads-2", "--yes",
                                               status=2))
        restored = road.answer("backup", "restore", "web+uploads-2", "--yes", "--reason", "spoilt")
        self.assertEqual(self.uploaded(), {"link": "1", "one": "1"})
        status = os.stat(self.web("current/uploads/one"))
        self.assertEqual((status.st_mode & 0o7777, status.st_mtime_ns),
                         (0o640, 1234567890123456789))
        with open(self.web("shared", restored["before"], "two"), encoding="utf-8") as old:
            self.assertEqual(old.read(), "2")
        kept = road.answer("backup", "kept", "web/uploads")
        self.assertEqual(kept, [restored["before"]])
        road.installer("backup", "kept", "web/uploads", "--drop", kept[0])
        self.assertEqual(os.listdir(self.web("shared")), ["uploads"])
        road.installer("drift")
        road.installer("backup", "create", "web/uploads")
        # No change of the target, no backup; and the oldest go with their releases.
        road.installer("apply", second, "--yes")
        self.assertEqual(len(road.answer("backup", "list")), 2)

    def test_data_that_is_a_file_system_of_its_own_is_restored_in_it(self):
        with_mounts(self)
        road = self.road
        self.install()
        self.backs_up()
        place = self.web("shared/uploads")
        disk = os.path.join(road.root, "disk")
        os.mkdir(disk)
        for kind in (["-t", "tmpfs", "tmpfs"], ["--bind", disk]):
            subprocess.run(["mount", *kind, place], check=True)
            self.addCleanup(subprocess.run, ["umount", "-lq", place], check=False)
            self.upload("one", "1")
            os.makedirs(self.web("current/uploads/deep"), exist_ok=True)
            self.upload("deep/two", "2")
            os.chmod(place, 0o2770)
            name = road.answer("backup", "create", "web/uploads")[0]["name"]
            os.chmod(place, 0o755)
            self.upload("one", "spoilt")
            self.upload("later", "3")
            shutil.rmtree(self.web("current/uploads/deep"))
            restored = road.answer("backup", "restore", name, "--yes", "--reason", "spoilt")
            kept = restored["before"]
            self.assertEqual(sorted(os.listdir(place)), sorted([kept, "deep", "one"]))
            self.assertEqual(os.stat(place).st_mode & 0o7777, 0o2770)
            for path, text in (("one", "1"), ("deep/two", "2"), (kept + "/one", "spoilt"),
                               (kept + "/later", "3")):
                with open(os.path.join(place, path), encoding="utf-8") as file:
                    self.assertEqual(file.read(), text)
            self.assertEqual(os.listdir(self.web("shared")), ["uploads"])
            # What a restore has kept is no data.
            again = road.answer("backup", "create", "web/uploads")[0]["name"]
            road.installer("backup", "restore", again, "--yes", "--reason", "x", "--discard")
            self.assertEqual(sorted(os.listdir(place)), sorted([kept, "deep", "one"]))
            road.installer("backup", "kept", "web/uploads", "--drop", kept)
            self.assertEqual(sorted(os.listdir(place)), ["deep", "one"])
            # An entry that is mounted itself cannot be moved aside.
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", os.path.join(place, "deep")], check=True)
            said = road.refused("backup", "restore", name, "--yes", "--reason", "x", status=6)
            self.assertIn("umount", said)
            subprocess.run(["umount", os.path.join(place, "deep")], check=True)
            subprocess.run(["umount", place], check=True)

    def test_backups_of_data_are_encrypted_and_pruned_as_others_are(self):
        road = self.road
        self.install()
        self.backs_up(more="backups: {encrypt_to: []}\nretention: {releases: 1, backups: 1}\n")
        for version in ("1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.5.0"):
            road.installer("apply", road.release(version, lambda project: write(
                os.path.join(project, "client/dist/v.js"), version)), "--yes")
        road.installer("prune")
        names = sorted(os.listdir(os.path.join(road.site, "state/backups")))
        self.assertLessEqual(len(names), 8)
        self.assertIn("web+uploads-6.dump.zst.age", names)
        self.assertNotIn("web+uploads-2.json", names)
        self.upload("one", "spoilt")
        road.installer("backup", "restore", "web+uploads-6", "--yes", "--reason", "spoilt",
                       "--discard")
        self.assertEqual(self.uploaded(), {"one": "1"})
        self.assertEqual(os.listdir(self.web("shared")), ["uploads"])

    def test_a_damaged_backup_of_data_changes_nothing(self):
        road = self.road
        self.install()
        road.installer("backup", "create", "web/uploads")
        name = road.answer("backup", "list")[0]["name"]
        packed = os.path.join(road.site, f"state/backups/{name}.dump.zst")
        with open(packed, "r+b") as file:
            file.seek(20)
            file.write(b"xxxx")
        road.refused("backup", "verify", name, status=5)
        self.upload("two", "2")
        road.refused("backup", "restore", name, "--yes", "--reason", "x", status=5)
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})
        self.assertEqual(os.listdir(self.web("shared")), ["uploads"])

    def test_a_backup_that_does_not_fit_stops_before_anything_changes(self):
        road = self.road
        self.install()
        self.backs_up()
        with open(self.web("current/uploads/huge"), "wb") as huge:
            huge.truncate(1 << 43)
        said = road.refused("apply", road.release("1.1.0", second_release), "--yes", status=8)
        self.assertIn("bytes and", said)
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")

    def test_a_site_that_backs_up_what_is_not_kept_is_refused_in_ci(self):
        self.install()
        self.backs_up("[uplods]")
        site = os.path.join(self.road.site, "site.yaml")
        said = errors(BUILDER, "validate", os.path.join(self.road.project, "release.yaml"),
                      "--site", site, status=3)
        self.assertIn("targets.web.backup: found uplods, which no component of the release keeps",
                      said)
        said = errors_of_plan(self.road, self.road.release("1.1.0", second_release))
        self.assertIn("the release does not keep uplods", said)

    def test_a_release_that_no_longer_keeps_it_is_warned_of_and_data_stays(self):
        self.install()
        second = self.road.release("1.1.0", forgets)
        said = errors_of_plan(self.road, second)
        self.assertIn("the release does not keep uploads", said)
        self.road.installer("apply", second, "--yes")
        self.assertFalse(os.path.lexists(self.web("current/uploads")))
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.uploaded(), {"one": "1"})

    def test_a_link_in_the_place_of_data_is_refused(self):
        self.install()
        shutil.rmtree(self.web("shared/uploads"))
        os.symlink("/etc", self.web("shared/uploads"))
        said = self.road.refused("apply", self.road.release("1.1.0", second_release), "--yes",
                                 status=6)
        self.assertIn("shared/uploads: found a symbolic link, expected a folder of data", said)

    def adopt(self, *more, status=0):
        road = self.road
        words = ("init", "--release", "chanuka", "--environment", "production", "--target",
                 f"web={self.web()}", "--target", f"etc={road.target('etc')}", "--value",
                 "PUBLIC_URL=https://chanuka.example", "--value", "PUBLIC_HOST=chanuka.example",
                 "--adopt", *more)
        if status:
            return errors(INSTALLER, "--site", road.site, *words, status=status)
        run(INSTALLER, "--site", road.site, *words)
        road.installer("trust", "init", road.trust, "--fingerprint", road.fingerprint)
        return ""

    def test_data_that_lies_loosely_is_adopted_by_a_rename(self):
        write(self.web("index.html"), "by hand")
        write(self.web("uploads/one"), "1")
        inode = os.stat(self.web("uploads/one")).st_ino
        self.adopt("--persist", "web=uploads")
        self.assertEqual(os.readlink(self.web("uploads")), "shared/uploads")
        self.assertEqual(os.stat(self.web("uploads/one")).st_ino, inode)
        self.assertEqual(self.uploaded(), {"one": "1"})
        self.road.installer("drift")
        self.assertIn("a site is here already", self.adopt("--persist", "web=uploads", status=3))
        self.road.installer("apply", self.road.release("1.0.0", persists()), "--yes")
        write(self.web("uploads/two"), "2")
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})
        self.road.installer("rollback", "--yes")
        self.assertEqual(self.uploaded(), {"one": "1", "two": "2"})
        self.assertEqual(os.stat(self.web("current/uploads/one")).st_ino, inode)

    def test_data_that_is_served_is_adopted_where_it_is(self):
        """Of one release a folder, of the other the absolute link that other tools make."""
        for is_linked in (False, True):
            with self.subTest(is_linked=is_linked):
                write(self.web("releases/20240101/index.html"), "by hand")
                os.symlink(self.web("releases/20240101"), self.web("current"))
                if is_linked:
                    write(self.web("shared/uploads/one"), "1")
                    os.symlink(self.web("shared/uploads"), self.web("releases/20240101/uploads"))
                else:
                    write(self.web("releases/20240101/uploads/one"), "1")
                self.adopt("--persist", "web=uploads")
                self.road.installer("drift")
                self.road.installer("apply", self.road.release("1.0.0", persists()), "--yes")
                self.assertEqual(self.uploaded(), {"one": "1"})
                self.road.installer("rollback", "--yes")
                self.assertEqual(os.readlink(self.web("current")), "releases/20240101")
                self.assertEqual(self.uploaded(), {"one": "1"})
                for place in (self.web(), self.road.target("etc"), self.road.site):
                    shutil.rmtree(place)
                self.road.release("1.0.0", forgets)

    def test_an_adoption_that_was_cut_off_is_done_again(self):
        need("strace")
        road = self.road
        words = [INSTALLER, "--site", road.site, "init", "--release", "chanuka", "--environment",
                 "production", "--target", f"web={self.web()}", "--target",
                 f"etc={road.target('etc')}", "--value", "PUBLIC_URL=https://chanuka.example",
                 "--value", "PUBLIC_HOST=chanuka.example", "--adopt", "--persist", "web=uploads"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        killed = 0
        for call in range(1, 12):
            shutil.rmtree(self.web(), ignore_errors=True)
            shutil.rmtree(road.site, ignore_errors=True)
            write(self.web("index.html"), "by hand")
            write(self.web("uploads/one"), "1")
            calls = "renameat,renameat2,symlinkat"
            done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
                                   "-e", f"inject={calls}:signal=KILL:when={call}", *words], **quiet)
            killed += done.returncode != 0
            subprocess.run([INSTALLER, "--site", road.site, "recover"], **quiet)
            if not os.path.islink(self.web("current")):
                with open(self.web("uploads/one"), encoding="utf-8") as one:
                    self.assertEqual(one.read(), "1", f"killed at call {call}")
                self.assertFalse(os.path.islink(self.web("uploads")), f"killed at call {call}")
                run(*words)
            self.assertEqual(self.uploaded(), {"one": "1"}, f"killed at call {call}")
            road.installer("drift")
        self.assertGreater(killed, 2)

    def test_data_that_cannot_be_adopted_is_refused_before_anything_is_made(self):
        write(self.web("index.html"), "by hand")
        write(self.web("uploads/one"), "1")
        write(self.web("shared/uploads/two"), "2")
        os.symlink("/var", self.web("var"))
        before = tree_digest(self.web())
        said = self.adopt("--persist", "web=uploads", "--persist", "web=var", "--persist",
                          "web=nothing", "--persist", "other=data", status=6)
        for words in (f"{self.web('var')}: found a symbolic link, expected a folder of data",
                      f"{self.web('nothing')}: found nothing, expected a folder of data",
                      "--persist: site.yaml has no target other"):
            self.assertIn(words, said)
        self.assertIn("holds data, and so does", self.adopt("--persist", "web=uploads", status=6))
        self.assertEqual(tree_digest(self.web()), before)
        self.assertFalse(os.path.exists(self.road.site))
        self.adopt("--persist", "web=../uploads", status=2)

    def test_data_on_another_file_system_is_refused_with_what_to_do(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: mounts need root")
        write(self.web("index.html"), "by hand")
        os.makedirs(self.web("uploads"))
        run("mount", "-t", "tmpfs", "none", self.web("uploads"))
        self.addCleanup(run, "umount", self.web("uploads"))
        write(self.web("uploads/one"), "1")
        said = self.adopt("--persist", "web=uploads", status=6)
        self.assertIn("lies on another file system than", said)
        self.assertIn("mount that file system at " + self.web("shared/uploads"), said)

    def test_mistakes_are_named_with_their_lines(self):
        release = os.path.join(self.road.project, "release.yaml")
        with open(release, encoding="utf-8") as source:
            text = source.read()
        write(os.path.join(self.road.project, UPLOADS, "x"), "x")
        write(release, text.replace("target: web}", "target: web, persist: [uploads]}"))
        said = errors(BUILDER, "validate", release, status=3)
        self.assertIn("release.yaml:11: components[0].persist[0]: uploads is a folder of data, and "
                      "components.web: client/dist has uploads there", said)
        self.assertIn('exclude: ["uploads"]', said)
        write(release, text.replace("target: web}", "target: web, persist: [../x, /y, a, a/b, a]}")
              .replace("database: main,", "database: main, persist: [a],"))
        said = errors(BUILDER, "validate", release, status=3)
        for words in ('components[0].persist[0]: ', 'components[0].persist[1]: ',
                      "components[0].persist[3]: found a/b, which overlaps a",
                      "components[0].persist[4]: found a, which is there already",
                      "components[2].persist: found persist, which migrations do not have"):
            self.assertIn("release.yaml:1", said)
            self.assertIn(words, said)


def errors_of_plan(road, bundle):
    return "\n".join(road.answer("plan", bundle)["warnings"])


if __name__ == "__main__":
    main()
