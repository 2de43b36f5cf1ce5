# SPDX-License-Identifier: Apache-2.0
"""What the tests of the programs share: a project, its bundles, a site, and running commands."""

import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import tempfile
import unittest

SOURCE = os.environ["SEALIFT_SOURCE"]
BIN = os.environ["SEALIFT_BIN"]
BUILDER = os.path.join(BIN, "sealift")
INSTALLER = os.path.join(BIN, "sealift-installer")


def need(program):
    """Skips a test whose tool is absent; in CI nothing may be absent."""
    if shutil.which(program):
        return
    if os.environ.get("CI"):
        raise AssertionError(f"{program} is not installed, and in CI nothing is skipped")
    raise unittest.SkipTest(f"SKIPPED: {program} is not installed")


def run(*command, status=0, cwd=None, env=None, stdin=None):
    """Runs a command, checks its exit status, returns its standard output."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=env, input=stdin,
                          stdin=None if stdin is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != status:
        raise AssertionError(f"{command}: exit status {done.returncode}, expected {status}\n"
                             f"{done.stdout.decode(errors='replace')}\n"
                             f"{done.stderr.decode(errors='replace')}")
    return done.stdout


def npm_packages(source, place):
    """Installs the npm packages that `source` lists into `place`, with the scripts that use them,
    once for each state of both."""
    need("node")
    need("npm")
    names = sorted(name for name in os.listdir(source)
                   if name.endswith(".mjs") or name.startswith("package"))
    wanted = hashlib.sha256()
    for name in names:
        with open(os.path.join(source, name), "rb") as content:
            wanted.update(content.read())
    stamp = os.path.join(place, "installed")
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as found:
            if found.read() == wanted.hexdigest():
                return
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    for name in names:
        shutil.copy(os.path.join(source, name), place)
    run("npm", "ci", "--no-audit", "--no-fund", "--silent", cwd=place)
    write(stamp, wanted.hexdigest())


def errors(*command, status, cwd=None):
    """The error and hint lines of a command that must fail."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    text = done.stderr.decode()
    if done.returncode != status:
        raise AssertionError(f"{command}: exit status {done.returncode}, expected {status}\n{text}")
    return text


def tree_digest(folder):
    """One digest of every name, type, mode, link target and content below a folder, which is there:
    two that are missing are not alike."""
    if not os.path.isdir(folder):
        raise AssertionError(f"{folder} is no folder")
    total = hashlib.sha256()
    for path, names, files in sorted(os.walk(folder)):
        names.sort()
        for name in sorted(names + files):
            full = os.path.join(path, name)
            status = os.lstat(full)
            total.update(os.path.relpath(full, folder).encode() + b"\0")
            total.update(b"%o\0" % status.st_mode)
            if os.path.islink(full):
                total.update(os.readlink(full).encode())
            elif os.path.isfile(full):
                with open(full, "rb") as content:
                    total.update(hashlib.sha256(content.read()).digest())
    return total.hexdigest()


def free_port():
    """A port that may be bound, also again: below those that the system gives to connections, of
    which another test may have used up all, each for a minute."""
    for port in random.sample(range(10000, 32768), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("found no free port")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


class Road:
    """A small project (tests/cli/project, with the example's client and migrations) in a folder of
    its own, with a key, a root, bundles and a site."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="sealift-test-")
        self.project = os.path.join(self.root, "project")
        shutil.copytree(os.path.join(SOURCE, "tests/cli/project"), self.project, symlinks=True)
        for part in ("client", "drizzle"):
            shutil.copytree(os.path.join(SOURCE, "examples/chanuka", part),
                            os.path.join(self.project, part), symlinks=True)
        self.key = os.path.join(self.root, "dev.key")
        run(BUILDER, "keygen", self.key, "--no-passphrase")
        self.trust = os.path.join(self.project, "trust/1.root.json")
        created = run(BUILDER, "--json", "trust", "create", "--root-key", self.key, "--approver",
                      os.path.join(self.root, "dev.pub"), "--out", self.trust)
        self.fingerprint = json.loads(created)["fingerprint"]
        self.site = os.path.join(self.root, "site")

    def close(self):
        shutil.rmtree(self.root)

    def add_value(self, line):
        """To the values of every environment."""
        folder = os.path.join(self.project, "environments")
        for name in ("development", "staging", "production"):
            with open(os.path.join(folder, f"{name}.yaml"), "a", encoding="utf-8") as out:
                out.write(f"  {line}\n")

    def release(self, version, change=None):
        """Builds and signs one version; `change` may edit the project first."""
        path = os.path.join(self.project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            lines = source.read().splitlines()
        lines = [f"version: {version}" if l.startswith("version:") else l for l in lines]
        write(path, "\n".join(lines) + "\n")
        if change:
            change(self.project)
        built = run(BUILDER, "--json", "build", path, "--output", os.path.join(self.root, "dist"),
                    "--key", self.key)
        return json.loads(built)["bundle"]

    def init_site(self, *more):
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={self.target('web')}", "--target",
            f"etc={self.target('etc')}", "--value", "PUBLIC_URL=https://chanuka.example",
            "--value", "PUBLIC_HOST=chanuka.example", *more)
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def target(self, name):
        return os.path.join(self.root, "srv", name)

    def on_targets(self):
        """One digest of all that targets have; "" where nothing was ever applied."""
        folder = self.target("")
        return tree_digest(folder) if os.path.isdir(folder) else ""

    def current(self, name):
        link = os.path.join(self.target(name), "current")
        return os.readlink(link) if os.path.islink(link) else None

    def installer(self, *command, status=0):
        return run(INSTALLER, "--site", self.site, *command, status=status)

    def refused(self, *command, status):
        return errors(INSTALLER, "--site", self.site, *command, status=status)

    def answer(self, *command, status=0):
        return json.loads(self.installer("--json", *command, status=status))


class RoadTest(unittest.TestCase):
    def setUp(self):
        self.road = Road()
        self.addCleanup(self.road.close)


class InstalledTest(RoadTest):
    """A site that has 1.0.0, and the bundle of 1.1.0."""

    def setUp(self):
        super().setUp()
        self.road.init_site()
        self.first = self.road.release("1.0.0")
        self.second = self.road.release("1.1.0", second_release)
        self.road.installer("apply", self.first, "--yes")

    def state(self, name):
        return os.path.join(self.road.site, "state", name)

    def served(self, *names):
        """What users see of these targets."""
        return [tree_digest(os.path.join(self.road.target(name), "current")) for name in names]

    def audit(self):
        with open(self.state("audit.jsonl"), encoding="utf-8") as log:
            return [json.loads(line) for line in log]


def second_release(project):
    """What 1.1.0 changes: one asset differs, one is new, one configuration line is new."""
    write(os.path.join(project, "client/dist/assets/search.5b1d9e70.js"), "export const find = 1;\n")
    with open(os.path.join(project, "client/dist/index.html"), "a", encoding="utf-8") as page:
        page.write("<!-- 1.1.0 -->\n")


def persists(folders="[uploads]", then=None):
    """A change of the project: the component web keeps folders."""
    def change(project):
        path = os.path.join(project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        plain = "target: web}"
        kept = f"target: web, persist: {folders}}}"
        write(path, text.replace(plain, kept))
        if then:
            then(project)
    return change


class TimedResult(unittest.TextTestResult):
    """Says of every case how long it took."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.stream.write(f"{time.monotonic() - self.began:.1f} s, ")
        super().addSuccess(test)


def main():
    """Runs the cases of the file, or those that are named behind it."""
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]],
                  testRunner=unittest.TextTestRunner(verbosity=2, resultclass=TimedResult))
