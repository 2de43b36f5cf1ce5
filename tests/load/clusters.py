# SPDX-License-Identifier: Apache-2.0
"""Figures of Kubernetes for scripts/bench: 300 objects in a namespace, against what kubectl and, where it is
installed, helm take for the same. The API server is the tests' own; its pods are ready as soon as they are
made, so what is measured is what the programs do."""

import json
import os
import shutil
import sys

SOURCE = os.environ["SEALIFT_SOURCE"]
for folder in ("tests/cli", "tests/kubernetes"):
    sys.path.insert(0, os.path.join(SOURCE, folder))

from cluster import Cluster, KubernetesRoad, as_yaml, config_map, deployment, service  # noqa: E402
from road import write  # noqa: E402

SERVERS = 30  # each with a Service; the rest are ConfigMaps
OBJECTS = 300
LARGE = 4_400_000  # bytes of manifests, for the memory


def objects(version, size=1000):
    maps = OBJECTS - 2 * SERVERS
    servers = [deployment(f"server-{i}", version=version) for i in range(SERVERS)]
    services = [service(f"server-{i}") for i in range(SERVERS)]
    for each in services:
        each["spec"]["ports"][0]["protocol"] = "TCP"  # kubectl 1.20 asks for it
    return [*servers, *services,
            *(config_map(f"map-{i}", version=version, text=f"{i:09}\n" * (size // 10)) for i in range(maps))]


def in_files(all_objects):
    """Ten files, since one may hold 1 MiB."""
    return {f"{part}.yaml": as_yaml(all_objects[part::10]) for part in range(10)}


class Installed:
    """A site in a namespace of its own, and bundles of the two versions."""

    def __init__(self, bench, cluster, size=1000):
        self.bench = bench
        self.road = KubernetesRoad(cluster)
        self.road.new_space()
        self.road.new_kubernetes_site(timeout=300)
        self.bundles = [self.road.build_manifests(f"1.{i}.0", in_files(objects(f"v{i}", size)))
                        for i in range(2)]

    def apply(self, number):
        return self.run("apply", self.bundles[number], "--yes")

    def run(self, *words):
        self.bench.site = self.road.site
        return self.bench.installer(*words)

    def close(self):
        self.road.kubectl("delete", "namespace", self.road.space, "--wait=false")
        self.road.close()


class ByHand:
    """The same objects, as people apply them: kubectl, and a chart of helm."""

    def __init__(self, bench, cluster):
        self.bench = bench
        self.road = KubernetesRoad(cluster)
        self.road.new_space()
        self.folder = bench.new_place()
        self.client = f"kubectl --kubeconfig {cluster.kubeconfig} -n {self.road.space}"
        self.helm = f"helm --kubeconfig {cluster.kubeconfig} -n {self.road.space}"
        for number in range(2):
            text = as_yaml(objects(f"v{number}")).replace("docker.io/chanuka/server:1", f"server:{number}")
            write(self.path(f"{number}.yaml"), text)
            write(self.path(f"chart{number}/templates/all.yaml"), text)
            write(self.path(f"chart{number}/Chart.yaml"),
                  json.dumps({"apiVersion": "v2", "name": "app", "version": f"1.{number}.0"}))

    def path(self, name):
        return os.path.join(self.folder, name)

    def apply(self, number):
        waits = " && ".join(f"{self.client} rollout status deployment/server-{i}" for i in range(SERVERS))
        return self.bench.call(f"{self.client} apply --server-side -f {self.path(f'{number}.yaml')} && {waits}")

    def upgrade(self, number):
        return self.bench.call(f"{self.helm} upgrade --install --atomic app {self.path(f'chart{number}')}")

    def roll_back(self):
        return self.bench.call(f"{self.helm} rollback --wait app")

    close = Installed.close


def measure(bench):
    cluster = Cluster()
    try:
        compare_first_installs(bench, cluster)
        compare_upgrades(bench, cluster)
        measure_memory(bench, cluster)
    finally:
        cluster.close()


def compare_first_installs(bench, cluster):
    def install(kind):
        made = kind(bench, cluster)
        try:
            return made.apply(0)
        finally:
            made.close()
    bench.ratio(f"{OBJECTS} objects: first apply / kubectl apply --server-side, rollout status",
                lambda: install(Installed), lambda: install(ByHand), 1.3)


def compare_upgrades(bench, cluster):
    ours, theirs = Installed(bench, cluster), ByHand(bench, cluster)
    ours.apply(0)
    theirs.apply(0)

    def upgrade():
        taken = ours.apply(1)
        ours.run("rollback", "--yes")
        return taken

    def upgrade_by_hand():
        taken = theirs.apply(1)
        theirs.apply(0)
        return taken
    bench.ratio(f"{OBJECTS} objects, all changed: upgrade / kubectl apply --server-side, rollout status",
                upgrade, upgrade_by_hand, 1.3)
    if shutil.which("helm"):
        charts = ByHand(bench, cluster)
        charts.upgrade(0)

        def back():
            ours.apply(1)
            return ours.run("rollback", "--yes")

        def helm_back():
            charts.upgrade(1)
            return charts.roll_back()
        bench.ratio(f"{OBJECTS} objects, all changed: rollback / helm rollback --wait", back, helm_back, 1.0)
        charts.close()
    else:
        bench.row("rollback / helm rollback", "SKIPPED: helm is not installed", "", True)
    ours.close()
    theirs.close()


def measure_memory(bench, cluster):
    large = Installed(bench, cluster, size=LARGE // (OBJECTS - 2 * SERVERS))
    seconds, memory = large.apply(0)
    bench.row(f"  manifests of {LARGE / 1e6:.1f} MB: peak memory of the installer, {seconds:.1f} s",
              f"{memory:.0f} MiB", "<= 200 MiB", memory <= 200)
    large.close()
