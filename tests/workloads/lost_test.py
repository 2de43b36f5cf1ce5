#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole platform is lost (PostgreSQL, images, Compose, nginx, secrets, flags, uploads) and comes back at
other places, as docs/operations/disaster.md says, from its archive; with SEALIFT_EVERY=1 also at the same
places, and from a bundle and dumps only."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest

import full_test
from full_test import Nginx, Platform
from stack import BUILDER, INSTALLER, main, need, run, write
from vault import Postgres

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))

from sweep import ALL  # noqa: E402

KEY = "SESSION_KEY"
FLAGS = {"schema": 1, "flags": {"new-search": {
    "meaning": "the search that looks for words", "default": "off",
    "variants": {"on": True, "off": False}}}}
CONF = """# {{release.version}}
location /uploads/ { alias {{WEB_ROOT}}/current/uploads/; add_header X-Release {{release.version}}; }
"""
CONTRACT = {"schema": 1, "keys": {
    "API_PORT": {"type": "integer", "means": "a port"},
    "WEB_ROOT": {"means": "the path of the target web", "default": "/srv/web"},
    KEY: {"secret": True, "means": "signs the cookies of sessions"}}}


class WholePlatform(Platform):
    """With secrets, flags, a file of nginx, uploads and a volume beside what Platform has."""

    folder = "srv"

    def __init__(self, engine, words, server, database):
        super().__init__(engine, words, server, database)
        self.identity = os.path.join(self.root, "recovery.age")
        run("age-keygen", "-o", self.identity)
        self.recovery = run("age-keygen", "-y", self.identity).decode().strip()
        self.archives = os.path.join(self.root, "archives")
        self.change_site(lambda site: self.settle(site, server, database))

    def target(self, name):
        return os.path.join(self.root, self.folder, name)

    def settle(self, site, server, database):
        """site.yaml with all places below `folder`, and the database on that server."""
        site["databases"] = {"main": {"driver": "postgresql", "url": server.url(database)}}
        site["optional"] = ["flags"]
        site["targets"]["stack"]["volumes"] = ["rows"]
        for name in ("web", "etc", "flags", "stack"):
            site["targets"].setdefault(name, {"driver": "directory"})["path"] = self.target(name)
        site["values"] = {"WEB_ROOT": self.target("web")}
        nginx = ["nginx", "-p", f"{self.root}/nginx", "-c", f"{self.root}/nginx/nginx.conf"]
        site["services"] = {"nginx": {"check": [*nginx, "-t"], "reload": [*nginx, "-s", "reload"]}}
        site["exports"] = {"recovery": self.recovery, "to": self.archives}

    def start_again(self, site):
        """A site that somebody sets up anew."""
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={self.target('web')}")
        site["secrets"] = {KEY: {"file": self.secret}}
        write(os.path.join(self.site, "site.yaml"), json.dumps(site))
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def recipient(self):
        with open(os.path.join(self.site, "state/keys/site.age"), encoding="utf-8") as file:
            return re.search("public key: (age1.*)", file.read()).group(1)

    def edit(self, release):
        for row in release["components"]:
            if row["name"] == "web":
                row["persist"] = ["uploads"]
            if row["name"] == "settings":
                row["services"] = {"nginx": ["site.conf"]}
        release["components"].append({"name": "flags", "kind": "flags", "source": "flags/",
                                      "target": "flags", "optional": True})
        write(os.path.join(self.project, "etc/site.conf"), CONF)
        write(os.path.join(self.project, "etc/session.env"), f"{KEY}={{{{{KEY}}}}}\n")
        write(os.path.join(self.project, "flags/production.yaml"), json.dumps(FLAGS))
        folder = os.path.join(self.project, "environments")
        write(os.path.join(folder, "schema.json"), json.dumps(CONTRACT))
        write(os.path.join(folder, "recipients.yaml"), f"schema: 1\nrecovery: {self.recovery}\n"
              f"environments:\n  production: {{demo: {self.recipient()}}}\n")
        if os.path.exists(os.path.join(folder, "production.sealed.yaml")):
            run(BUILDER, "secret", "rekey", "--identity", self.identity, "--project", self.project)
        else:
            run(BUILDER, "secret", "set", "production", KEY, "--generate", "32", "--project",
                self.project)

    def compose(self, services):
        services["api"]["volumes"] = ["rows:/rows"]
        return {"services": services, "volumes": {"rows": {}}}

    def digest(self):
        return self.answer("status")["current"]["digest"]


class WholeNginx(Nginx):
    """Includes what the release brings; it is started anew where the site comes back."""
    included = "include {etc}/current/*.conf;"


