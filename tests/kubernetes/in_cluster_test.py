#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The installer as a Job of the cluster that it installs into: the manifests and the image of
templates/in-cluster. The API server takes the Jobs; what their pods would run is run by podman, as the
Jobs say, with the token of the ServiceAccount that they name."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

for folder in ("tests/cli", "tests/kubernetes"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], folder))

from cluster import INSTALLER, SOURCE, Cluster, KubernetesRoad, as_yaml, config_map, deployment  # noqa: E402
from engines import Podman, free  # noqa: E402
from road import main, run, write  # noqa: E402

TEMPLATES = os.path.join(SOURCE, "templates/in-cluster")
SECRETS = "var/run/secrets/kubernetes.io/serviceaccount"
IMAGE = "localhost/shop/release"


def objects_of(name, kind):
    with open(os.path.join(TEMPLATES, name), encoding="utf-8") as text:
        return [each for each in yaml.safe_load_all(text) if each["kind"] == kind]


def containers_of(name):
    """Those that come first, and the others, of the one Job of a file."""
    (job,) = objects_of(name, "Job")
    pod = job["spec"]["template"]["spec"]
    return pod.get("initContainers", []) + pod["containers"]


class InCluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.folder = tempfile.mkdtemp(prefix="sealift-engine-")
        cls.addClassCleanup(free, cls.folder)
        cls.engine = Podman(cls.folder)
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        self.road = KubernetesRoad(self.cluster)
        self.addCleanup(self.road.close)
        self.road.new_space()
        self.volumes = tempfile.mkdtemp(prefix="sealift-volumes-")
        self.addCleanup(shutil.rmtree, self.volumes)
        # As a volume with fsGroup is: of root, and the group may write.
        site = os.path.join(self.volumes, "site")
        os.mkdir(site)
        os.chown(site, 0, 65532)
        os.chmod(site, 0o2775)

    def make_image(self, bundle, version):
        context = os.path.join(self.volumes, version)
        os.makedirs(context)
        for file in (INSTALLER, bundle, shutil.which("kubectl"), os.path.join(TEMPLATES, "Containerfile")):
            shutil.copy(file, context)
        self.engine.call("build", "-q", "--network=none", "-t", f"{IMAGE}:{version}", context)

    def give_account(self):
        """The ServiceAccount, its rights as `kubernetes rbac` says, and a token as a pod would have it."""
        self.road.kubectl("create", "serviceaccount", "sealift")
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self.road.kubectl(
            "create", "--raw", f"/api/v1/namespaces/{self.road.space}/serviceaccounts/sealift/token", "-f", "-",
            stdin=json.dumps(request))
        account = os.path.join(self.volumes, SECRETS)
        write(os.path.join(account, "token"), json.loads(answer)["status"]["token"])
        write(os.path.join(account, "namespace"), self.road.space)
        shutil.copy(os.path.join(self.cluster.folder, "certs/apiserver.crt"), os.path.join(account, "ca.crt"))
        run("chmod", "-R", "a+rX", self.volumes + "/var")

    def run_pod(self, container, version, words, status=0):
        """What a node would run: the container of a Job, its words, its user and its mounts."""
        self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
        places = {"site": "site", "config": "config", "root": "root"}
        mounts = []
        for each in container["volumeMounts"]:
            if each["name"] == "tmp":
                mounts.append("--tmpfs=/tmp:mode=1777")
                continue
            source = os.path.join(self.volumes, places[each["name"]], each.get("subPath", ""))
            mounts.append(f"--volume={source.rstrip('/')}:{each['mountPath']}" +
                          (":ro" if each.get("readOnly") else ""))
        found = subprocess.run(
            [*self.engine.command, "run", "--rm", "--network=host", "--read-only", "--cap-drop=all",
             "--security-opt=no-new-privileges", "--user=65532:65532",
             f"--volume={self.volumes}/{SECRETS}:/{SECRETS}:ro", *mounts, f"{IMAGE}:{version}", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        said = found.stdout.decode() + found.stderr.decode()
        self.assertEqual(found.returncode, status, said)
        return said

    def prepare(self):
        write(os.path.join(self.volumes, "config/site.yaml"), json.dumps({
            "schema": 1, "release": "chanuka", "environment": "production", "retention": {"releases": 1},
            "targets": {"images": {"driver": "oci-layout", "path": "/data/images"},
                        "app": {"driver": "kubernetes", "path": "/data/targets/app",
                                "namespace": self.road.space, "timeout": 60,
                                "kubeconfig": "/config/kubeconfig"}}}))
        (maps,) = objects_of("setup.yaml", "ConfigMap")
        write(os.path.join(self.volumes, "config/kubeconfig"), maps["data"]["kubeconfig"].replace(
            "kubernetes.default.svc", f"127.0.0.1:{self.cluster.port}"))
        os.makedirs(os.path.join(self.volumes, "root"))
        shutil.copy(self.road.trust, os.path.join(self.volumes, "root/1.root.json"))
        init, trust = containers_of("setup.yaml")
        self.run_pod(init, "1.0.0", init["args"])
        self.run_pod(trust, "1.0.0", [*trust["args"][:-1], self.road.fingerprint])

    def apply(self, version, status=0):
        (container,) = containers_of("apply.yaml")
        words = [each.replace("shop-1.1.0", f"chanuka-{version}") for each in container["args"]]
        return self.run_pod(container, version, words, status)

    def status(self, version):
        (container,) = containers_of("apply.yaml")
        return json.loads(self.run_pod(container, version, ["--json", "status"]))

    def test_it_installs_upgrades_and_goes_back(self):
        one = self.road.build_manifests("1.0.0", [deployment("web"), config_map("settings", text="one")])
        two = self.road.build_manifests("1.1.0", [deployment("web", version="2"),
                                                  config_map("settings", text="two")])
        bad = self.road.build_manifests("1.2.0", [deployment("web", version="3", pod="crash"),
                                                  config_map("settings", text="three")])
        for version, bundle in (("1.0.0", one), ("1.1.0", two), ("1.2.0", bad)):
            self.make_image(bundle, version)
        self.give_account()
        self.prepare()
        refused = self.apply("1.0.0", status=9)
        self.assertIn("sealift-installer kubernetes rbac", refused)
        role = self.run_pod(*containers_of("apply.yaml"), "1.0.0",
                            ["kubernetes", "rbac", "/bundle/chanuka-1.0.0.bundle.tar.zst",
                             "--service-account", "sealift"])
        self.road.kubectl("apply", "-f", "-", stdin=role)
        self.apply("1.0.0")
        self.apply("1.1.0")
        self.assertEqual(self.road.get("configmap", "settings")["data"], {"text": "two"})
        self.apply("1.2.0", status=9)
        self.assertEqual(self.road.get("configmap", "settings")["data"], {"text": "two"})
        self.assertEqual(self.status("1.1.0")["current"]["version"], "1.1.0")

    def test_the_server_takes_the_manifests(self):
        for name in ("setup.yaml", "apply.yaml"):
            with open(os.path.join(TEMPLATES, name), encoding="utf-8") as text:
                # 1.20 does not know all of it: podFailurePolicy is of 1.26, ReadWriteOncePod of 1.22.
                objects = list(yaml.safe_load_all(text.read().replace("ReadWriteOncePod", "ReadWriteOnce")))
            self.road.kubectl("create", "--dry-run=server", "--validate=false", "-f", "-",
                              stdin=as_yaml(objects))


if __name__ == "__main__":
    main()
