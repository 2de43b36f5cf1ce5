#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Releases of a size that few have, and what each command takes with them: seconds, seconds of the
processor and peak memory. As a program (scripts/torture --load) it prints the table of docs/limits.md:
each case in a fourth of its size and in its full size, so that growth shows."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [os.path.join(os.environ["SEALIFT_SOURCE"], "tests", name)
                for name in ("cli", "images", "databases")]
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

from road import BUILDER, INSTALLER, run, write  # noqa: E402
from made_image import Image, tar_of, write_layout  # noqa: E402


def measured(*command):
    """Seconds, seconds of the processor, and peak memory in MiB of a command that must succeed; the
    memory is that of the largest of its processes."""
    began = time.monotonic()
    child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise AssertionError(f"{command}: exit status {child.returncode}\n{said.decode()}")
    return (time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Yard:
    """A project and a site in a folder that goes with it. `parts` are the components of its releases,
    each with the target or database that it goes to."""

    def __init__(self, components, targets=(), databases=(), values=None):
        self.root = tempfile.mkdtemp(prefix="sealift-load-")
        self.components = components
        self.site = os.path.join(self.root, "site")
        self.key = os.path.join(self.root, "dev.key")
        self.project = os.path.join(self.root, "project")
        trust = os.path.join(self.project, "trust/1.root.json")
        run(BUILDER, "keygen", self.key, "--no-passphrase")
        made = run(BUILDER, "--json", "trust", "create", "--root-key", self.key, "--approver",
                   os.path.join(self.root, "dev.pub"), "--out", trust)
        write(os.path.join(self.project, "environments/production.yaml"),
              json.dumps({"schema": 1, "values": values or {}}))
        words = []
        for name in targets:
            words += ["--target", f"{name}={self.root}/srv/{name}"]
        for name in databases:
            words += ["--database", f"{name}={self.root}/{name}.db"]
        run(INSTALLER, "--site", self.site, "init", "--release", "load", "--environment",
            "production", *words)
        run(INSTALLER, "--site", self.site, "trust", "init", trust, "--fingerprint",
            json.loads(made)["fingerprint"])

    def close(self):
        shutil.rmtree(self.root)

    def path(self, *names):
        return os.path.join(self.project, *names)

    def bundle(self, version):
        return os.path.join(self.root, f"dist/load-{version}.bundle.tar.zst")

    def build(self, version):
        write(self.path("release.yaml"), json.dumps(
            {"schema": 1, "name": "load", "version": version, "environments": ["production"],
             "trust": "trust", "components": self.components}))
        return measured(BUILDER, "build", self.path("release.yaml"), "--output",
                        os.path.join(self.root, "dist"), "--key", self.key)

    def installer(self, *command):
        return measured(INSTALLER, "--site", self.site, *command)

    def way(self, change):
        """What each command takes on the way from nothing to a second release, which `change` makes."""
        taken = {"build": self.build("1.0.0")}
        taken["verify"] = self.installer("verify", self.bundle("1.0.0"))
        taken["apply"] = self.installer("apply", self.bundle("1.0.0"), "--yes")
        change()
        self.build("1.1.0")
        taken["plan"] = self.installer("plan", self.bundle("1.1.0"))
        taken["upgrade"] = self.installer("apply", self.bundle("1.1.0"), "--yes")
        for command in ("status", "history"):
            taken[command] = self.installer(command)
        taken["rollback"] = self.installer("rollback", "--yes")
        return taken


def assets(make, count):
    """A folder of client assets that `make` fills."""
    yard = Yard([{"name": "web", "kind": "assets", "source": "web", "target": "web"}],
                targets=["web"])
    make(yard.path("web"), count)
    return yard, lambda: write(yard.path("web/more.txt"), "1.1.0\n")


def many_files(folder, count):
    for number in range(count):
        if number % 1000 == 0:
            os.makedirs(f"{folder}/{number // 1000:04}")
        with open(f"{folder}/{number // 1000:04}/{number}.txt", "w", encoding="utf-8") as out:
            out.write(f"file {number}\n")


def one_file(folder, megabytes):
    """Bytes that do not compress, of a generator that is fast."""
    os.makedirs(folder)
    block = random.Random(1).randbytes(1 << 20)
    with open(f"{folder}/large.bin", "wb") as out:
        for number in range(megabytes):
            out.write(number.to_bytes(8, "little") + block[8:])


def zeros(folder, megabytes):
    """That take no room before they are installed."""
    write(f"{folder}/large.bin", "")
    os.truncate(f"{folder}/large.bin", megabytes << 20)


def images(count, layers=4):
    """Small images, each of `layers` blobs beside its documents."""
    made = {f"load.example/image{number}:1": Image(str(number), busybox=False, more=[
        tar_of({f"etc/{layer}": (f"{number}\n".encode(), 0o644)}) for layer in range(1, layers)])
            for number in range(count)}
    names = list(made)
    groups = [names[first:first + 100] for first in range(0, count, 100)]
    yard = Yard([*({"name": f"images{number}", "kind": "images", "target": "images",
                    "images": [{"name": name, "from": f"oci:layout{number}:{name}"}
                               for name in group]} for number, group in enumerate(groups)),
                 {"name": "web", "kind": "assets", "source": "web", "target": "web"}],
                targets=["web"])
    write(yard.path("web/index.html"), "1.0.0\n")
    for number, group in enumerate(groups):
        write_layout(yard.path(f"layout{number}"), {name: made[name] for name in group})
    path = os.path.join(yard.site, "site.yaml")
    with open(path, encoding="utf-8") as site:
        text = site.read()
    write(path, text.replace("targets:\n", "targets:\n  images: {driver: oci-layout, path: "
                                            f"{yard.root}/store}}\n"))
    return yard, lambda: write(yard.path("web/index.html"), "1.1.0\n")


def migrations(count):
    """Of SQLite; the second release has the last of them."""
    yard = Yard([{"name": "database", "kind": "migrations", "format": "sql", "dialect": "sqlite",
                  "source": "sql", "database": "main"}], databases=["main"])
    for number in range(1, count):
        write(yard.path(f"sql/{number:05}_table.sql"),
              f"CREATE TABLE t{number % 100}_{number} (a INTEGER);\n" if number % 100 == 0 else
              f"CREATE VIEW v{number} AS SELECT {number};\nDROP VIEW v{number};\n")
    return yard, lambda: write(yard.path(f"sql/{count:05}_table.sql"), "CREATE TABLE x (a);\n")


def seed(megabytes):
    """One file of SQL."""
    yard = Yard([{"name": "database", "kind": "migrations", "format": "sql", "dialect": "sqlite",
                  "source": "sql", "database": "main"}], databases=["main"])
    row = "INSERT INTO t VALUES (%d, '" + "x" * 980 + "');\n"
    os.makedirs(yard.path("sql"))
    with open(yard.path("sql/1_seed.sql"), "w", encoding="utf-8") as out:
        out.write("CREATE TABLE t (n INTEGER, text TEXT);\n")
        for number in range(megabytes * 1024):
            out.write(row % number)
    return yard, lambda: write(yard.path("sql/2_more.sql"), "CREATE TABLE x (a);\n")


def keys(count):
    """Values of a configuration, each in a file of it."""
    values = {f"KEY_{number}": f"value {number}" for number in range(count)}
    yard = Yard([{"name": "settings", "kind": "config", "source": "settings", "target": "settings"}],
                targets=["settings"], values=values)
    write(yard.path("settings/app.env"), "".join(f"{key}={{{{{key}}}}}\n" for key in values))
    return yard, lambda: write(yard.path("settings/more.env"), "VERSION=1.1.0\n")


def history(count):
    """Releases of one site, one after the other."""
    yard, _ = assets(many_files, 10)
    for number in range(count):
        write(yard.path("web/version.txt"), f"{number}\n")
        yard.build(f"0.{number}.0")
        yard.installer("apply", yard.bundle(f"0.{number}.0"), "--yes")
        os.remove(yard.bundle(f"0.{number}.0"))
    return yard, lambda: write(yard.path("web/more.txt"), "1.1.0\n")


CASES = {
    "small files": (lambda size: assets(many_files, size), 1_000_000, ""),
    "one file": (lambda size: assets(one_file, size), 512, "MiB"),
    "one file of zeros": (lambda size: assets(zeros, size), 20 * 1024, "MiB"),
    "images of four layers": (images, 500, ""),
    "migrations": (migrations, 10_000, ""),
    "one seed": (seed, 2048, "MiB"),
    "keys of configuration": (keys, 5_000, ""),
    "releases of history": (history, 300, ""),
}


def main():
    wanted = sys.argv[1:] or list(CASES)
    print("| case | size | command | seconds | of the processor | MiB |\n|---|---|---|---|---|---|")
    for name in wanted:
        make, full, unit = CASES[name]
        for size in (full // 4, full):
            yard, change = make(size)
            try:
                for command, (seconds, processor, memory) in yard.way(change).items():
                    print(f"| {name} | {size:,} {unit}".rstrip() + f" | {command} | {seconds:.2f} | "
                          f"{processor:.2f} | {memory:.0f} |", flush=True)
            finally:
                yard.close()


if __name__ == "__main__":
    main()
