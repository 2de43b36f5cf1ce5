# SPDX-License-Identifier: Apache-2.0
"""Sites of which each has one driver, with the server, engine or systemd behind it. A world is put
back to where a command begins, runs it, and says what users find."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

for folder in ("cli", "databases", "images", "workloads"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests", folder))

from engines import Podman, Registry, free, says  # noqa: E402
from made_image import Image  # noqa: E402
from road import BUILDER, INSTALLER, need, run, tree_digest, write  # noqa: E402
from shop import SERVER, WORKER, Shop  # noqa: E402
from stack import (API, WEB, DockerCompose, PodmanCompose, StackRoad, have_own_network,  # noqa: E402
                   server)
from user_systemd import UserSystemd  # noqa: E402
from vault import Postgres, Vault  # noqa: E402

ONE = ("0000_init", ["CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL)",
                     "INSERT INTO users VALUES (1, 'ada'), (2, 'bob')"])
TWO = ("0001_email", ["ALTER TABLE users ADD COLUMN email text",
                      "UPDATE users SET email = name || '@x' WHERE email IS NULL"])
FENCE = {"close": ["true"], "open": ["true"]}


class World:
    """road: project and site; places: folders that a reset puts back."""

    def __init__(self, road):
        self.road = road
        self.places = [road.site, road.target("")]
        self.commands = {}  # name: (snapshot, words)
        self.folder = tempfile.mkdtemp(prefix="sealift-world-")

    def close(self):
        self.road.close()
        run("rm", "-rf", self.folder)

    def run(self, *words, under=(), timeout=120):
        """(exit status, what it said)"""
        done = subprocess.run([*under, INSTALLER, "--site", self.road.site, *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout, check=False)
        return done.returncode, (done.stderr or done.stdout).decode(errors="replace").strip()

    def remember(self, name):
        for number, place in enumerate(self.places):
            kept = os.path.join(self.folder, name, str(number))
            os.makedirs(kept)
            if os.path.isdir(place):
                run("cp", "-a", place + "/.", kept)

    def reset(self, name):
        for number, place in enumerate(self.places):
            kept = os.path.join(self.folder, name, str(number))
            run("rm", "-rf", place)
            run("cp", "-a", kept, place)

    def found(self):
        """What users have of it."""
        raise NotImplementedError

    def stand(self):
        current = self.road.answer("status", status=self.run("status")[0])["current"]
        return current and current["version"], self.found()


class Databases(World):
    """An upgrade whose failure restores the database, a backup, a restore of what was before."""

    def __init__(self, vault):
        super().__init__(vault)
        vault.new_site()
        vault.write_site({"fence": FENCE})
        vault.apply("1.0.0", [ONE], rollback="restore")
        kept = vault.answer("backup", "create", "main")[0]["name"]
        self.sql("INSERT INTO users VALUES (3, 'later')")
        second = vault.build("1.1.0", [ONE, TWO], rollback="restore")
        self.remember("one")
        self.commands = {
            "upgrade": ("one", ["apply", second, "--yes"]),
            "backup": ("one", ["backup", "create", "main"]),
            "restore": ("one", ["backup", "restore", kept, "--yes", "--reason", "torture"])}

    def sql(self, text):
        raise NotImplementedError

    def backups(self):
        return [row["name"] for row in self.road.answer("backup", "list")]


class Sqlite(Databases):
    def __init__(self):
        vault = Vault({"driver": "sqlite", "path": None})
        os.makedirs(os.path.join(vault.root, "db"))
        self.file = vault.database["path"] = os.path.join(vault.root, "db/app.db")
        super().__init__(vault)

    def remember(self, name):
        self.places = [*self.places, os.path.dirname(self.file)]
        super().remember(name)

    def sql(self, text):
        with sqlite3.connect(self.file) as connection:
            connection.execute(text)
        connection.close()

    def found(self):
        connection = sqlite3.connect(self.file)
        try:
            return [line for line in connection.iterdump()
                    if "__sealift" not in line and "__drizzle" not in line]
        finally:
            connection.close()


class Postgresql(Databases):
    def __init__(self):
        need("psql")
        self.server = Postgres()
        self.name = "app"
        self.server.sql("postgres", "CREATE DATABASE app")
        super().__init__(Vault({"driver": "postgresql", "url": self.server.url("app")}))

    def close(self):
        super().close()
        self.server.close()

    def sql(self, text):
        self.server.sql(self.name, text)

    def remember(self, name):
        super().remember(name)
        self.server.sql("postgres", f"CREATE DATABASE kept_{name} TEMPLATE app")

    def reset(self, name):
        super().reset(name)
        for other in self.server.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE "
                                     "'app%'").split():
            self.server.sql("postgres", f'DROP DATABASE "{other}" WITH (FORCE)')
        self.server.sql("postgres", f"CREATE DATABASE app TEMPLATE kept_{name}")

    def found(self):
        return self.server.dump("app", "-N", "sealift", "-N", "drizzle", sequences=False)


class Images(World):
    """Two images where there was one, and the way back."""

    def __init__(self, target):
        shop = Shop()
        super().__init__(shop)
        shop.new_site(target)
        images = {"old": Image("old"), "new": Image("new"), "worker": Image("worker")}
        first = shop.build("1.0.0", {SERVER: images["old"]})
        second = shop.build("1.1.0", {SERVER: images["new"], WORKER: images["worker"]})
        third = shop.build("1.2.0", {SERVER: images["old"]})
        shop.installer("apply", first, "--yes")
        self.remember("one")
        shop.installer("apply", second, "--yes")
        self.remember("two")
        shop.installer("apply", third, "--yes")
        self.remember("three")
        self.commands = {"upgrade": ("one", ["apply", second, "--yes"]),
                         "rollback": ("two", ["rollback", "1.0.0", "--yes"]),
                         "prune": ("three", ["prune"])}


class Folder(Images):
    """An OCI layout, or a folder of archives."""

    def __init__(self, driver):
        self.store = tempfile.mkdtemp(prefix="sealift-store-")
        super().__init__({"driver": driver, "path": self.store})

    def remember(self, name):
        self.places = [*self.places[:2], self.store]
        super().remember(name)

    def close(self):
        super().close()
        shutil.rmtree(self.store)

    def found(self):
        return tree_digest(self.store)


class InRegistry(Images):
    def __init__(self):
        self.engine_folder = tempfile.mkdtemp(prefix="sealift-registry-")
        self.registry = Registry(self.engine_folder)
        self.data = os.path.join(self.engine_folder, "data")
        super().__init__({"driver": "registry", "map": {"docker.io/": f"{self.registry.host}/mirror/"}})

    def remember(self, name):
        self.places = [*self.places[:2], self.data]
        super().remember(name)

    def close(self):
        super().close()
        self.registry.stop()
        shutil.rmtree(self.engine_folder)

    def found(self):
        """{tag: digest}, as it lies on the registry's disk."""
        tags = {}
        for path, _, files in os.walk(self.data):
            if path.endswith("/current") and "link" in files:
                with open(os.path.join(path, "link"), encoding="utf-8") as link:
                    tags[os.path.relpath(path, self.data)] = link.read()
        return tags


