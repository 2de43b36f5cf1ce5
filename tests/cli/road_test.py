#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole road with the real programs: build, verify, apply, upgrade, roll back, and refusals."""

import json
import os
import shutil
import stat
import subprocess
import threading

from road import (BUILDER, INSTALLER, RoadTest, errors, main, need, run, second_release,
                  tree_digest, write)
from sweep import changing_calls, killed_at


class WholeRoad(RoadTest):
    def test_what_was_shown_is_what_is_done(self):
        """`plan`, `apply --dry-run` and the journal hold one plan, but for when it was made and
        where the bundle is kept."""
        road = self.road
        road.init_site()
        for number, change in (("1.0.0", None), ("1.1.0", second_release)):
            bundle = road.release(number, change)
            shown = road.answer("plan", bundle)["plan"]
            dry = road.answer("apply", bundle, "--dry-run")["plan"]
            road.installer("apply", bundle, "--yes")
            journals = os.path.join(road.site, "state/journal")
            newest = max(os.listdir(journals), key=lambda name: int(name.split(".")[0]))
            with open(os.path.join(journals, newest), "rb") as journal:
                done = json.loads(journal.readline())["detail"]
            for plan in (shown, dry, done):
                self.assertGreater(len(plan["steps"]), 1)
                del plan["created"], plan["outcome"]["bundle"]
            self.assertEqual(shown, done)
            self.assertEqual(dry, done)

    def test_apply_upgrade_rollback(self):
        road = self.road
        first = road.release("1.0.0")
        second = road.release("1.1.0", second_release)
        road.init_site()
        self.assertEqual(road.answer("verify", first)["approvedBy"], ["dev"])
        with open(first, "rb") as bundle:
            run(INSTALLER, "--site", road.site, "verify", "-", stdin=bundle.read())
        road.installer("plan", first, "--detailed-exitcode", status=20)
        self.assertFalse(os.path.exists(road.target("web")))  # a plan changes nothing
        self.assertEqual(road.answer("apply", first, "--yes")["result"], "applied")
        one = {name: tree_digest(os.path.join(road.target(name), "current"))
               for name in ("web", "etc")}
        with open(os.path.join(road.target("etc"), "current/app.env"), encoding="utf-8") as env:
            self.assertIn("PUBLIC_URL=https://chanuka.example\n", env.read())
        with open(os.path.join(road.target("etc"), "current/nginx/chanuka.conf"),
                  encoding="utf-8") as conf:
            self.assertIn("try_files $uri /index.html;", conf.read())
        for folder, is_there in (("project/client/dist", True), ("srv/web/current", False)):
            self.assertEqual(os.path.exists(
                os.path.join(road.root, folder, "assets/app.3f9a1c2e.js.map")), is_there, folder)
        self.assertEqual(os.readlink(os.path.join(road.target("web"), "current/icon.svg")),
                         "favicon.svg")
        road.installer("plan", first, "--detailed-exitcode")

        road.installer("apply", second, "--yes", "--reason", "planned work")
        self.assertTrue(os.path.exists(
            os.path.join(road.target("web"), "current/assets/search.5b1d9e70.js")))
        before = road.on_targets()
        self.assertEqual(road.answer("apply", second, "--yes")["result"], "unchanged")
        self.assertEqual(road.on_targets(), before)
        self.assertIn("older than 1.1.0", road.refused("apply", first, "--yes", status=4))

        road.installer("rollback", "--yes")
        for name in ("web", "etc"):
            self.assertEqual(tree_digest(os.path.join(road.target(name), "current")), one[name])
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")
        self.assertEqual([h["purpose"] for h in road.answer("history")],
                         ["apply", "apply", "rollback"])
        # The floor came down with the rollback: the newer release may come again.
        road.installer("apply", second, "--yes")
        road.installer("drift")

    def test_unchanged_files_are_shared_and_never_lost_by_pruning(self):
        road = self.road
        road.init_site()
        for number in range(8):
            road.installer("apply", road.release(f"1.0.{number}", lambda project: write(
                os.path.join(project, "client/dist/page.html"), f"page {number}\n")), "--yes")
        releases = os.listdir(os.path.join(road.target("web"), "releases"))
        self.assertEqual(len(releases), 5)  # current, rollback target, three more
        self.assertEqual(len(os.listdir(os.path.join(road.site, "state/store"))), 5)
        shared = os.stat(os.path.join(road.target("web"), "current/favicon.svg"))
        self.assertGreater(shared.st_nlink, 1)
        road.installer("drift")
        road.installer("rollback", "1.0.4", "--yes", "--verify")
        road.installer("drift")
        self.assertIn("was pruned", road.refused("rollback", "1.0.1", "--yes", status=6))

    def test_applied_again_after_a_rollback_nothing_is_unpacked(self):
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        second = road.release("1.1.0", second_release)
        road.installer("apply", second, "--yes")
        current = os.path.join(road.target("web"), "current")
        directory, tree = os.readlink(current), tree_digest(current)
        road.installer("rollback", "--yes")
        steps = road.answer("plan", second)["plan"]["steps"]
        self.assertEqual({step["phase"] for step in steps} - {"activate"}, set(), steps)
        road.installer("apply", second, "--yes")
        self.assertEqual((os.readlink(current), tree_digest(current)), (directory, tree))
        # Where it is not whole any more, it is unpacked beside itself.
        road.installer("rollback", "--yes")
        write(os.path.join(road.target("web"), directory, "index.html"), "altered")
        road.installer("apply", second, "--yes")
        self.assertNotEqual(os.readlink(current), directory)
        self.assertEqual(tree_digest(current), tree)
        road.installer("doctor", "--full")

    def test_a_damaged_release_is_made_whole_by_a_rollback(self):
        road = self.road
        first = road.release("1.0.0")
        second = road.release("1.1.0", second_release)
        road.init_site()
        road.installer("apply", first, "--yes")
        whole = tree_digest(os.path.join(road.target("web"), "current"))
        damaged = os.path.join(road.target("web"), road.current("web"), "index.html")
        road.installer("apply", second, "--yes")
        os.unlink(damaged)
        road.installer("rollback", "--yes")
        self.assertEqual(tree_digest(os.path.join(road.target("web"), "current")), whole)

    def test_an_edit_shows_as_drift_even_with_its_time_put_back(self):
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        page = os.path.join(road.target("web"), "current/index.html")
        times = os.stat(page)
        with open(page, "r+b") as edited:
            edited.write(b"<!DOCTYPE")
        os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))
        found = json.loads(road.installer("--json", "drift", status=20))["differences"]
        self.assertEqual([d["path"] for d in found], ["index.html"])

    def test_stage_then_apply(self):
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        served = road.current("web")
        second = road.release("1.1.0", second_release)
        road.installer("stage", second, "--yes")
        self.assertEqual(road.current("web"), served)
        self.assertEqual(road.answer("status")["staged"]["version"], "1.1.0")
        plan = road.answer("plan", second)["plan"]
        self.assertEqual({step["phase"] for step in plan["steps"]}, {"activate"})
        road.installer("apply", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.1.0")
        road.installer("drift")

    def test_adopt_and_return(self):
        road = self.road
        write(os.path.join(road.target("web"), "index.html"), "by hand\n")
        write(os.path.join(road.target("web"), "old/app.js"), "old\n")
        os.chmod(os.path.join(road.target("web"), "old/app.js"), 0o600)
        os.makedirs(road.target("etc"))
        bundle = road.release("1.0.0")
        message = errors(INSTALLER, "--site", road.site, "init", "--release", "chanuka",
                         "--environment", "production", "--target", f"web={road.target('web')}",
                         status=6)
        self.assertIn("--adopt", message)
        road.init_site("--adopt")
        road.installer("apply", bundle, "--yes")
        road.installer("rollback", "--yes")
        old = os.path.join(road.target("web"), "current/old/app.js")
        self.assertEqual(stat.S_IMODE(os.stat(old).st_mode), 0o600)
        with open(os.path.join(road.target("web"), "current/index.html"), encoding="utf-8") as page:
            self.assertEqual(page.read(), "by hand\n")
        self.assertTrue(os.path.exists(os.path.join(road.target("web"), "index.html")))

    def test_adopt_that_cannot_be_done_leaves_nothing_and_is_done_again(self):
        road = self.road
        web = road.target("web")
        write(os.path.join(web, "index.html"), "by hand\n")
        os.mkfifo(os.path.join(web, "pipe"))
        os.symlink("/no/such/file", os.path.join(web, "link"))
        arguments = ("init", "--release", "chanuka", "--environment", "production", "--adopt",
                     "--value", "PUBLIC_URL=https://chanuka.example", "--value",
                     "PUBLIC_HOST=chanuka.example", "--target", f"web={web}", "--target",
                     f"etc={road.target('etc')}")
        said = errors(INSTALLER, "--site", road.site, *arguments, status=6)
        self.assertIn("pipe: found a device, socket or pipe", said)
        self.assertIn('link: symbolic link to "/no/such/file"', said)
        self.assertEqual(sorted(os.listdir(web)), ["index.html", "link", "pipe"])
        self.assertFalse(os.path.exists(os.path.join(road.site, "site.yaml")))
        os.remove(os.path.join(web, "pipe"))
        os.remove(os.path.join(web, "link"))
        road.init_site("--adopt")
        self.assertEqual(road.answer("status")["current"]["version"], "0.0.0-adopted")

    def test_adopt_that_was_cut_off_is_done_again(self):
        """With a folder that is served already, as other tools link it, and one that is copied."""
        need("strace")
        road = self.road
        web, etc = road.target("web"), road.target("etc")
        command = ("init", "--release", "chanuka", "--environment", "production", "--adopt",
                   "--target", f"web={web}", "--target", f"etc={etc}")

        def put_back():
            for folder in (road.site, web, etc):
                shutil.rmtree(folder, ignore_errors=True)
            write(os.path.join(web, "index.html"), "by hand\n")
            write(os.path.join(etc, "releases/1/app.env"), "A=1\n")
            os.symlink(os.path.join(etc, "releases/1"), os.path.join(etc, "current"))

        put_back()
        points = [p for p in changing_calls(road, command) if p[0] in ("fdatasync", "renameat")]
        self.assertGreater(len(points), 5)
        for name, when in points:
            with self.subTest(f"{name} {when}"):
                put_back()
                killed_at(road, command, name, when)
                subprocess.run([INSTALLER, "--site", road.site, "-q", "recover"], check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                if subprocess.run([INSTALLER, "--site", road.site, "-q", *command], check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).returncode:
                    # It had been adopted: a site is here already.
                    self.assertIsNotNone(road.current("web"))
                self.assertEqual(road.answer("status")["current"]["version"], "0.0.0-adopted")
                for path, text in ((os.path.join(web, "current/index.html"), "by hand\n"),
                                   (os.path.join(web, "index.html"), "by hand\n"),
                                   (os.path.join(etc, "current/app.env"), "A=1\n")):
                    with open(path, encoding="utf-8") as content:
                        self.assertEqual(content.read(), text)
                road.installer("drift")

    def test_a_change_of_values_alone_is_applied(self):
        road = self.road
        bundle = road.release("1.0.0")
        road.init_site()
        road.installer("apply", bundle, "--yes")
        web = road.current("web")
        site = os.path.join(road.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            text = source.read()
        write(site, text.replace("https://chanuka.example", "https://new.example"))
        road.installer("apply", bundle, "--yes")
        self.assertEqual(road.current("web"), web)
        with open(os.path.join(road.target("etc"), "current/app.env"), encoding="utf-8") as env:
            self.assertIn("https://new.example", env.read())
        road.installer("rollback", "--yes")
        with open(os.path.join(road.target("etc"), "current/app.env"), encoding="utf-8") as env:
            self.assertIn("https://chanuka.example", env.read())


class Refusals(RoadTest):
    def refuse(self, bundle, status, *words):
        """Refused with this status; nothing but an audit line is different afterwards."""
        before = self.road.on_targets()
        message = self.road.refused("apply", bundle, "--yes", status=status)
        for word in words:
            self.assertIn(word, message)
        self.assertEqual(self.road.on_targets(), before)
        self.assertEqual(os.listdir(os.path.join(self.road.site, "state/store")), self.store)

    def setUp(self):
        super().setUp()
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.store = os.listdir(os.path.join(road.site, "state/store"))
        self.bundle = road.release("1.1.0", second_release)

    def altered(self, change):
        with open(self.bundle, "rb") as source:
            content = bytearray(source.read())
        path = os.path.join(self.road.root, "altered.bundle.tar.zst")
        with open(path, "wb") as out:
            out.write(change(content))
        return path

    def test_truncated(self):
        size = os.path.getsize(self.bundle)
        for part in range(16):
            self.refuse(self.altered(lambda content: content[:size * part // 16]), 5)

    def test_trailing_bytes(self):
        self.refuse(self.altered(lambda content: content + b"\0"), 5, "after the end")

    def test_flipped_bits(self):
        size = os.path.getsize(self.bundle)
        for position in range(0, size, max(1, size // 40)):
            def flip(content):
                content[position] ^= 1 << (position % 8)
                return content
            self.road.refused("verify", self.altered(flip), status=5)
            self.refuse(self.altered(flip), 5)

    def test_another_key(self):
        road = self.road
        other = os.path.join(road.root, "other.key")
        run(BUILDER, "keygen", other, "--no-passphrase")
        run(BUILDER, "build", os.path.join(road.project, "release.yaml"), "--output",
            os.path.join(road.root, "other"), "--key", other)
        self.refuse(os.path.join(road.root, "other", os.path.basename(self.bundle)), 4,
                    "approved by 0 of the 1 trusted keys")

    def test_unsigned_then_signed(self):
        road = self.road
        run(BUILDER, "build", os.path.join(road.project, "release.yaml"), "--output",
            os.path.join(road.root, "unsigned"))
        bundle = os.path.join(road.root, "unsigned", os.path.basename(self.bundle))
        self.refuse(bundle, 4, "approved by 0 of the 1 trusted keys")
        run(BUILDER, "sign", bundle, "--key", road.key)
        with open(bundle, "rb") as one, open(self.bundle, "rb") as two:
            self.assertEqual(one.read(), two.read())  # signed later is signed all the same

    def test_another_release_with_the_same_version(self):
        road = self.road
        changed = road.release("1.0.0", lambda project: write(
            os.path.join(project, "client/dist/extra.html"), "extra\n"))
        self.refuse(changed, 4, "version 1.0.0 is here already")

    def test_requirements_name_what_to_carry(self):
        def require(text):
            path = os.path.join(self.road.project, "release.yaml")
            with open(path, encoding="utf-8") as source:
                lines = source.read().splitlines()
            write(path, "\n".join(text if l.startswith("requires:") else l for l in lines) + "\n")
        require('requires: {upgrade_from: ">=1.5.0"}')
        self.refuse(self.road.release("2.0.0"), 6, "carry release 1.5.0 and apply it first")
        require('requires: {installer: ">=99.0.0"}')
        self.refuse(self.road.release("2.0.0"), 6, "asks for an installer >=99.0.0")
        require("requires: {arch: [arm64]}" if os.uname().machine == "x86_64"
                else "requires: {arch: [amd64]}")
        self.refuse(self.road.release("2.0.0"), 6, "this host is")

    def test_a_missing_value_and_an_unknown_target(self):
        road = self.road
        site = os.path.join(road.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            text = source.read()
        write(site, text.replace('"PUBLIC_HOST"', '"PUBLIC_HOSTS"'))
        self.refuse(self.bundle, 6, "the value PUBLIC_HOST is not set", "nginx/chanuka.conf:14")
        write(site, text.replace('"etc":', '"other":'))
        self.refuse(self.bundle, 6, 'goes to the target "etc"')
        write(site, text.replace("environment: \"production\"", "environment: testing"))
        self.refuse(self.bundle, 6, "testing")

    def test_a_target_that_somebody_switched(self):
        current = os.path.join(self.road.target("web"), "current")
        os.unlink(current)
        os.symlink("elsewhere", current)
        self.refuse(self.bundle, 6, "somebody switched it by hand")

    def test_no_terminal_no_yes(self):
        self.assertIn("--yes", self.road.refused("apply", self.bundle, status=2))

    def test_busy(self):
        need("flock")
        lock = os.path.join(self.road.site, "state/lock")
        held = threading.Event()

        def hold():
            import fcntl
            with open(lock, "r+", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                held.set()
                release.wait()
        release = threading.Event()
        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        try:
            self.assertIn("another installer works on this site",
                          self.road.refused("apply", self.bundle, "--yes", status=7))
        finally:
            release.set()
            thread.join()
        self.road.installer("apply", self.bundle, "--yes")

    def test_full_disk(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: mounting a small file system needs root")
        road = self.road
        small = os.path.join(road.root, "small")
        os.makedirs(small)
        run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small)
        self.addCleanup(run, "umount", small)
        bundle = road.release("3.0.0", lambda project: write(
            os.path.join(project, "client/dist/large.bin"), "0123456789abcdef" * 40000))
        site = os.path.join(road.root, "site2")
        run(INSTALLER, "--site", site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={small}/web", "--target", f"etc={small}/etc", "--value",
            "PUBLIC_URL=x", "--value", "PUBLIC_HOST=x")
        run(INSTALLER, "--site", site, "trust", "init", road.trust, "--fingerprint",
            road.fingerprint)
        message = errors(INSTALLER, "--site", site, "apply", bundle, "--yes", status=8)
        self.assertIn("the release needs", message)
        self.assertEqual(os.listdir(small), [])


class Sources(RoadTest):
    def test_ten_mistakes_are_ten_messages_with_their_lines(self):
        path = os.path.join(self.road.project, "release.yaml")
        write(path, """schema: 2
name: Chanuka
version: one
environments: []
notse: CHANGES.md
requires: {upgrade_from: "1.0"}
components:
  - {name: web, kind: asset, source: ../client, target: web}
  - {name: web, kind: config, source: config, target: web, optional: maybe}
""")
        text = errors(BUILDER, "validate", path, status=3)
        lines = [line for line in text.splitlines() if ": error: " in line]
        places = [line.split("release.yaml:")[1].split(":")[0] for line in lines]
        self.assertEqual(places, ["1", "2", "3", "4", "5", "6", "8", "8", "9", "9", "9"], text)
        self.assertIn('did you mean "notes"?', text)

    def test_a_build_never_leaves_a_half_written_bundle(self):
        road = self.road
        os.symlink("/etc/passwd", os.path.join(road.project, "client/dist/leak"))
        dist = os.path.join(road.root, "out")
        text = errors(BUILDER, "build", os.path.join(road.project, "release.yaml"), "--output", dist,
                      status=3)
        self.assertIn("leak: symbolic link", text)
        self.assertEqual(os.listdir(dist), [])

    def test_values_are_checked_in_every_environment(self):
        road = self.road
        env = os.path.join(road.project, "environments/staging.yaml")
        with open(env, encoding="utf-8") as source:
            text = source.read()
        write(env, text.replace("LOG_LEVEL", "LOG_LEVELS"))
        message = errors(BUILDER, "validate", os.path.join(road.project, "release.yaml"), status=3)
        self.assertIn('environments/staging.yaml has no value named "LOG_LEVEL"', message)
        self.assertIn('the value "LOG_LEVELS" is used by no template', message)

    def test_a_site_is_checked_in_ci(self):
        road = self.road
        site = os.path.join(road.project, "sites/production.yaml")
        release = os.path.join(road.project, "release.yaml")
        run(BUILDER, "validate", release, "--site", site)
        with open(site, encoding="utf-8") as source:
            text = source.read()
        write(site, text.replace("PUBLIC_HOST", "PUBLIC_HOTS").replace("etc:", "ect:"))
        message = errors(BUILDER, "validate", release, "--site", site, status=3)
        for word in ("PUBLIC_HOTS", "the value PUBLIC_HOST is not set", 'no target "etc"'):
            self.assertIn(word, message)

    def test_the_starter_project_validates(self):
        folder = os.path.join(self.road.root, "fresh")
        run(BUILDER, "init", folder)
        run(BUILDER, "validate", cwd=folder)
        errors(BUILDER, "init", folder, status=3)

    def test_json_errors_and_usage(self):
        done = json.loads(run(BUILDER, "--json", "verify", "missing", "--root", "missing", status=8))
        self.assertEqual(done["error"]["code"], "io")
        done = json.loads(run(BUILDER, "--json", "frobnicate", status=2))
        self.assertEqual(done["error"]["code"], "usage")
        self.assertIn("Exit statuses:", run(INSTALLER, "apply", "--help").decode())
        shutil.rmtree(self.road.project)


main()
