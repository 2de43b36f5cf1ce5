# SPDX-License-Identifier: Apache-2.0
"""What the tests on Kubernetes share: a real API server, a project with manifests, and a site."""

import atexit
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["SEALIFT_SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests/images"))

from made_image import Image  # noqa: E402
from road import BUILDER, INSTALLER, free_port, run, write  # noqa: E402
from shop import Shop  # noqa: E402
from sweep import ALL, journal_records, killed_before_record  # noqa: E402

SCRIPT = os.path.join(SOURCE, "scripts/kubernetes")
SERVER = "docker.io/chanuka/server:1"

# The API server is compiled once for each machine, which takes ten minutes: where that was never done, the
# tests do it only when they are told to.
MAY_BUILD = os.environ.get("SEALIFT_KUBERNETES") == "1"


def need_cluster():
    if subprocess.run([SCRIPT, "built"], check=False).returncode == 0:
        return
    if not MAY_BUILD:
        raise unittest.SkipTest("SKIPPED: no API server was compiled on this machine: scripts/kubernetes build, "
                                "or SEALIFT_KUBERNETES=1, which does it")
    run(SCRIPT, "build")


def five_free_ports():
    while True:
        port = free_port()
        if all(is_free(port + more) for more in range(1, 5)):
            return port


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


class Cluster:
    """A server of the tests' own, which ends with them."""

    def __init__(self):
        need_cluster()
        programs = run(SCRIPT, "programs").decode().strip()
        # Another kubectl than that of the server's version, by its folder.
        os.environ["PATH"] = os.environ.get("SEALIFT_KUBECTL", programs) + ":" + os.environ["PATH"]
        self.folder = tempfile.mkdtemp(prefix="sealift-kubernetes-")
        self.port = five_free_ports()
        self.kubeconfig = os.path.join(self.folder, "kubeconfig")
        os.environ["HOME"] = self.folder  # kubectl keeps there what it knows of the server
        atexit.register(self.close)
        self.start()

    def start(self):
        run(SCRIPT, "up", self.folder, self.port)

    def close(self):
        subprocess.run([SCRIPT, "down", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def lose(self):
        run(SCRIPT, "lose", self.folder)

    def call(self, *words, stdin=None, status=0):
        return run("kubectl", "--kubeconfig", self.kubeconfig, *words, status=status,
                   stdin=stdin.encode() if stdin is not None else None).decode()


def meta(name, **more):
    return {"name": name, **more}


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name), "data": data}


def pod_template(name, pod=None, log=None, after=None, version="1", **spec):
    notes = {"test/version": version}
    for key, value in (("test/pod", pod), ("test/log", log), ("test/after", after)):
        if value is not None:
            notes[key] = value
    return {"metadata": {"labels": {"app": name}, "annotations": notes},
            "spec": {"terminationGracePeriodSeconds": 0,
                     "containers": [{"name": "app", "image": SERVER}], **spec}}


def deployment(name, replicas=1, deadline=600, **pod):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name),
            "spec": {"replicas": replicas, "progressDeadlineSeconds": deadline,
                     "selector": {"matchLabels": {"app": name}}, "template": pod_template(name, **pod)}}


def service(name):
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name),
            "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}


def job(name, backoff=0, **pod):
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta(name),
            "spec": {"backoffLimit": backoff,
                     "template": pod_template(name, **pod, restartPolicy="Never")}}


def stateful_set(name, **pod):
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta(name),
            "spec": {"replicas": 1, "serviceName": name, "selector": {"matchLabels": {"app": name}},
                     "template": pod_template(name, **pod)}}


def as_yaml(objects):
    return "".join("---\n" + json.dumps(each, indent=1) + "\n" for each in objects)