class WholePlatformTest(full_test.PlatformTest):
    drifting = ("database", "flags")

    def setUp(self):
        for program in ("nginx", "age-keygen"):
            need(program)
        database = "app_" + os.urandom(4).hex()
        self.server.sql("postgres", f"CREATE DATABASE {database};")
        self.road = self.platform = WholePlatform(self.engine, self.words, self.server, database)
        self.addCleanup(self.platform.close)
        self.addCleanup(self.empty)
        self.start_nginx()

    def start_nginx(self):
        self.nginx = WholeNginx(self.platform)
        self.addCleanup(self.nginx.close)

    def seen(self, server, database):
        """What users have: rows, files, a volume, flags, a secret; and the release."""
        platform = self.platform
        with open(os.path.join(platform.target("etc"), "current/session.env"), encoding="utf-8") as env:
            secret = env.read()
        with open(os.path.join(platform.target("flags"), "current/flags.json"),
                  encoding="utf-8") as flags:
            states = json.load(flags)
        return {"rows": server.dump(database), "secret": secret, "flags": states,
                "upload": full_test.fetch(platform.port, "uploads/photo"),
                "volume": self.in_container("cat /rows/kept; /bin/busybox stat -c '%n %u:%g %a' "
                                            "/rows /rows/kept"),
                "digest": platform.digest(), "page": platform.page(), "api": platform.api()}

    def in_container(self, words):
        return self.engine.call("exec", self.containers()["api"], "/bin/busybox", "sh", "-c",
                                words.replace("cat ", "/bin/busybox cat "))

    def use(self):
        """As users and operators do."""
        platform = self.platform
        write(os.path.join(platform.target("web"), "current/uploads/photo"), "a photo")
        self.in_container("echo of users > /rows/kept; /bin/busybox chown 1000:1000 /rows; "
                          "/bin/busybox chmod 0750 /rows /rows/kept")
        self.server.sql(platform.database, "CREATE TABLE visits AS SELECT generate_series(1, 99) n;")
        platform.installer("flags", "set", "new-search", "on", "--yes", "--reason", "pilot")

    def destroy(self, server, database):
        """The machine: its files, its containers, images and volumes, its database."""
        self.nginx.close()
        self.empty()
        for place in (self.platform.site, os.path.join(self.platform.root, self.platform.folder),
                      os.path.join(self.platform.root, "nginx")):
            run("rm", "-rf", place)
        server.sql("postgres", f"DROP DATABASE {database};")

    def move(self, folder):
        """To another machine: other paths, another server of databases, which it gives."""
        self.platform.folder = folder
        other = Postgres()
        self.addCleanup(other.close)
        self.start_nginx()
        return other

    def takes(self, what, *command):
        began = time.monotonic()
        self.platform.installer(*command)
        print(f"time to recover a whole platform from {what}: {time.monotonic() - began:.1f} s")

    def is_a_site_like_any_other(self):
        """Its containers keep their volumes when the next release comes."""
        platform = self.platform
        platform.installer("audit", "verify")
        self.apply(platform.bundle(1))
        self.assertEqual(self.in_container("cat /rows/kept"), "of users\n")
        platform.installer("rollback", "--yes")
        self.assertEqual(self.in_container("cat /rows/kept"), "of users\n")

    def installed(self):
        """The first release in use, its archive's key, and what users have."""
        platform = self.platform
        self.apply(platform.bundle(0))
        self.use()
        seen = self.seen(self.server, platform.database)
        self.assertEqual((seen["upload"], seen["volume"]),
                         ("a photo", "of users\n/rows 1000:1000 750\n/rows/kept 0:0 750\n"))
        with open(os.path.join(platform.site, "site.yaml"), encoding="utf-8") as source:
            site = json.load(source)
        return site, platform.answer("site", "export")["key"], seen

    def opens(self, key):
        return (self.platform.archives, "--identity", self.platform.identity, "--key", key)


class Lost(WholePlatformTest):
    def test_it_comes_back_at_another_place(self):
        platform = self.platform
        site, key, before = self.installed()
        self.destroy(self.server, platform.database)
        other = self.move("other/srv")
        platform.settle(site, other, "moved")
        settings = os.path.join(platform.root, "moved.yaml")
        write(settings, json.dumps(site))
        self.takes("its archive, at another place", "site", "restore", *self.opens(key), "--yes",
                   "--settings", settings)
        self.assertEqual(self.seen(other, "moved"), before)
        self.serves(0)
        platform.installer("site", "export")
        platform.installer("doctor")
        self.is_a_site_like_any_other()

    @unittest.skipUnless(ALL, "minutes, with SEALIFT_EVERY=1")
    def test_it_comes_back_at_the_same_place_and_from_a_bundle_and_dumps(self):
        platform = self.platform
        site, key, before = self.installed()
        kept = self.kept_elsewhere()
        self.destroy(self.server, platform.database)
        self.start_nginx()
        self.takes("its archive, at the same place", "site", "restore", *self.opens(key), "--yes")
        self.assertEqual(self.seen(self.server, platform.database), before)
        self.is_a_site_like_any_other()

        self.destroy(self.server, platform.database)
        last = self.move("last/srv")
        platform.settle(site, last, "last")
        site["targets"]["stack"]["project"] = "elsewhere"
        platform.start_again(site)
        bundle = os.path.join(platform.root, "dist/chanuka-1.0.0.bundle.tar.zst")
        restore = ("site", "restore", "--bundle", bundle, *kept, "--yes", "--reason", "fire")
        self.assertIn('CREATE DATABASE "last"', platform.refused(*restore, status=6))
        last.sql("postgres", "CREATE DATABASE last;")
        self.takes("a bundle and dumps", *restore)
        after = self.seen(last, "last")
        # What operators had changed of the flags is in no dump.
        self.assertEqual({**after, "flags": 0}, {**before, "flags": 0})
        self.serves(0)
        (empty,) = platform.answer("backup", "kept", "main")
        platform.installer("backup", "kept", "main", "--drop", empty)
        platform.installer("site", "export")
        platform.installer("doctor")

    def kept_elsewhere(self):
        """Dumps that somebody has carried away, as options of a restore."""
        platform = self.platform
        folder = os.path.join(platform.root, "elsewhere")
        os.makedirs(folder)
        named = []
        for made in platform.answer("backup", "create", "--all"):
            file = f"{made['name']}.dump.zst"
            shutil.copy(os.path.join(platform.site, "state/backups", file), folder)
            named += ["--backup", f"{made['database']}={folder}/{file}"]
        self.assertEqual(len(named), 6)
        # The release has a secret that was sealed for the site that is lost; the operator opens it.
        platform.secret = os.path.join(folder, "session-key")
        with open(os.path.join(platform.target("etc"), "current/session.env"), encoding="utf-8") as env:
            write(platform.secret, env.read().split("=")[1])
        os.chmod(platform.secret, 0o600)
        return named


