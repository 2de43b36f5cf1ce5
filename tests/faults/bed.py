# SPDX-License-Identifier: Apache-2.0
"""A small site with everything that a transaction touches (assets, configuration, flags, a database
with a migration, a fence, health checks), kept as copies to which it is put back before each case,
and what users find there."""

import ctypes
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from disturb import Disturb  # noqa: E402
from road import BUILDER, INSTALLER, Road, run, second_release, tree_digest, write  # noqa: E402

CLONE_NEWNS = 0x20000  # <sched.h>
TARGETS = ("web", "etc", "flags")
TEMPORARY = re.compile(r"^\.(incoming-|scratch\.|.*\.[0-9a-f]{12}$)")
SERVICE_ACCOUNTS = 64900  # of no one, one for each bed: limits of processes do not bind root


def upgrade(project):
    """What 1.1.0 has beside other files: one more migration."""
    second_release(project)
    shutil.copytree(os.path.join(os.environ["SEALIFT_SOURCE"], "examples/chanuka-1.1.0/drizzle"),
                    os.path.join(project, "drizzle"), dirs_exist_ok=True)


def restoring(project):
    """The same files; a failure restores the database."""
    path = os.path.join(project, "release.yaml")
    with open(path, encoding="utf-8") as source:
        text = source.read()
    write(path, text.replace("optional: true}", "optional: true, rollback: restore}"))


def see_own_mounts():
    """Mounts are seen by this program alone from now on, and go with it."""
    if os.geteuid() == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        run("mount", "--make-rprivate", "/")


