# SPDX-License-Identifier: Apache-2.0
"""What the tests of workloads share: a small stack, two services of busybox that serve HTTP, in an
engine of the tests' own."""

import ctypes
import fcntl
import http.client
import json
import os
import shutil
import socket
import struct
import sys
import unittest
import urllib.error
import urllib.request

for folder in ("tests/cli", "tests/images"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], folder))

from engines import Docker, EngineFixture, Podman, says  # noqa: E402
from made_image import Image  # noqa: E402
from road import BUILDER, INSTALLER, errors, free_port, need, run, write  # noqa: E402
from road import main as run_cases  # noqa: E402
from shop import Shop  # noqa: E402

CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1  # <sched.h>, netdevice(7)


def have_own_network():
    """This program sees a network of its own from now on, with nothing but loopback: engines of two
    files that run at once would choose the same addresses for the networks of their stacks."""
    if os.geteuid() == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main():
    have_own_network()
    run_cases()


API, WEB, JOB = (f"docker.io/chanuka/{name}:1" for name in ("api", "web", "job"))

# A trap lets the shell answer SIGTERM, which the first process of a container otherwise ignores.
SERVE = "trap 'exit 0' TERM; /bin/busybox httpd -f -p 80 -h /www & wait"


def server(version, body="ok"):
    """An image whose service says its version."""
    return Image(version, files={"www/version": (version.encode(), 0o644),
                                 "www/healthz": (body.encode(), 0o644)})


def service(image, port, command=None, **more):
    ports = {"ports": [f"127.0.0.1:{port}:80"]} if port else {}
    return {"image": image, "user": "0", "entrypoint": ["/bin/busybox", "sh", "-c"],
            "command": [command or SERVE], "stop_grace_period": "2s", **ports, **more}


def fetch(port, path="version"):
    """What is served; None where nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as answer:
            return answer.read().decode()
    except (http.client.HTTPException, OSError):
        return None


class DockerCompose:
    engine_type = Docker

    @classmethod
    def compose_words(cls, engine):
        need("docker-compose")
        return ["docker-compose", *engine.command[1:]]


class PodmanCompose:
    engine_type = Podman

    @classmethod
    def compose_words(cls, engine):
        """podman-compose passes no options to every call of Podman, so its place is a program."""
        need("podman-compose")
        program = os.path.join(engine.folder, "podman")
        write(program, "#!/bin/sh\nexec " + " ".join(
            [shutil.which("podman"), *engine.command[1:]]) + ' "$@"\n')
        os.chmod(program, 0o755)
        return ["podman-compose", "--podman-path", program]


class StackRoad(Shop):
    def __init__(self):
        super().__init__()
        self.ports = {"API_PORT": free_port(), "WEB_PORT": free_port()}

    def stack(self, version, images, compose, files=None, more=None, component=None, values=None):
        """Builds a release of images and a Compose file."""
        folder = os.path.join(self.project, "deploy")
        shutil.rmtree(folder, ignore_errors=True)
        write(os.path.join(folder, "compose.yaml"),
              compose if isinstance(compose, str) else json.dumps(compose, indent=1))
        for name, text in (files or {}).items():
            write(os.path.join(folder, name), text)
        path = self.write_release(version, images, **(more or {}))
        with open(path, encoding="utf-8") as source:
            release = json.load(source)
        release["components"].insert(0, {"name": "stack", "kind": "manifests", "runtime": "compose",
                                         "source": "deploy", "target": "stack", **(component or {})})
        write(path, json.dumps(release))
        write(os.path.join(self.project, "environments/production.yaml"),
              json.dumps({"schema": 1, "values": {**self.used_ports(folder), **(values or {})}}))
        return path

    def used_ports(self, folder):
        """A value that no template uses is a mistake."""
        with open(os.path.join(folder, "compose.yaml"), encoding="utf-8") as source:
            text = source.read()
        return {name: port for name, port in self.ports.items() if name in text}

    def build_stack(self, *arguments, **more):
        path = self.stack(*arguments, **more)
        return json.loads(run(BUILDER, "--json", "build",
                              path, "--output", os.path.join(self.root, "dist"), "--key",
                              self.key))["bundle"]

    def new_stack_site(self, engine, compose_words, timeout=60, **more):
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"stack={self.target('stack')}")
        engine_words = engine.command
        write(os.path.join(self.site, "site.yaml"), json.dumps({
            "schema": 1, "release": "chanuka", "environment": "production",
            "retention": {"releases": 1},
            "targets": {"images": {"driver": engine.driver, "command": engine.command},
                        "stack": {"driver": "compose", "path": self.target("stack"),
                                  "command": compose_words, "engine": engine_words,
                                  "timeout": timeout}}, **more}))
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def change_site(self, change):
        path = os.path.join(self.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            site = json.load(source)
        change(site)
        write(path, json.dumps(site))

    def api(self, path="version"):
        return fetch(self.ports["API_PORT"], path)

    def web(self, path="version"):
        return fetch(self.ports["WEB_PORT"], path)

    def two_services(self, **more):
        return {"services": {"api": service(API, "{{API_PORT}}"),
                             "web": service(WEB, "{{WEB_PORT}}", volumes=[
                                 "./page.html:/www/index.html:ro"])}, **more}


class StackTest(EngineFixture, unittest.TestCase):
    """Each test has a site of its own."""

    kind = None

    @classmethod
    def start_engine(cls):
        cls.engine = cls.kind.engine_type(cls.folder)
        cls.words = cls.kind.compose_words(cls.engine)

    @classmethod
    def tearDownClass(cls):
        if cls.engine:
            # What an engine was still making when a test was over.
            says(*cls.engine.command, "network", "prune", "-f")
        super().tearDownClass()

    def setUp(self):
        self.road = StackRoad()
        self.addCleanup(self.road.close)
        self.addCleanup(self.empty)
        self.road.new_stack_site(self.engine, self.words)

    def empty(self):
        for name in self.lines("ps", "-aq"):  # a service may have several
            says(*self.engine.command, "rm", "-f", name)
        # A network's bridge would outlive the engine, and there are only so many addresses.
        says(*self.engine.command, "network", "prune", "-f")
        for name in self.engine.images():
            says(*self.engine.command, "rmi", "--force", name)
        for name in self.lines("volume", "ls", "-q"):
            says(*self.engine.command, "volume", "rm", name)

    def lines(self, *words):
        return self.engine.call(*words).split()

    def containers(self):
        """{service: id of its container}"""
        found = {}
        for identity in self.lines("ps", "-aq", "--no-trunc"):
            labels = json.loads(self.engine.call("container", "inspect", identity))[0]["Config"]["Labels"]
            found[labels.get("com.docker.compose.service", identity)] = identity
        return found

    def apply(self, bundle, status=0):
        return self.road.installer("apply", bundle, "--yes", status=status)

    def stands(self, version):
        self.assertEqual(self.road.answer("status")["current"]["version"], version)
        self.assertEqual(self.road.answer("drift")["differences"], [])