class Rehearsed(WholePlatformTest):
    """Beside a platform that is in use: its users see nothing of it, and nothing stays."""

    options = ("--start", "--free-port", "API_PORT", "--without-check", "page")

    def host(self):
        """What the engine and the server of databases have."""
        engine = self.engine
        return {"containers": sorted(engine.call("ps", "-aq", "--no-trunc").split()),
                "images": sorted(engine.call("images", "--format",
                                             "{{.Repository}}:{{.Tag}} {{.ID}}").split("\n")),
                "volumes": sorted(engine.call("volume", "ls", "-q").split()),
                "networks": sorted(engine.call("network", "ls", "-q", "--no-trunc").split()),
                "databases": self.server.sql("postgres", "SELECT datname FROM pg_database ORDER BY 1;")}

    def test_a_whole_release_and_an_archive_beside_the_one_that_serves(self):
        platform = self.platform
        _, key, before = self.installed()
        place = os.path.join(platform.root, "place")
        os.makedirs(place)
        os.chmod(place, 0o700)
        second = platform.bundle(1)
        host = self.host()
        with full_test.Visitor(platform) as visitor:
            said = platform.answer("rehearse", second, "--all", "--fresh", "--place", place,
                                   *self.options)
            if ALL:  # one shows in CI what stands and goes
                self.and_an_archive_and_a_sick_one(key, place)
        self.assertEqual(visitor.failed, {"page": [], "api": []})
        self.assertEqual((said["version"], sorted(said["milliseconds"])),
                         ("1.1.0", ["backups", "data", "release"]))
        self.assertEqual((self.host(), os.listdir(place)), (host, []))
        self.assertEqual(self.seen(self.server, platform.database), before)
        self.serves(0)
        said = platform.refused("rehearse", second, "--all", "--place", place, status=6)
        self.assertIn("target stack: compose would start containers", said)
        compose = platform.compose
        platform.compose = lambda services: {**compose(services), "volumes": {"rows": {"name": "rows"}}}
        said = platform.refused("rehearse", platform.bundle(3), "--all", "--place", place,
                                *self.options, status=6)
        self.assertIn("volumes.rows: rows is shared with the whole host", said)
        self.assertEqual(self.host(), host)

    def and_an_archive_and_a_sick_one(self, key, place):
        drill = self.platform.answer("site", "rehearse", *self.opens(key), "--place", place, *self.options)
        self.assertEqual(sorted(drill["milliseconds"]), ["data", "release", "unpack", "verify"])
        # What is sick is told, and removed as well.
        sick = self.platform.bundle(2, image=full_test.api_image("1.2.0", healthy=False))
        self.assertIn("found status 404", self.platform.refused(
            "rehearse", sick, "--all", "--place", place, *self.options, status=9))

    @unittest.skipUnless(ALL, "minutes, with SEALIFT_EVERY=1")
    def test_one_that_was_killed_is_removed_by_the_next(self):
        platform = self.platform
        self.installed()
        place = os.path.join(platform.root, "place")
        os.makedirs(place)
        second = platform.bundle(1)
        command = ("rehearse", second, "--all", "--place", place, *self.options)
        platform.answer("backup", "create", "--all")
        host = self.host()
        began = time.monotonic()
        platform.answer(*command)
        took = time.monotonic() - began
        for part in range(1, 10):
            cut_off = subprocess.Popen([INSTALLER, "--site", platform.site, *command],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(took * part / 10)
            cut_off.kill()
            cut_off.wait()
            platform.answer(*command)
            self.assertEqual((self.host(), os.listdir(place)), (host, []), f"killed at {part}/10")


if __name__ == "__main__":
    main()
