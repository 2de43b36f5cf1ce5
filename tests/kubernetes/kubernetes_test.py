#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A release runs on Kubernetes: it comes up, changes, fails in each way that clusters know, and goes back
with everything. Against a real API server and its controllers; pods only pretend to run."""

import base64
import json
import os
import re
import subprocess
import sys
import time
import unittest

for folder in ("tests/cli", "tests/kubernetes"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], folder))

from cluster import (BUILDER, INSTALLER, SERVER, Image, KubernetesRoad, OnCluster, as_yaml,  # noqa: E402
                     config_map, deployment, job, service, stateful_set)
from road import main, run, write  # noqa: E402
from shop import eventually  # noqa: E402
from sweep import ALL, journal_records, killed_before_record  # noqa: E402


long = unittest.skipUnless(ALL, "takes a minute: scripts/torture --kubernetes")


class Life(OnCluster):
    def test_install_upgrade_roll_back(self):
        first = self.apply("1.0.0", deployment("web", 2), service("web"), config_map("web", colour="red"),
                           config_map("extra", a="b"))
        self.stands("1.0.0")
        image = self.image_of("web")
        self.assertRegex(image, "^docker.io/chanuka/server@sha256:[0-9a-f]{64}$")
        self.assertEqual(self.road.answer("plan", first)["plan"]["steps"], [])
        self.assertEqual(self.road.get("service", "web")["spec"]["ports"][0]["protocol"], "TCP")

        second = self.build("1.1.0", deployment("web", 2, version="2"), service("web"),
                            config_map("web", colour="blue"))
        plan = [step["summary"] for step in self.road.answer("plan", second)["plan"]["steps"]]
        self.assertIn("bring app up: change ConfigMap web, Deployment web; remove ConfigMap extra", plan)
        self.road.installer("apply", second, "--yes")
        self.stands("1.1.0")
        self.assertEqual(self.version_of("web"), "2")
        self.assertNotEqual(self.image_of("web"), image)
        self.assertNotIn("extra", self.road.names("configmap"))

        self.road.installer("rollback", "--yes")
        self.stands("1.0.0")
        self.assertEqual((self.version_of("web"), self.image_of("web")), ("1", image))
        self.assertIn("extra", self.road.names("configmap"))
        self.assertEqual(self.road.leftovers(), [])


    def test_values_of_the_site_are_numbers_where_they_stand(self):
        text = json.dumps(deployment("web")).replace('"replicas": 1', '"replicas": {{REPLICAS}}')
        self.road.installer("apply", self.road.build_manifests(
            "1.0.0", {"web.yaml": text}, values={"REPLICAS": 3}), "--yes")
        self.assertEqual(self.road.get("deployment", "web")["spec"]["replicas"], 3)
        self.stands("1.0.0")

    def test_a_component_that_goes_leaves_nothing_but_data(self):
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
                 "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
        self.apply("1.0.0", deployment("web"), config_map("web", a="b"), claim)
        self.stands("1.0.0")
        path = self.road.write_release("1.1.0", {SERVER: Image("server 1.1.0", busybox=False)})
        bundle = json.loads(run(BUILDER, "--json", "build", path, "--output",
                                os.path.join(self.road.root, "dist"), "--key", self.road.key))["bundle"]
        self.road.installer("apply", bundle, "--yes")
        self.assertEqual(self.road.names("deployment,pod,replicaset"), [])
        self.assertEqual(self.road.names("configmap"), [])
        self.assertEqual(self.road.names("pvc"), ["data"])
        self.road.installer("rollback", "--yes")
        self.stands("1.0.0")
        self.road.installer("uninstall", "--yes")
        self.assertEqual(self.road.names("deployment,pod,replicaset,configmap"), [])
        self.assertEqual(self.road.names("pvc"), ["data"])
        self.road.installer("rollback", "--yes")
        self.stands("1.0.0")

    def test_a_health_check_of_an_object(self):
        health = [{"name": "web", "kubernetes": "app/Deployment/web", "within": "1s"}]
        self.apply("1.0.0", deployment("web"), config_map("web", a="b"), health=health)
        said = self.refused(deployment("web", version="2"), health=[{**health[0], "kubernetes": "app/Job/web"}])
        self.assertIn("is no object of the component", said)
        self.stands("1.0.0")
        self.assertEqual(self.version_of("web"), "1")


class Failures(OnCluster):
    """Each ends with the old release, running, and says what was the matter."""

    def goes_back(self, *objects, said, **more):
        message = self.refused(*objects, **more)
        for each in (*said, "everything was undone"):
            self.assertIn(each, message)
        self.stands("1.0.0")
        self.assertEqual(self.version_of("web"), "1")
        self.assertEqual(self.road.leftovers(), [])

    def test_an_upgrade_that_fails_in_each_way(self):
        self.apply("1.0.0", deployment("web", 2), config_map("web", colour="red"))
        new = config_map("new", a="b")
        every = {
            "crash": ((deployment("web", 2, version="2", pod="crash", log="no database here"), new),
                      ("Deployment web: pod web-", "container app: CrashLoopBackOff",
                       "it said: no database here", "events: BackOff: back-off 10s")),
            "pull error": ((deployment("web", 2, version="2", pod="pull-error"), new),
                           ("container app: ImagePullBackOff: Back-off pulling image",)),
            "unschedulable": ((deployment("web", 2, version="2", pod="unschedulable"), new),
                              ("Unschedulable: 0/1 nodes are available: 1 Insufficient memory",)),
            "deadline": ((deployment("web", 2, version="2", pod="unready", deadline=2), new),
                         ("Deployment web: has exceeded its progress deadline",)),
            "job": ((deployment("web", 2, version="2"), job("migrate", pod="fail", log="no such table")),
                    ("Job migrate: has failed: BackoffLimitExceeded", "it said: no such table")),
            "a set": ((deployment("web", 2), stateful_set("db", pod="crash"), new),
                      ("StatefulSet db: pod db-0: container app: CrashLoopBackOff",)),
        }
        for name, (objects, said) in every.items():
            if not ALL and name not in ("crash", "job"):
                continue  # the rules of each are unit tests
            with self.subTest(name):
                self.goes_back(*objects, said=said)
                self.assertNotIn("new", self.road.names("configmap"))
                self.assertEqual(self.road.names("job,statefulset"), [])

    def test_a_set_whose_new_pod_is_never_ready(self):
        self.apply("1.0.0", deployment("web"), stateful_set("db"))
        for pod in ("crash", "unready"):
            self.road.change_target(timeout=10)
            said = self.refused(deployment("web"), stateful_set("db", version="2", pod=pod))
            self.assertIn("everything was undone", said)
            self.stands("1.0.0")

    def test_a_quota_that_is_used_up(self):
        self.apply("1.0.0", deployment("web", 2))
        self.road.kubectl("create", "quota", "few", "--hard=pods=2")
        eventually("the quota is counted",
                   lambda: self.road.get("quota", "few").get("status", {}).get("used") == {"pods": "2"})
        self.goes_back(deployment("web", 2, version="2"),
                       said=("Deployment web: no pod can be made", "exceeded quota: few"))
        self.goes_back(deployment("web", 2), stateful_set("db"), image="server 1.0.0",
                       said=("StatefulSet db: no pod can be made", "exceeded quota: few"))

    @long
    def test_a_time_that_is_up(self):
        self.apply("1.0.0", deployment("web"))
        self.road.change_target(timeout=3)
        self.goes_back(deployment("web", version="2", pod="unready"),
                       said=("Deployment web: 1 old pods still run",))

    def test_a_first_install_that_fails_leaves_nothing(self):
        self.refused(deployment("web", pod="crash"), service("web"), config_map("web", a="b"))
        self.assertEqual(self.road.names("deployment,replicaset,pod,service,configmap"), [])
        self.assertEqual(self.road.leftovers(), [])


class Refused(OnCluster):
    """What is seen before anything is changed."""

    def untouched(self):
        self.stands("1.0.0")
        self.assertEqual(self.road.get("configmap", "web")["data"], {"colour": "red"})

    def test_a_field_that_another_manager_has_set(self):
        self.apply("1.0.0", deployment("web"), config_map("web", colour="red"))
        self.road.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=somebody", "-f", "-",
                          stdin=json.dumps(config_map("web", colour="green")))
        drift = self.road.answer("drift", status=20)["differences"]
        self.assertEqual([(each["path"], each["found"], each["expected"]) for each in drift],
                         [("ConfigMap web", "data.colour is green (by somebody)", "red")])
        said = self.refused(deployment("web"), config_map("web", colour="blue"))
        self.assertIn('ConfigMap web: ', said)
        self.assertIn('conflict with "somebody"', said)
        self.assertIn('.data.colour', said)
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.0.0")
        self.assertEqual(self.road.get("configmap", "web")["data"], {"colour": "green"})
        self.road.change_target(take_over=["ConfigMap/web"])
        self.apply("1.1.0", deployment("web"), config_map("web", colour="blue"))
        self.stands("1.1.0")
        self.assertEqual(self.road.get("configmap", "web")["data"], {"colour": "blue"})

    def test_objects_of_others_immutable_fields_and_what_the_server_refuses(self):
        self.apply("1.0.0", deployment("web"), config_map("web", colour="red"))
        self.road.kubectl("create", "configmap", "theirs", "--from-literal=a=b")
        blue = config_map("web", colour="blue")
        self.assertIn("ConfigMap theirs is there already and is not of a release",
                      self.refused(deployment("web"), blue, config_map("theirs", a="c")))
        self.assertEqual(self.road.get("configmap", "theirs")["data"], {"a": "b"})
        self.untouched()
        self.assertIn("kubectl -n " + self.road.space + " label ConfigMap theirs applyset.kubernetes.io/part-of=",
                      self.refused(deployment("web"), config_map("theirs", a="b")))

        other = deployment("web")
        other["spec"]["selector"]["matchLabels"]["more"] = "x"
        other["spec"]["template"]["metadata"]["labels"]["more"] = "x"
        wrong = deployment("wrong")
        wrong["spec"]["template"]["spec"]["containers"][0]["name"] = "Not a name"
        said = self.refused(other, wrong, blue)
        self.assertIn("Deployment web: ", said)
        self.assertIn("field is immutable", said)
        self.assertIn("Deployment wrong: ", said)
        self.untouched()

    def test_a_way_to_the_cluster_that_leads_nowhere(self):
        self.apply("1.0.0", deployment("web"), config_map("web", colour="red"))
        bundle = self.build("1.1.0", deployment("web"), config_map("web", colour="blue"))
        for change, status, said in (
                ({"context": "nowhere"}, 9, 'context "nowhere" does not exist'),
                ({"namespace": "nowhere"}, 9, 'namespaces "nowhere" not found'),
                ({"kubectl": ["no-kubectl"]}, 6, "the program no-kubectl was not found"),
                ({"kubeconfig": "/nowhere"}, 9, "/nowhere: no such file")):
            with self.subTest(said):
                before = {"context": "test", "namespace": self.road.space, "kubectl": ["kubectl"],
                          "kubeconfig": self.cluster.kubeconfig}
                self.road.change_target(**{**before, **change})
                self.assertIn(said, self.road.refused("apply", bundle, "--yes", status=status))
                self.road.change_target(**before)
        self.untouched()

    def test_drift_and_repair(self):
        self.apply("1.0.0", deployment("web", 2), config_map("web", colour="red"), config_map("more", a="b"))
        self.road.kubectl("scale", "deployment", "web", "--replicas=1")
        self.road.kubectl("delete", "configmap", "more")
        drift = self.road.answer("drift", status=20)["differences"]
        found = {(each["path"], each["found"]) for each in drift}
        self.assertIn(("ConfigMap more", "is missing"), found)
        self.assertIn(("Deployment web", "spec.replicas is 1"), found)
        self.road.installer("apply", "--repair", "--yes")
        self.stands("1.0.0")
        self.assertEqual(self.road.get("deployment", "web")["spec"]["replicas"], 2)


def replaceable(body):
    body["metadata"]["annotations"] = {"org.sealift.replace": "true"}
    return body


def selecting(body, colour):
    """A Deployment with one more label in its selector, which no server changes."""
    for labels in (body["spec"]["selector"]["matchLabels"], body["spec"]["template"]["metadata"]["labels"]):
        labels["colour"] = colour
    return body


def set_with_claims(size, **pod):
    body = stateful_set("db", **pod)
    body["spec"]["volumeClaimTemplates"] = [
        {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
                                                "resources": {"requests": {"storage": size}}}}]
    return body


class Canary(OnCluster):
    """One new pod runs before any other is touched."""

    CANARY = {"component": {"canary": ["web"]}}

    def uids(self, **labels):
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        return set(self.road.kubectl("get", "pods", "-l", selector, "-o", "jsonpath={.items[*].metadata.uid}").split())

    def made(self, name):
        """How many pods were ever made for a Deployment."""
        events = self.road.kubectl("get", "events", "--field-selector", "reason=SuccessfulCreate", "-o",
                                   'jsonpath={range .items[*]}{.involvedObject.name}{"\\n"}{end}').split()
        return sum(each.startswith(name + "-") for each in events)

    def generation(self, name):
        return self.road.get("deployment", name)["metadata"]["generation"]

    def test_a_bad_one_goes_back_before_others_are_touched(self):
        self.apply("1.0.0", deployment("web", 3), deployment("api"), config_map("web", colour="red"), **self.CANARY)
        before, made, generation = self.uids(app="web"), self.made("web"), self.generation("api")
        self.assertEqual((len(before), made), (3, 3))
        bad = self.build("1.1.0", deployment("web", 3, version="2", pod="crash", log="no database"),
                         deployment("api", version="2"), **self.CANARY)
        summaries = " ".join(step["summary"] for step in self.road.answer("plan", bad)["plan"]["steps"])
        self.assertIn("try one new pod first of Deployment web", summaries)
        said = self.road.refused("apply", bad, "--yes", status=9)
        self.assertIn("Deployment web: pod web-", said)
        self.assertIn("it said: no database", said)
        self.stands("1.0.0")
        self.assertEqual(self.uids(app="web"), before)
        self.assertEqual((self.made("web"), self.generation("api")), (4, generation))

    def test_the_others_follow_a_good_one(self):
        self.apply("1.0.0", deployment("web", 3), **self.CANARY)
        self.apply("1.1.0", deployment("web", 5, version="2"), **self.CANARY)
        self.stands("1.1.0")
        spec = self.road.get("deployment", "web")["spec"]
        self.assertEqual((spec["replicas"], spec["progressDeadlineSeconds"], spec.get("minReadySeconds", 0)),
                         (5, 600, 0))
        self.assertEqual(spec["strategy"]["rollingUpdate"], {"maxSurge": "25%", "maxUnavailable": "25%"})
        self.road.installer("rollback", "--yes")
        self.stands("1.0.0")

    def test_of_a_set_the_last_pod_goes_first(self):
        def db(**pod):
            body = stateful_set("db", **pod)
            body["spec"]["replicas"] = 3
            return body
        canary = {"component": {"canary": ["db"]}}
        self.apply("1.0.0", db(), **canary)
        before = self.uids(app="db")
        said = self.refused(db(version="2", pod="crash"), **canary)
        self.assertIn("StatefulSet db: pod db-2: container app: CrashLoopBackOff", said)
        self.stands("1.0.0")
        self.assertEqual(len(self.uids(app="db") & before), 2)
        self.apply("1.2.0", db(version="2"), **canary)
        self.stands("1.2.0")
        self.assertFalse(self.uids(app="db") & before)

    def test_kill_before_every_record(self):
        self.apply("1.0.0", deployment("web", 2), **self.CANARY)
        self.kill_before_records(self.build("1.1.0", deployment("web", 2, version="2"), **self.CANARY), step=4)

    def test_killed_while_the_first_pod_starts(self):
        self.apply("1.0.0", deployment("web", 2), **self.CANARY)
        before = self.uids(app="web")
        bundle = self.build("1.1.0", deployment("web", 2, version="2", after="20"), **self.CANARY)
        running = subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually("the first new pod is made", lambda: len(self.uids(app="web")) == 3)
        running.kill()
        running.wait()
        self.road.installer("recover", "--yes")
        self.stands("1.0.0")
        self.assertEqual(self.uids(app="web"), before)


class Replaced(OnCluster):
    """Objects with a field that no server changes."""

    def uid(self, kind, name):
        return self.road.get(kind, name)["metadata"]["uid"]

    def steps(self, bundle):
        return " ".join(step["summary"] for step in self.road.answer("plan", bundle)["plan"]["steps"])

    def test_refused_without_the_mark_and_replaced_with_it(self):
        self.apply("1.0.0", deployment("web"), job("migrate"), set_with_claims("1Gi"))
        before = {kind: self.uid(kind, name) for kind, name in
                  (("deployment", "web"), ("job", "migrate"), ("statefulset", "db"), ("pvc", "data-db-0"))}
        changed = [selecting(deployment("web", version="2"), "blue"), job("migrate", version="2"),
                   set_with_claims("2Gi", version="2")]
        said = self.refused(*changed)
        for name in ("Deployment web: ", "Job migrate: ", "StatefulSet db: ", 'annotation org.sealift.replace: "true"'):
            self.assertIn(name, said)
        self.assertIn("spec.template: Invalid value: {...}: field is immutable", said)
        self.assertEqual(self.uid("deployment", "web"), before["deployment"])
        self.stands("1.0.0")

        second = self.build("1.1.0", *[replaceable(each) for each in changed])
        self.assertIn("replace StatefulSet db, Deployment web, Job migrate", self.steps(second))
        self.road.installer("apply", second, "--yes")
        self.stands("1.1.0")
        self.assertEqual(self.version_of("web"), "2")
        for kind, name in (("deployment", "web"), ("job", "migrate"), ("statefulset", "db")):
            self.assertNotEqual(self.uid(kind, name), before[kind])
        self.assertEqual(self.uid("pvc", "data-db-0"), before["pvc"])

        self.road.installer("rollback", "--yes")
        self.stands("1.0.0")
        self.assertEqual(self.version_of("web"), "1")
        self.assertNotIn("colour", self.road.get("deployment", "web")["spec"]["selector"]["matchLabels"])
        self.assertEqual(self.uid("pvc", "data-db-0"), before["pvc"])
        self.assertEqual(self.road.leftovers(), [])

    def test_an_upgrade_that_fails_puts_the_former_object_back(self):
        service_of = service("web")
        service_of["spec"]["clusterIP"] = "10.96.7.7"
        self.apply("1.0.0", replaceable(deployment("web", 2)), replaceable(service_of), job("migrate"))
        former = self.uid("deployment", "web")
        headless = service("web")
        headless["spec"]["clusterIP"] = "None"
        bad = replaceable(selecting(deployment("web"), "blue"))
        bad["spec"]["template"]["spec"]["containers"][0]["name"] = "Not a name"
        said = self.refused(bad, replaceable(headless))
        self.assertIn("Deployment web: as a new object: ", said)
        self.assertIn("spec.template.spec.containers[0].name", said)
        self.assertEqual(self.uid("deployment", "web"), former)
        self.stands("1.0.0")

        said = self.refused(selecting(deployment("web", 2, version="2", pod="crash"), "blue"), headless)
        self.assertIn("everything was undone", said)
        self.stands("1.0.0")
        self.assertEqual(self.version_of("web"), "1")
        self.assertNotEqual(self.uid("deployment", "web"), former)
        self.assertEqual(self.road.get("service", "web")["spec"]["clusterIP"], "10.96.7.7")
        self.assertIn("migrate", self.road.names("job"))
        self.apply("1.2.0", selecting(deployment("web", 2, version="2"), "blue"), headless)
        self.stands("1.2.0")
        self.assertEqual(self.road.get("service", "web")["spec"]["clusterIP"], "None")

    def test_kill_before_every_record(self):
        self.apply("1.0.0", replaceable(deployment("web")))
        self.kill_before_records(self.build("1.1.0", replaceable(selecting(deployment("web", version="2"), "blue"))), step=6)

    def test_killed_while_the_former_object_ends(self):
        """kubectl has been told to delete it, and its pods are still there."""
        stays = deployment("web", version="1")
        stays["spec"]["template"]["metadata"]["finalizers"] = ["test.sealift/stays"]
        self.apply("1.0.0", replaceable(stays))
        second = self.build("1.1.0", replaceable(selecting(deployment("web", version="2"), "blue")))
        running = subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", second, "--yes"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually("the former object is being deleted",
                   lambda: "deletionTimestamp" in self.road.get("deployment", "web")["metadata"])
        running.kill()
        running.wait()
        for pod in self.road.names("pod"):
            self.road.kubectl("patch", "pod", pod, "--type=json",
                              "-p", '[{"op": "remove", "path": "/metadata/finalizers"}]')
        self.road.installer("recover", "--yes")
        self.stands("1.0.0")
        self.assertEqual(self.version_of("web"), "1")


FIRST = "canary-first-'\"$x-3f9a"
SECOND = "canary-second-77b0"


class Secrets(OnCluster):
    """Of a sealed secret only the server gets the value, and the way back has the old one."""

    def setUp(self):
        super().setUp()
        road = self.road
        write(os.path.join(road.project, "environments/schema.json"), json.dumps(
            {"schema": 1, "keys": {"PASSWORD": {"means": "of the database", "secret": True}}}))
        run(BUILDER, "recipient", "recovery", os.path.join(road.root, "recovery.age"), "--project", road.project)
        key = re.search("public key: (age1.*)", self.text(road.site, "state/keys/site.age"))[1]
        recipients = os.path.join(road.project, "environments/recipients.yaml")
        recovery = re.search("recovery: (age1.*)", self.text(recipients))[1]
        write(recipients, json.dumps({"schema": 1, "recovery": recovery.strip('"'),
                                      "environments": {"production": {"here": key}}}))

    @staticmethod
    def text(*path):
        with open(os.path.join(*path), encoding="utf-8") as source:
            return source.read()

    def seal(self, value):
        run(BUILDER, "secret", "set", "production", "PASSWORD", "--value-file", "-", "--project",
            self.road.project, stdin=value.encode())

    def secret(self):
        return {key: base64.b64decode(value).decode() for key, value in
                self.road.get("secret", "db")["data"].items()}

    def objects(self, **pod):
        return (deployment("web", **pod),
                {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
                 "stringData": {"password": "{{PASSWORD | json}}", "url": "x://u:{{PASSWORD}}@db"},
                 "data": {"coded": "{{PASSWORD | base64}}"}})

    def build(self, version, *objects, **more):
        text = as_yaml(objects).replace('"{{PASSWORD | json}}"', "{{PASSWORD | json}}")
        return self.road.build_manifests(version, {"app.yaml": text}, **more)

    def holds(self, value):
        self.assertEqual(self.secret(), {"password": value, "url": f"x://u:{value}@db", "coded": value})

    def nowhere(self, *texts):
        """Neither on a disk nor in what was said, whole, in base64 or as JSON."""
        for value in (FIRST, SECOND):
            forms = [value, base64.b64encode(value.encode()).decode(), json.dumps(value)[1:-1]]
            for form in forms:
                for text in texts:
                    self.assertNotIn(form, text)
                found = subprocess.run(["grep", "-rlaF", form, self.road.root, self.cluster.folder + "/.kube"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
                self.assertEqual(found.stdout.decode().split(), [], form)

    def test_a_canary(self):
        self.road.change_target(take_over=["Secret/db"])
        self.seal(FIRST)
        first = self.build("1.0.0", *self.objects())
        plan = self.road.installer("--json", "plan", first, "--diff").decode()
        said = self.road.installer("apply", first, "--yes").decode()
        self.holds(FIRST)
        self.stands("1.0.0")
        self.seal(SECOND)
        second = self.build("1.1.0", *self.objects())
        steps = self.road.answer("plan", second)["plan"]["steps"]
        self.assertTrue(any("change Secret db" in step["summary"] for step in steps), steps)
        failing = self.build("1.1.1", *self.objects(version="2", pod="crash"))
        refused = self.road.refused("apply", failing, "--yes", status=9)
        self.holds(FIRST)
        self.stands("1.0.0")
        self.road.installer("apply", second, "--yes")
        self.holds(SECOND)
        self.road.kubectl("patch", "secret", "db", "-p", json.dumps({"stringData": {"password": "canary-drift"}}))
        drift = self.road.answer("drift", status=20)
        self.assertEqual([(each["path"], each["found"].split(" (")[0]) for each in drift["differences"]],
                         [("Secret db", "data.password is another")])
        self.assertNotIn("canary", json.dumps(drift))
        self.road.installer("apply", "--repair", "--yes")
        self.holds(SECOND)
        self.road.installer("rollback", "--yes")
        self.holds(FIRST)
        self.stands("1.0.0")
        support = self.road.installer("support-bundle", "--output", os.path.join(self.road.root, "help.tar")).decode()
        self.nowhere(plan, said, refused, json.dumps(drift), support)

    def test_what_the_server_refuses_has_no_value(self):
        self.seal("{\"canary-of-json: " + SECOND)
        config = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
                  "type": "kubernetes.io/dockerconfigjson", "stringData": {".dockerconfigjson": "{{PASSWORD | json}}"}}
        said = self.road.refused("apply", self.build("1.0.0", deployment("web"), config), "--yes", status=9)
        self.assertIn("Secret db: ", said)
        self.nowhere(said)


class Rights(OnCluster):
    def test_the_role_that_is_printed_is_enough_and_its_lack_is_named(self):
        kubeconfig = os.path.join(self.road.root, "kubeconfig")
        with open(self.cluster.kubeconfig, encoding="utf-8") as source:
            write(kubeconfig, source.read().replace("user: {token", "user: {as: somebody, token"))
        self.road.change_target(kubeconfig=kubeconfig)
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
                 "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
        first = self.build("1.0.0", deployment("web"), service("web"), config_map("web", a="b"), claim)
        said = self.road.refused("apply", first, "--yes", status=9)
        self.assertIn("lacks rights in the namespace " + self.road.space, said)
        for lacking in ("deployments.apps (get, list, watch, create, patch, delete)", "pods/log (get)",
                        "persistentvolumeclaims (get, list, watch, create, patch)"):
            self.assertIn(lacking, said)

        def grant(bundle):
            role = self.road.installer("kubernetes", "rbac", bundle, "--user", "somebody").decode()
            self.road.kubectl("apply", "-f", "-", stdin=role)
        grant(first)
        self.road.installer("apply", first, "--yes")
        self.stands("1.0.0")
        second = self.build("1.1.0", deployment("web", version="2"), job("once"), config_map("web", a="c"))
        self.assertIn("jobs.batch (get, list, watch, create, patch, delete)",
                      self.road.refused("apply", second, "--yes", status=9))
        grant(second)
        self.road.installer("apply", second, "--yes")
        self.stands("1.1.0")
        self.assertEqual(self.road.names("service"), [])
        roles = self.road.answer("kubernetes", "rbac", second, "--service-account", "x")["roles"]
        self.assertEqual([each["namespace"] for each in roles], [self.road.space])
        self.assertIn("expected one of --user and --service-account",
                      self.road.refused("kubernetes", "rbac", second, status=2))


class Broken(OnCluster):
    def begin(self, bundle):
        running = subprocess.Popen([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        for _ in range(300):
            if "2" in self.version_of("web"):
                return running
            time.sleep(0.1)
        raise AssertionError("the new release was never given to the server")

    @long
    def test_a_server_that_goes_away_and_comes_back(self):
        self.apply("1.0.0", deployment("web"))
        running = self.begin(self.build("1.1.0", deployment("web", version="2", after="4")))
        self.cluster.lose()
        time.sleep(1)
        self.cluster.start()
        said = running.communicate()[1].decode()
        self.assertEqual(running.returncode, 0, said)
        self.stands("1.1.0")

    @long
    def test_a_server_that_stays_away(self):
        self.road.change_target(timeout=10)
        self.apply("1.0.0", deployment("web"))
        running = self.begin(self.build("1.1.0", deployment("web", version="2", after="30")))
        self.cluster.lose()
        said = running.communicate()[1].decode()
        self.assertEqual(running.returncode, 10, said)
        self.assertIn("the server of Kubernetes does not answer", said)
        self.cluster.start()
        self.road.installer("recover", "--yes")
        self.stands("1.0.0")
        self.assertEqual(self.version_of("web"), "1")

    def test_kill_before_every_record(self):
        """Whatever was done by then, recover leads to the old release or the new one, running."""
        self.apply("1.0.0", deployment("web"), config_map("web", colour="red"))
        second = self.build("1.1.0", deployment("web", version="2"), config_map("new", a="b"))
        command = ["apply", second, "--yes"]
        records = journal_records(self.road, command)
        self.road.installer("rollback", "--yes")
        ends = {"1.0.0": 0, "1.1.0": 0}
        for record in range(1 if ALL else 3, records + 1, 1 if ALL else 6):
            with self.subTest(record=record):
                killed_before_record(self.road, command, record)
                self.road.installer("recover", "--yes")
                version = self.road.answer("status")["current"]["version"]
                ends[version] += 1
                self.stands(version)
                self.assertEqual(self.version_of("web"), "1" if version == "1.0.0" else "2")
                self.assertEqual("new" in self.road.names("configmap"), version == "1.1.0")
                if version == "1.1.0":
                    self.road.installer("rollback", "--yes")
        print(f"{records} records, ended on {ends}")


class Built(unittest.TestCase):
    """What the build refuses, without a cluster."""

    def setUp(self):
        self.road = KubernetesRoad(None)
        self.addCleanup(self.road.close)

    def said(self, objects, status=3, **more):
        path = self.road.write_manifests("1.0.0", objects, **more)
        done = subprocess.run([BUILDER, "validate", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def test_all_mistakes_at_once_with_their_lines(self):
        strange = deployment("strange")
        strange["spec"]["template"]["spec"]["containers"][0]["image"] = "docker.io/other/server:1"
        said = self.said({"a.yaml": "kind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Namespace\n"
                                    "metadata: {name: x}\n",
                          "b.yaml": as_yaml([strange, config_map("c", a="b"), config_map("c", a="b")])})
        for expected in ("components.app: a.yaml:1: found no apiVersion",
                         "components.app: a.yaml:5: kind: found a Namespace, which belongs to no namespace",
                         "names the image docker.io/other/server:1, which no component carries",
                         "found ConfigMap c again"):
            self.assertIn(expected, said)
        self.assertRegex(said, r"b\.yaml:\d+: spec\.template\.spec\.containers\[0\]\.image: names the image")

    def test_a_secret_stands_in_a_secret_alone(self):
        write(os.path.join(self.road.project, "environments/schema.json"), json.dumps(
            {"schema": 1, "keys": {"PASSWORD": {"means": "of the database", "secret": True}}}))
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
                  "stringData": {"a": "{{PASSWORD}}", "url": "postgres://{{PASSWORD}}@db/x"},
                  "data": {"b": "{{PASSWORD | base64}}"}}
        self.assertNotIn("plain-secret", self.said([secret], status=0))
        said = self.said([config_map("web", password="{{PASSWORD}}"),
                          {**secret, "metadata": {"name": "db", "labels": {"x": "{{PASSWORD | base64}}"}},
                           "data": {"c": "{{PASSWORD}}"}, "stringData": {"d": "{{PASSWORD | base64}}"}}])
        for expected in ("ConfigMap web: data.password: found a secret", "Secret db: metadata.labels.x: found a secret",
                         "Secret db: data.c: found a secret without base64",
                         "Secret db: stringData.d: found a secret in base64"):
            self.assertIn(expected, said)
        self.assertIn("found the filter shell of PASSWORD, which is a secret",
                      self.said([{**secret, "stringData": {"a": "X={{PASSWORD | shell}}"}}]))

    def test_findings_are_told_accepted_or_mistakes(self):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"a": "b"}}
        both = [deployment("web"), secret]
        self.assertIn("found a Secret in clear", self.said(both, status=0))
        self.assertIn("(plain-secret)", self.said(both, component={"lint": "error"}))
        bare = {rule: "of a test" for rule in ("resources", "readiness-probe", "security-context")}
        accepted = {"lint": "error", "accept": {"Secret/db/plain-secret": "of a test", **bare}}
        said = self.said(both, component={"lint": "error"})
        for rule in bare:
            self.assertIn(f"({rule})", said)
        self.assertIn("(service-protocol)", self.said([*both, service("web")], status=0, component=accepted))
        self.assertIn("(disruption-budget)", self.said([deployment("web", 2), secret], component=accepted))
        self.assertNotIn("plain-secret", self.said(both, status=0, component=accepted))
        self.assertIn('nothing was found that is called "Secret/db/plain-secret"',
                      self.said([deployment("web")], component=accepted))

    def test_canaries_and_marks_that_cannot_be(self):
        recreated = deployment("web")
        recreated["spec"]["strategy"] = {"type": "Recreate"}
        said = self.said([recreated, config_map("api", a="b")], component={"canary": ["web", "api"]})
        self.assertIn("Deployment web has the strategy Recreate, with which no pod goes first", said)
        self.assertIn("canary: no Deployment or StatefulSet is called api", said)
        claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {}}
        strange = job("once")
        strange["metadata"]["annotations"] = {"org.sealift.replace": True}
        said = self.said([replaceable(claim), strange])
        self.assertIn("found it at an object that holds data, which is never deleted", said)
        self.assertIn('Job once: metadata.annotations.org.sealift.replace: found true, expected "true"', said)

    def test_keys_that_kubernetes_does_not_have(self):
        self.assertIn("found persist, which the runtime kubernetes does not have",
                      self.said([deployment("web")], component={"persist": ["data"]}))


class Fields(OnCluster):
    """What CI says of the structure of an object, and what a real server does."""

    said = Built.said

    def test_ci_and_the_server_agree_on_fields(self):
        samples = ((True, {}), (True, {"tty": None, "args": []}), (True, {"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}),
                   (True, {"readinessProbe": {"tcpSocket": {"port": 80}}}), (False, {"imagePullpolicy": "Always"}),
                   (False, {"prts": None}), (False, {"env": [{"name": "A", "value": 1}]}), (False, {"env": [{"value": "1"}]}),
                   (False, {"args": "x"}), (False, {"tty": "true"}), (False, {"ports": [{"containerPort": "80"}]}),
                   (False, {"resources": []}), (False, {"resources": {"limits": {"memory": "512MB"}}}),
                   (False, {"volumeMounts": [{"name": "v"}]}), (False, {"readinessProbe": {"httpGet": {"path": "/"}}}))
        for is_taken, more in samples:
            with self.subTest(more):
                web = deployment("web")
                web["spec"]["template"]["spec"]["containers"][0].update(more)
                self.said([web], status=0 if is_taken else 3)
                self.kubectl_tries(web, 0 if is_taken else 1)

    def test_the_schema_of_the_server_has_its_custom_kinds(self):
        spec = {"type": "object", "required": ["port"], "properties": {
            "port": {"x-kubernetes-int-or-string": True}, "size": {"type": "integer"},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}
        self.cluster.call("apply", "-f", "-", stdin=json.dumps({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "gates.example.org"},
            "spec": {"group": "example.org", "scope": "Namespaced", "names": {"plural": "gates", "kind": "Gate"},
                     "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                         "openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}}))
        self.addCleanup(self.cluster.call, "delete", "crd", "gates.example.org")
        for _ in range(60):
            text = run(INSTALLER, "--site", self.road.site, "kubernetes", "schema", "--target", "app").decode()
            if '"Gate"' in text:
                break
            time.sleep(1)
        self.assertEqual(run(INSTALLER, "--site", self.road.site, "kubernetes", "schema").decode(), text)
        print(f"{len(text)} bytes")
        write(os.path.join(self.road.project, "site.openapi.json"), text)
        component = {"schema": "site.openapi.json"}

        def gate(spec):
            return {"apiVersion": "example.org/v1", "kind": "Gate", "metadata": {"name": "g"}, "spec": spec}

        for is_taken, each in ((True, gate({"port": 80})), (True, gate({"port": "a", "open": {"x": [1]}})),
                               (False, gate({"size": 1})), (False, gate({"port": 1, "size": "1"})),
                               (False, gate({"port": 1, "siez": 1})), (True, deployment("web")),
                               (False, {**gate({"port": 1}), "kind": "Gat"})):
            with self.subTest(each):
                self.said([each], status=0 if is_taken else 3, component=component)
                self.kubectl_tries(each, 0 if is_taken else 1)

    def kubectl_tries(self, body, status):
        self.road.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=json.dumps(body),
                          status=status)


if __name__ == "__main__":
    main()
