#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a shell, a service manager or a stranger may hand the programs: closed descriptors, a umask,
limits, pipes in the place of files, a lock file that is removed, a site that others may write."""

import fcntl
import os
import resource
import shutil
import subprocess

from road import BUILDER, INSTALLER, RoadTest, main, need, run, second_release


def started(*command, closed=(), umask=None, limit=None, **more):
    """Runs a command whose process was prepared so; its exit status."""
    def prepare():
        for number in closed:
            os.close(number)
        if umask is not None:
            os.umask(umask)
        if limit:
            resource.setrlimit(*limit)
    return subprocess.run([str(c) for c in command], preexec_fn=prepare, timeout=60, **more)


class Descriptors(RoadTest):
    def test_closed_descriptors_are_no_files_of_ours(self):
        road = self.road
        first = road.release("1.0.0")
        second = road.release("1.1.0", second_release)
        road.init_site()
        lock = os.path.join(road.site, "state/lock")
        for number, closed in enumerate([(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]):
            with self.subTest(closed=closed):
                bundle, version = ((first, "1.0.0"), (second, "1.1.0"))[number % 2]
                command = (INSTALLER, "--site", road.site, "-v", "apply", bundle, "--yes")
                if number % 2 == 0 and number > 0:
                    command = (INSTALLER, "--site", road.site, "-v", "rollback", "--yes")
                self.assertEqual(started(*command, closed=closed, stdout=None if 1 in closed else
                                         subprocess.DEVNULL).returncode, 0)
                self.assertIn(version, road.current("web"))
                with open(lock, encoding="utf-8") as found:
                    self.assertRegex(found.read(), r"^(apply|rollback) \(process \d+\) since \S+\n$")
                road.installer("status")
                road.installer("drift")

    def test_a_bundle_built_with_stderr_closed_is_whole(self):
        road = self.road
        place = os.path.join(road.root, "closed")
        done = started(BUILDER, "-v", "build", os.path.join(road.project, "release.yaml"),
                       "--output", place, "--key", road.key, closed=(2,),
                       stdout=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        run(BUILDER, "verify", os.path.join(place, "chanuka-1.0.0.bundle.tar.zst"),
            "--root", road.trust)


class Syncs(RoadTest):
    def test_an_init_whose_nth_sync_fails_is_run_again(self):
        need("strace")
        command = [INSTALLER, "--site", self.road.site, "init", "--release", "chanuka",
                   "--environment", "production", "--target", "web=" + self.road.target("web")]
        failed = 0
        for number in range(1, 60):
            shutil.rmtree(self.road.site, ignore_errors=True)
            status = started("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e",
                             f"inject=fsync:error=EIO:when={number}", *command,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
            if status == 0:
                break
            self.assertEqual(status, 8, f"sync {number}")
            failed += 1
            run(*command)
        self.assertGreater(failed, 10)


class Umask(RoadTest):
    def test_what_is_served_does_not_depend_on_it(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        done = started(INSTALLER, "--site", road.site, "apply", first, "--yes", umask=0o077,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        for folder in (os.path.join(road.root, "srv"), road.target("web"),
                       os.path.join(road.target("web"), "releases")):
            self.assertEqual(os.stat(folder).st_mode & 0o7777, 0o755, folder)
        road.installer("drift")

    def test_drift_sees_a_directory_of_ours_that_was_closed(self):
        road = self.road
        first = road.release("1.0.0")
        os.makedirs(road.target("etc"))
        os.chmod(road.target("etc"), 0o750)
        road.init_site()
        road.installer("apply", first, "--yes")
        road.installer("drift")  # the mode of a directory that was there is its operator's
        os.chmod(road.target("web"), 0o700)
        found = road.answer("drift", status=20)
        self.assertIn(road.target("web"), str(found))
        self.assertIn("mode 0700", str(found))
        os.chmod(road.target("web"), 0o755)
        os.chmod(os.path.join(road.target("web"), "releases"), 0o700)
        road.installer("drift", status=20)


class NotPlainFiles(RoadTest):
    def test_a_pipe_as_bundle_is_refused_at_once(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        pipe = os.path.join(road.root, "pipe.bundle")
        os.mkfifo(pipe)
        for command in ("apply", "plan", "stage", "verify"):
            done = started(INSTALLER, "--site", road.site, command, pipe, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
            self.assertEqual(done.returncode, 8, (command, done.stderr))
            self.assertIn("pipe.bundle: found a pipe, expected a regular file", done.stderr)
        piped = started("sh", "-c", f"cat {first} | {INSTALLER} --site {road.site} apply /dev/stdin "
                        "--yes", capture_output=True, text=True)
        self.assertEqual(piped.returncode, 8)
        self.assertIn("/dev/stdin: found a pipe", piped.stderr)
        self.assertEqual(os.listdir(os.path.join(road.site, "state/store")), [])
        road.installer("apply", first, "--yes")

    def test_a_pipe_as_site_key_or_root(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        for name in ("site.yaml", "state/site.json", "state/trust/1.root.json"):
            with self.subTest(name=name):
                place = os.path.join(road.site, name)
                os.rename(place, place + ".kept")
                os.mkfifo(place)
                os.chmod(place, 0o600)
                done = started(INSTALLER, "--site", road.site, "apply", first, "--yes",
                               stdin=subprocess.DEVNULL, capture_output=True, text=True)
                self.assertEqual(done.returncode, 8, done.stderr)
                self.assertIn(f"{place}: found a pipe", done.stderr)
                os.rename(place + ".kept", place)
        road.installer("apply", first, "--yes")


class Lock(RoadTest):
    def test_without_the_lock_file_the_site_is_locked_all_the_same(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        lock = os.path.join(road.site, "state/lock")
        os.unlink(lock)  # as somebody might who believes that it is left over
        held = os.open(os.path.join(road.site, "state"), os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        self.assertIn("another installer works on this site",
                      road.refused("apply", first, "--yes", status=7))
        self.assertFalse(os.path.exists(lock))
        os.close(held)
        road.installer("apply", first, "--yes")
        self.assertTrue(os.path.exists(lock))


class OtherWriters(RoadTest):
    def test_a_site_that_others_may_write_is_refused_before_use(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        for name in ("site.yaml", "state", "state/site.json", "state/trust/1.root.json"):
            place = os.path.join(road.site, name)
            mode = os.stat(place).st_mode & 0o7777
            os.chmod(place, mode | 0o002)
            for command in (["status"], ["apply", first, "--yes"]):
                found = road.refused(*command, status=4)
                self.assertIn(f"{place}: has the mode {mode | 0o002:04o}", found)
                self.assertIn(f"chmod go-w '{place}'", found)
            os.chmod(place, mode)
        road.installer("apply", first, "--yes")


class Limits(RoadTest):
    def test_limits_that_are_too_low_are_refused_before_anything_changes(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        for limit in ((resource.RLIMIT_NOFILE, (20, 20)), (resource.RLIMIT_FSIZE, (4096, 4096))):
            done = started(INSTALLER, "--site", road.site, "apply", first, "--yes", limit=limit,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertEqual(done.returncode, 8, done.stderr)
            self.assertIn("found a limit of", done.stderr)
            self.assertIsNone(road.current("web"))
        # The least that is let in is enough.
        done = started(INSTALLER, "--site", road.site, "apply", first, "--yes",
                       limit=(resource.RLIMIT_NOFILE, (64, 64)), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_memory_that_runs_out_is_no_defect(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        for megabytes in range(32, 512, 32):
            done = started(INSTALLER, "--site", road.site, "verify", first,
                           limit=(resource.RLIMIT_AS, (megabytes << 20,) * 2),
                           stdin=subprocess.DEVNULL, capture_output=True, text=True)
            self.assertIn(done.returncode, (0, 8), (megabytes, done.stderr))


main()