class InEngine(Images):
    """Images in Podman, whose folder can be put back."""

    def __init__(self):
        self.engine_folder = tempfile.mkdtemp(prefix="sealift-engine-")
        self.engine = Podman(self.engine_folder)
        super().__init__({"driver": "podman", "command": self.engine.command})

    def remember(self, name):
        self.places = [*self.places[:2], self.engine_folder + "/root"]
        super().remember(name)

    def close(self):
        super().close()
        self.engine.stop()
        free(self.engine_folder)

    def found(self):
        return self.engine.images()


class Walked(World):
    """One that cannot be copied, for something runs in it: it goes back by a rollback."""

    def reset(self, name):
        self.road.installer("recover", "--lock-timeout", "20")
        version = self.road.answer("status")["current"]["version"]
        if version == "1.1.0" and name == "one":
            self.road.installer("rollback", "1.0.0", "--yes")
        if version == "1.0.0" and name == "two":
            self.road.installer("apply", self.second, "--yes")


class Compose(Walked):
    def __init__(self, kind):
        have_own_network()
        self.engine_folder = tempfile.mkdtemp(prefix="sealift-engine-")
        self.engine = kind.engine_type(self.engine_folder)
        words = kind.compose_words(self.engine)
        road = StackRoad()
        super().__init__(road)
        road.new_stack_site(self.engine, words)
        first = road.build_stack("1.0.0", {API: server("api 1"), WEB: server("web 1")},
                                 road.two_services(), {"page.html": "page one\n"})
        self.second = road.build_stack("1.1.0", {API: server("api 2"), WEB: server("web 1")},
                                       road.two_services(), {"page.html": "page two\n"})
        road.installer("apply", first, "--yes")
        self.commands = {"upgrade": ("one", ["apply", self.second, "--yes"]),
                         "rollback": ("two", ["rollback", "1.0.0", "--yes"])}

    def found(self):
        return self.road.api(), self.road.web(), self.road.web("index.html")

    def close(self):
        command = self.engine.command
        for name in self.engine.call("ps", "-aq").split():
            says(*command, "rm", "-f", name)
        says(*command, "network", "prune", "-f")
        super().close()
        self.engine.stop()
        free(self.engine_folder)


