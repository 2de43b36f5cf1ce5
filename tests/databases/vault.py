# SPDX-License-Identifier: Apache-2.0
"""What the tests of databases share: a release with migrations and one file of configuration, a
site with one database, and servers on loopback."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from road import BUILDER, INSTALLER, Road, errors, need, run, write  # noqa: E402

# When the first migration of a test was generated, in milliseconds.
FIRST = 1795383121762
BREAK = "--> statement-breakpoint\n"
# With the programs of PostgreSQL as Debian gives them to users: scripts that look for the right version.
PATH_OF_USERS = os.environ["PATH"]


def drizzle_0(folder, migrations, dialect):
    """A folder of drizzle-kit 0.x from [(tag, [statement])]."""
    version = "7" if dialect == "postgresql" else "6"
    entries = []
    for number, (tag, statements) in enumerate(migrations):
        write(os.path.join(folder, tag + ".sql"), BREAK.join(s + ";\n" for s in statements).rstrip())
        entries.append({"idx": number, "version": version, "when": FIRST + 1001 * number,
                        "tag": tag, "breakpoints": True})
    write(os.path.join(folder, "meta/_journal.json"),
          json.dumps({"version": version, "dialect": dialect, "entries": entries}, indent=2))


def drizzle_1(folder, migrations, dialect):
    """The same of 1.x: a folder each."""
    kit = {"postgresql": "postgres", "sqlite": "sqlite"}[dialect]
    for number, (tag, statements) in enumerate(migrations):
        name = time.strftime("%Y%m%d%H%M%S", time.gmtime(FIRST // 1000 + number))
        place = os.path.join(folder, f"{name}_{tag[5:]}")
        write(os.path.join(place, "migration.sql"),
              BREAK.join(s + ";\n" for s in statements).rstrip())
        write(os.path.join(place, "snapshot.json"),
              json.dumps({"version": "8", "dialect": kit, "id": f"{number:032x}", "prevIds": [],
                          "ddl": []}))


def plain_sql(folder, migrations, _):
    """Numbered files."""
    for tag, statements in migrations:
        write(os.path.join(folder, tag + ".sql"), "".join(s + ";\n" for s in statements))


LAYOUTS = {"drizzle": drizzle_0, "drizzle 1": drizzle_1, "sql": plain_sql}


class Vault(Road):
    # Components that releases have beside the migrations, and where a site puts them.
    others = [{"name": "settings", "kind": "config", "source": "settings", "target": "settings"}]

    def __init__(self, database):
        super().__init__()
        self.database = database

    def targets(self):
        return {row["target"]: {"driver": "directory", "path": self.target(row["target"])}
                for row in self.others}

    def write_release(self, version, migrations, layout="drizzle", health=(), **more):
        shutil.rmtree(os.path.join(self.project, "drizzle"), ignore_errors=True)
        LAYOUTS[layout](os.path.join(self.project, "drizzle"), migrations,
                        self.database["driver"])
        write(os.path.join(self.project, "settings/app.env"), f"VERSION={version}\n")
        write(os.path.join(self.project, "environments/production.yaml"), "schema: 1\nvalues: {}\n")
        component = {"name": "database", "kind": "migrations", "source": "drizzle",
                     "format": layout.split()[0], "database": "main", **more}
        if layout == "sql":
            component["dialect"] = self.database["driver"]
        path = os.path.join(self.project, "release.yaml")
        write(path, json.dumps({"schema": 1, "name": "chanuka", "version": version,
                                "environments": ["production"], "trust": "trust",
                                **({"health": health} if health else {}),
                                "components": [component, *self.others]}))
        return path

    def build(self, version, migrations, layout="drizzle", **more):
        path = self.write_release(version, migrations, layout, **more)
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.root, "dist"), "--key", self.key))["bundle"]

    def refuse(self, version, migrations, layout="drizzle", **more):
        path = self.write_release(version, migrations, layout, **more)
        return errors(BUILDER, "build", path, status=3)

    def apply(self, version, migrations, layout="drizzle", status=0, **more):
        bundle = self.build(version, migrations, layout, **more)
        if status:
            return self.refused("apply", bundle, "--yes", status=status)
        return self.installer("apply", bundle, "--yes")

    def new_site(self, **more):  # more: of the database
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", *(f"--target={name}={target['path']}"
                            for name, target in self.targets().items()),
            "--database", f"main={self.database.get('path') or self.database['url']}")
        with open(os.path.join(self.site, "site.yaml"), encoding="utf-8") as made:
            self.made_site = made.read()
        self.write_site(**more)
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def write_site(self, site=None, **more):
        write(os.path.join(self.site, "site.yaml"),
              json.dumps({"schema": 1, "release": "chanuka", "environment": "production",
                          **({"targets": self.targets()} if self.others else {}),
                          "databases": {"main": {**self.database, **more}}, **(site or {})}))

    def hurt(self, act, *command):
        """Runs a command whose switch of a target, after the migrations, meets `act`: "error=EIO",
        "signal=KILL"."""
        return self.strace(f"symlinkat:{act}:when=1", *command)

    def strace(self, injection, *command):
        """Runs a command of which a call of the system meets what `injection` says."""
        return subprocess.run(["strace", "-f", "-o", "/dev/null", "-e",
                               f"trace={injection.split(':')[0]}", "-e", f"inject={injection}",
                               INSTALLER, "--site", self.site, *command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)

    def killed(self, moment, *command):
        """Runs a command of the installer, and kills it after so many seconds."""
        running = subprocess.Popen([INSTALLER, "--site", self.site, *command],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            running.wait(moment)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def version(self):
        current = self.answer("status")["current"]
        return current["version"] if current else None

    def states(self, status=0):
        return {row["migration"]: row["state"]
                for row in self.answer("migrations", "status", status=status)}


class BareVault(Vault):
    """A release and a site of nothing but a database."""
    others = []


class OnlyDatabase:
    """The whole life of a site without targets; a test of a database says how it is made
    (setUp, with a BareVault), its migrations ONE, TWO and BAD, and content(), all that it holds."""

    after_restore = 0  # what doctor says: 20 where the old database is kept beside
    FENCE = {"fence": {"close": ["true"], "open": ["true"]}}

    def test_a_life_without_targets(self):
        vault = self.vault
        self.assertNotIn("targets", vault.made_site)
        first = vault.build("1.0.0", [self.ONE], rollback="restore")
        self.assertIn("back up main", vault.installer("plan", first).decode())
        vault.installer("apply", first, "--yes")
        vault.installer("apply", first, "--yes")  # it is installed
        before = self.content()
        vault.apply("1.1.0", [self.ONE, self.TWO], rollback="restore")
        self.assertEqual(vault.version(), "1.1.0")
        said = vault.installer("status").decode()
        self.assertIn("database:main\n", said)
        vault.installer("doctor")
        self.assertEqual(vault.answer("drift")["differences"], [])
        self.assertEqual(set(vault.states().values()), {"applied"})
        self.assertEqual(len(vault.answer("history")), 2)
        vault.installer("backup", "create", "main")
        vault.installer("rollback", "--restore-database", "--reason", "wrong", "--yes")
        self.assertEqual((vault.version(), self.content()), ("1.0.0", before))
        vault.installer("prune")
        vault.installer("apply", "--repair", "--yes")
        vault.installer("uninstall", "--yes")
        self.assertEqual(self.content(), before)
        vault.installer("rollback", "--yes")
        self.assertEqual((vault.version(), self.content()), ("1.0.0", before))
        vault.installer("doctor", status=self.after_restore)

    def test_a_failure_without_targets_leaves_the_old_release(self):
        self.vault.write_site(self.FENCE)
        self.vault.apply("1.0.0", [self.ONE], rollback="restore")
        before = self.content()
        self.vault.apply("1.1.0", [self.ONE, self.BAD], rollback="restore", status=9)
        self.assertEqual((self.vault.version(), self.content()), ("1.0.0", before))
        sick = [{"name": "users", "sql": "main", "query": "SELECT count(*) FROM users",
                 "expect": {"value": "none"}, "within": "200ms"}]
        self.vault.apply("1.2.0", [self.ONE, self.TWO], rollback="restore", health=sick, status=9)
        self.assertEqual((self.vault.version(), self.content()), ("1.0.0", before))
        self.vault.installer("doctor", status=self.after_restore)

    def test_killed_anywhere_without_targets_it_is_one_release(self):
        self.vault.write_site(self.FENCE)
        self.vault.apply("1.0.0", [self.ONE], rollback="restore")
        before = self.content()
        bundle = self.vault.build("1.1.0", [self.ONE, self.TWO], rollback="restore")
        ends = set()
        for step in range(1, 400, 9):
            done = self.vault.strace(f"fdatasync,fsync:signal=KILL:when={step}", "apply", bundle,
                                     "--yes")
            if done.returncode == 0:
                ends.add("1.1.0")
                break
            self.vault.installer("recover")
            now = self.vault.version()
            self.assertEqual(self.content() == before, now == "1.0.0", f"{step}: {now}")
            ends.add(now)
            if now != "1.0.0":
                break
        self.assertEqual(ends, {"1.0.0", "1.1.0"})


class Postgres:
    """A cluster of its own on a socket in a folder of its own. It refuses to run as root."""

    def __init__(self):
        folders = sorted(os.listdir("/usr/lib/postgresql")) if os.path.isdir(
            "/usr/lib/postgresql") else []
        if not folders:
            need("initdb")
        self.bin = os.path.join("/usr/lib/postgresql", folders[-1], "bin")
        # Those scripts take three times as long to start, and are started thousands of times.
        os.environ["PATH"] = f"{self.bin}:{PATH_OF_USERS}"
        self.folder = tempfile.mkdtemp(prefix="sealift-pg-")
        self.as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres",
                            "--clear-groups"]
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        run(*self.as_user, os.path.join(self.bin, "initdb"), "-D", self.data, "-A", "trust", "-U",
            "postgres", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8", cwd="/")
        self.start()

    def start(self):
        run(*self.as_user, os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-w", "-l",
            os.path.join(self.folder, "log"), "-o",
            f"-k {self.folder} -c listen_addresses= -c fsync=off", "start", cwd="/")

    def stop(self, mode="immediate"):
        subprocess.run([*self.as_user, os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-m", mode,
                        "stop"], cwd="/", stdout=subprocess.DEVNULL, check=False)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder)

    def url(self, database, user="postgres"):
        return f"postgresql:///{database}?host={self.folder}&user={user}"

    def sql(self, database, text, user="postgres"):
        done = run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                   self.url(database, user), stdin=text.encode())
        return done.decode().strip()

    def dump(self, database, *more, sequences=True):
        """The whole of it as text, without what differs in each run. Numbers that a sequence gave
        to what was rolled back are gone for ever: that is how PostgreSQL does it."""
        text = run("pg_dump", "-d", self.url(database), *more).decode()
        others = ("\\restrict", "\\unrestrict", "--")
        if not sequences:
            others += ("SELECT pg_catalog.setval",)
        return "\n".join(line for line in text.splitlines() if not line.startswith(others))


__all__ = ["BUILDER", "BareVault", "INSTALLER", "LAYOUTS", "OnlyDatabase", "Postgres", "Vault", "errors", "need", "os", "run",
           "unittest", "write"]