class Answering:
    """Something that takes connections, for the health checks."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            self.socket.accept()[0].close()


class Releases:
    """The bundles, built once for all beds."""

    def __init__(self):
        self.road = road = Road()
        os.chmod(road.root, 0o755)  # a service account reads the bundles
        self.disturb = Disturb(road.root)
        self.answering = Answering()
        shutil.copytree(os.path.join(os.environ["SEALIFT_SOURCE"], "examples/chanuka/flags"),
                        os.path.join(road.project, "flags"))
        with open(os.path.join(road.project, "release.yaml"), "a", encoding="utf-8") as out:
            out.write("  - {name: flags, kind: flags, source: flags/, target: flags}\nhealth:\n")
            for name in ("one", "two", "three"):
                out.write(f'  - {{name: {name}, tcp: "127.0.0.1:{self.answering.port}", '
                          "within: 2s, every: 100ms}\n")
        self.first = road.release("1.0.0")
        self.second = road.release("1.1.0", upgrade)
        self.restoring = road.release("1.1.1", restoring)
        self.last = road.release("1.2.0")
        folder = os.path.dirname(road.trust)
        draft = self.sealift("trust", "renew", folder)["file"]
        self.sealift("trust", "sign", draft, "--key", road.key)
        self.sealift("trust", "publish", draft)
        self.root = os.path.join(folder, "2.root.json")

    def sealift(self, *command):
        return json.loads(run(BUILDER, "--json", *command))


class Bed:
    """One site, where `place` is; a case runs alone in it."""

    def __init__(self, releases, folder, number):
        self.releases = releases
        self.place = place = os.path.join(folder, str(number))
        self.keep = os.path.join(folder, f"keep-{number}")
        self.account = str(SERVICE_ACCOUNTS + number)
        self.site, self.srv, self.db = (os.path.join(place, n) for n in ("site", "srv", "db"))
        self.file = os.path.join(self.db, "petitions.db")
        self.closed = os.path.join(self.db, "CLOSED")
        self.prefix = []
        os.makedirs(self.srv)
        os.makedirs(self.db)
        os.chmod(place, 0o755)
        # Where a service account reaches it.
        self.program = shutil.copy(INSTALLER, os.path.join(folder, f"installer-{number}"))
        self.make_snapshots()

    def init_command(self):
        command = ["init", "--release", "chanuka", "--environment", "production", "--value",
                   "PUBLIC_URL=https://chanuka.example", "--value", "PUBLIC_HOST=chanuka.example",
                   "--take", "database", "--database", f"main={self.file}"]
        for name in TARGETS:
            command += ["--target", f"{name}={self.srv}/{name}"]
        return command

    def fence(self):
        return f"{{close: [touch, {self.closed}], open: [rm, -f, {self.closed}]}}"

    def trust_command(self):
        return ["trust", "init", self.releases.road.trust, "--fingerprint",
                self.releases.road.fingerprint]

    def make_snapshots(self):
        self.remember("none")
        self.must(*self.init_command())
        with open(os.path.join(self.site, "site.yaml"), "a", encoding="utf-8") as out:
            out.write(f"\nfence: {self.fence()}\n")
        self.must(*self.trust_command())
        self.remember("new")
        self.must("apply", self.releases.first, "--yes")
        with sqlite3.connect(self.file) as connection:
            connection.execute("CREATE TABLE of_users (said TEXT)")
            connection.execute("INSERT INTO of_users VALUES ('what users have written')")
        connection.close()
        self.remember("one")
        self.must("apply", self.releases.second, "--yes")
        self.remember("two")
        web, site, _ = self.served()
        self.must("apply", self.releases.restoring, "--yes")
        self.must("apply", self.releases.last, "--yes")
        self.keep_one_release()
        self.remember("many")
        self.cut_off_between(web, site)
        self.remember("cut")

    def cut_off_between(self, web, site):
        """An upgrade that was killed when the first of these was switched, and the second was not."""
        self.reset("one")
        self.run("apply", self.releases.second, "--yes",
                 under=self.releases.disturb.under("renameat:kill=after:in=current:when=1"))
        found = self.served()
        if found[0] != web or found[1] == site or self.run("status")[0] != 10:
            raise AssertionError("the kill did not come between the two switches")

    def keep_one_release(self, retention="{releases: 1}"):
        """So that prune finds something to remove."""
        path = os.path.join(self.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            lines = [line for line in source if not line.startswith("retention:")]
        write(path, "".join(lines) + f"retention: {retention}\n")

    def must(self, *command):
        return run(self.program, "--site", self.site, *command)

    def run(self, *command, under=(), timeout=120):
        """A command of the installer below other programs: (status, what it said)."""
        done = subprocess.run([*self.prefix, *under, self.program, "--site", self.site, *command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, check=False)
        said = done.stderr or done.stdout
        return done.returncode, said.decode(errors="replace").strip()

    def remember(self, name):
        kept = os.path.join(self.keep, name)
        os.makedirs(kept)
        for place in (self.site, self.srv, self.db):
            if os.path.exists(place):
                run("cp", "-a", place, kept)

    def reset(self, name):
        run("rm", "-rf", self.site, self.srv, self.db)
        kept = os.path.join(self.keep, name)
        run("cp", "-a", *(os.path.join(kept, n) for n in os.listdir(kept)), self.place)

    def become_service_account(self):
        there = [place for place in (self.site, self.srv, self.db) if os.path.exists(place)]
        run("chown", "-R", f"{self.account}:{self.account}", *there)
        self.prefix = ["setpriv", f"--reuid={self.account}", f"--regid={self.account}",
                       "--clear-groups"]

    def become_root(self):
        self.prefix = []

    def served(self):
        """What users get of each target."""
        found = []
        for name in TARGETS:
            current = os.path.join(self.srv, name, "current")
            found.append(tree_digest(current + "/") if os.path.exists(current) else None)
        return tuple(found)

    def content(self):
        """Of the database, without what migrations note about themselves."""
        if not os.path.exists(self.file):
            return None
        connection = sqlite3.connect(self.file)
        try:
            lines = [line for line in connection.iterdump()
                     if "__sealift" not in line and "__drizzle" not in line
                     and "sqlite_sequence" not in line]
        finally:
            connection.close()
        return "\n".join(lines) if len(lines) > 2 else None

    def kept_out(self):
        return os.path.exists(self.closed)

    def temporary(self):
        """Files that a command made for itself, and that are still there."""
        return [os.path.relpath(os.path.join(path, name), self.place)
                for place in (self.site, self.srv) for path, folders, files in os.walk(place)
                for name in folders + files if TEMPORARY.match(name)]


def injecting(rules):
    """strace that disturbs calls: "fdatasync:error=EIO:when=3"."""
    names = ",".join(sorted({rule.split(":")[0] for rule in rules}))
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={names}"]
    if not any("signal=" in rule for rule in rules):  # which strace 6.1 then does not send
        command.insert(1, "--seccomp-bpf")
    for rule in rules:
        command += ["-e", f"inject={rule}"]
    return command