SERVE = """#!/bin/sh
echo {version} > {state}/$1
exec sleep 1000
"""
UNIT = """[Service]
ExecStart={current}/bin/serve.sh {name}
[Install]
WantedBy=default.target
"""


class Systemd(Walked):
    """Two units, of which the new release drops one and brings another."""

    def __init__(self):
        need("systemctl")
        need("nsenter")
        road = Shop()
        super().__init__(road)
        self.systemd = UserSystemd(road.root)
        self.state = os.path.join(road.root, "state")
        os.makedirs(self.state)
        first = self.build("1.0.0", ("web", "worker"))
        self.second = self.build("1.1.0", ("web", "mail"))
        run(INSTALLER, "--site", road.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"units={road.target('units')}")
        words = ", ".join(self.systemd.command)
        write(os.path.join(road.site, "site.yaml"),
              "schema: 1\nrelease: chanuka\nenvironment: production\ntargets:\n"
              f"  units: {{driver: systemd, path: {road.target('units')}, units: "
              f"{self.systemd.folder}, command: [{words}], timeout: 8}}\n")
        road.installer("trust", "init", road.trust, "--fingerprint", road.fingerprint)
        road.installer("apply", first, "--yes")
        self.commands = {"upgrade": ("one", ["apply", self.second, "--yes"]),
                         "rollback": ("two", ["rollback", "1.0.0", "--yes"])}

    def build(self, version, names):
        road = self.road
        place = os.path.join(road.project, "units")
        shutil.rmtree(place, ignore_errors=True)
        script = os.path.join(place, "bin/serve.sh")
        write(script, SERVE.replace("{version}", version).replace("{state}", self.state))
        os.chmod(script, 0o755)
        for name in names:
            write(os.path.join(place, f"{name}.service"),
                  UNIT.format(name=name, current=road.target("units") + "/current"))
        write(os.path.join(road.project, "environments/production.yaml"), "schema: 1\nvalues: {}\n")
        path = os.path.join(road.project, "release.yaml")
        write(path, f"schema: 1\nname: chanuka\nversion: {version}\nenvironments: [production]\n"
              "trust: trust\ncomponents:\n"
              "  - {name: units, kind: manifests, runtime: systemd, source: units/, target: units}\n")
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(road.root, "dist"), "--key", road.key))["bundle"]

    def found(self):
        """Units that run, and of which release."""
        running = {}
        for name in ("web", "worker", "mail"):
            if self.systemd.value(f"{name}.service", "ActiveState") == "active":
                with open(os.path.join(self.state, name), encoding="utf-8") as version:
                    running[name] = version.read()
        return running

    def close(self):
        self.systemd.stop()
        super().close()


# What each is made by; those whose cases take seconds run in scripts/torture alone.
WORLDS = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "oci-layout": lambda: Folder("oci-layout"),
    "image-folder": lambda: Folder("image-folder"),
    "registry": InRegistry,
    "systemd": Systemd,
    "podman": InEngine,
    "compose-podman": lambda: Compose(PodmanCompose),
    "compose-docker": lambda: Compose(DockerCompose),
}