class KubernetesRoad(Shop):
    """A project whose manifests go to a namespace of its own."""

    def __init__(self, cluster):
        super().__init__()
        self.cluster = cluster
        self.space = f"test-{random.randrange(16**8):08x}"

    def new_space(self):
        self.cluster.call("create", "namespace", self.space)

    def write_manifests(self, version, objects, component=None, values=None, image=None, **more):
        """`objects`: a list of them, or the texts of files by their names."""
        folder = os.path.join(self.project, "deploy")
        shutil.rmtree(folder, ignore_errors=True)
        files = objects if isinstance(objects, dict) else {"app.yaml": as_yaml(objects)}
        for name, text in files.items():
            write(os.path.join(folder, name), text)
        path = self.write_release(version, {SERVER: Image(image or f"server {version}", busybox=False)}, **more)
        with open(path, encoding="utf-8") as source:
            release = json.load(source)
        release["components"].append({"name": "app", "kind": "manifests", "runtime": "kubernetes",
                                      "source": "deploy", "target": "app", **(component or {})})
        write(path, json.dumps(release))
        write(os.path.join(self.project, "environments/production.yaml"),
              json.dumps({"schema": 1, "values": values or {}}))
        return path

    def build_manifests(self, *arguments, **more):
        path = self.write_manifests(*arguments, **more)
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.root, "dist"), "--key", self.key))["bundle"]

    def new_kubernetes_site(self, timeout=60, **more):
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"app={self.target('app')}")
        write(os.path.join(self.site, "site.yaml"), json.dumps({
            "schema": 1, "release": "chanuka", "environment": "production",
            "retention": {"releases": 1},
            "targets": {"images": {"driver": "oci-layout", "path": self.target("images")},
                        "app": {"driver": "kubernetes", "path": self.target("app"),
                                "namespace": self.space, "kubeconfig": self.cluster.kubeconfig,
                                "timeout": timeout, **more}}}))
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def change_target(self, **more):
        path = os.path.join(self.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            site = json.load(source)
        site["targets"]["app"].update(more)
        write(path, json.dumps(site))

    def kubectl(self, *words, **more):
        return self.cluster.call("-n", self.space, *words, **more)

    def get(self, kind, name):
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def names(self, kind):
        return self.kubectl("get", kind, "-o", "jsonpath={.items[*].metadata.name}").split()


class OnCluster(unittest.TestCase):
    cluster = None

    @classmethod
    def setUpClass(cls):
        if OnCluster.cluster is None:
            OnCluster.cluster = Cluster()

    def setUp(self):
        self.road = KubernetesRoad(self.cluster)
        self.addCleanup(self.road.close)
        self.road.new_space()
        self.road.new_kubernetes_site()

    def build(self, version, *objects, **more):
        return self.road.build_manifests(version, list(objects), **more)

    def apply(self, version, *objects, **more):
        bundle = self.build(version, *objects, **more)
        self.road.installer("apply", bundle, "--yes")
        return bundle

    def stands(self, version):
        self.assertEqual(self.road.answer("status")["current"]["version"], version)
        self.assertEqual(self.road.answer("drift")["differences"], [])

    def kill_before_records(self, bundle, step):
        """Of the upgrade from 1.0.0 with its Deployment web to 1.1.0: the old or the new stands."""
        command = ["apply", bundle, "--yes"]
        records = journal_records(self.road, command)
        self.road.installer("rollback", "--yes")
        for record in range(1 if ALL else 9, records + 1, 1 if ALL else step):
            with self.subTest(record=record):
                killed_before_record(self.road, command, record)
                self.road.installer("recover", "--yes")
                version = self.road.answer("status")["current"]["version"]
                self.stands(version)
                self.assertEqual(self.version_of("web"), "1" if version == "1.0.0" else "2")
                if version == "1.1.0":
                    self.road.installer("rollback", "--yes")

    def version_of(self, name):
        template = self.road.get("deployment", name)["spec"]["template"]
        return template["metadata"]["annotations"]["test/version"]

    def image_of(self, name):
        return self.road.get("deployment", name)["spec"]["template"]["spec"]["containers"][0]["image"]

    def refused(self, *objects, version="1.1.0", status=9, **more):
        return self.road.refused("apply", self.build(version, *objects, **more), "--yes", status=status)
