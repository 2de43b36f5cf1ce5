#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A site of files and SQLite whose installer is a plain user: no right beyond its own folder, none that it could
get (capabilities, set-uid programs), and umask 077. As root the tests become such a user with setpriv."""

import os
import sqlite3
import stat
import subprocess
import tempfile
import unittest

from road import INSTALLER, Road, main, need, run, second_release, tree_digest

USER = "54321"  # nobody's
KEEPERS = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs",
           "--inh-caps=-all", "--bounding-set=-all"]


class PlainUser(unittest.TestCase):
    def setUp(self):
        self.road = road = Road()
        self.addCleanup(road.close)
        self.bundles = [road.release("1.0.0"), road.release("1.1.0", second_release)]
        # What comes on a medium may be read by everybody, and written by root alone.
        run("chmod", "-R", "a+rX", road.root)
        self.home = tempfile.mkdtemp(prefix="sealift-test-user-")
        self.addCleanup(run, "rm", "-rf", self.home)
        self.become = []
        if os.getuid() == 0:
            need("setpriv")
            os.chown(self.home, int(USER), int(USER))
            self.become = KEEPERS
        self.site = os.path.join(self.home, "site")

    def installer(self, *command, status=0, **more):
        """As the user, who can do nothing outside of the folder; what it prints."""
        done = subprocess.run(
            [*self.become, "sh", "-c", 'umask 077; exec "$@"', "sh", INSTALLER, "--site", self.site,
             *command], cwd="/", env={"PATH": os.environ["PATH"], "TMPDIR": self.home},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            **more)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode() + done.stderr.decode()

    def target(self, name):
        return os.path.join(self.home, "srv", name)

    def init(self):
        self.installer("init", "--release", "chanuka", "--environment", "production",
                       "--target", f"web={self.target('web')}", "--target",
                       f"etc={self.target('etc')}", "--take", "database", "--database",
                       f"main={self.home}/petitions.db", "--value",
                       "PUBLIC_URL=https://chanuka.example", "--value",
                       "PUBLIC_HOST=chanuka.example")
        self.installer("trust", "init", self.road.trust, "--fingerprint", self.road.fingerprint)

    def current(self):
        return os.readlink(os.path.join(self.target("web"), "current"))

    def test_the_whole_road(self):
        self.init()
        for bundle in self.bundles:
            self.installer("verify", bundle)
            self.installer("apply", bundle, "--yes")
        self.assertIn("1.1.0", self.current())
        served = os.stat(os.path.join(self.target("web"), "current/index.html"))
        self.assertEqual(stat.S_IMODE(served.st_mode), 0o644)  # the umask decides nothing
        self.installer("rollback", "--yes")
        self.assertIn("1.0.0", self.current())
        self.installer("prune")
        for command in (["status"], ["history"], ["drift"], ["doctor"], ["audit", "verify"],
                        ["backup", "create", "main"], ["receipt"]):
            self.installer(*command)
        database = sqlite3.connect(f"{self.home}/petitions.db")
        self.addCleanup(database.close)
        self.assertTrue(database.execute("select count(*) from sqlite_master").fetchone()[0])

    def test_nothing_outside_of_the_folder_is_written(self):
        before = tree_digest(self.road.root)
        self.test_the_whole_road()
        self.assertEqual(tree_digest(self.road.root), before)
        if self.become:
            owned = run("find", self.home, "!", "-uid", USER).decode()
            self.assertEqual(owned, "")
        # Others of the host may not look into the state.
        for name in ("state", "state/keys"):
            status = os.stat(os.path.join(self.site, name))
            self.assertEqual(stat.S_IMODE(status.st_mode), 0o700, name)

    def test_what_the_user_may_not_write_stays_as_it_was(self):
        if not self.become:
            raise unittest.SkipTest("SKIPPED: another user's folder needs root")
        self.init()
        os.makedirs(self.target("web"), mode=0o755)  # root's
        before = tree_digest(self.target("web"))
        said = self.installer("apply", self.bundles[0], "--yes", status=9)
        self.assertIn("run as a user who may do this, or change the owner of the place", said)
        self.assertEqual(tree_digest(self.target("web")), before)
        self.assertIn("release      none yet", self.installer("status"))


if __name__ == "__main__":
    main()
