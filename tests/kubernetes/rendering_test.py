#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Charts and kustomizations are rendered where a release is built. Without a cluster; with stand-ins of helm
and kubectl, that fill in values, and with the real ones where SEALIFT_HELM names the folder that has both."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import unittest

for folder in ("tests/cli", "tests/kubernetes"):
    sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], folder))

from cluster import BUILDER, SERVER, Image, KubernetesRoad, config_map, deployment  # noqa: E402
from made_image import write_layout  # noqa: E402
from road import INSTALLER, main, run, write  # noqa: E402

# Fills [[KEY]] in the files of templates/ from flat files of values; writes down how it was called.
HELM = r'''#!/usr/bin/env python3
import glob, json, os, re, sys
words = sys.argv[1:]
with open(os.path.join(os.path.dirname(__file__), "calls"), "a", encoding="utf-8") as out:
    out.write(json.dumps([words, dict(os.environ)]) + "\n")
if words[0] == "version":
    print("v3.99.0")
    sys.exit()
values = {"Namespace": words[words.index("--namespace") + 1], "Release": words[1]}
for i, word in enumerate(words):
    if word == "--values":
        for line in open(words[i + 1], encoding="utf-8"):
            key, value = line.rstrip("\n").split(": ", 1)
            values[key] = value.strip('"')
for path in sorted(glob.glob(os.path.join(words[2], "templates", "*"))):
    text = open(path, encoding="utf-8").read()
    if "[[fail]]" in text:
        sys.exit(f"Error: {words[2]}/templates: values say no")
    print("---\n# Source: web/templates/" + os.path.basename(path))
    print(re.sub(r"\[\[(\w+)\]\]", lambda m: values[m[1]], text))
'''

KUBECTL = r'''#!/usr/bin/env python3
import glob, os, sys
if sys.argv[1] == "version":
    print('{"clientVersion": {"gitVersion": "v1.99.0"}, "kustomizeVersion": "v9"}')
    sys.exit()
for path in sorted(glob.glob(os.path.join(sys.argv[2], "*.yaml"))):
    if not path.endswith("kustomization.yaml"):
        print("---\n" + open(path, encoding="utf-8").read())
'''


def files_in(bundle):
    """The files of the tree that holds manifests, and the document of their component."""
    plain = run("zstd", "-dc", bundle)
    files, documents = {}, []
    with tarfile.open(fileobj=io.BytesIO(plain)) as outer:
        for member in outer.getmembers():
            content = outer.extractfile(member).read() if member.isfile() else b""
            if content.startswith(b"{"):
                documents.append(content)
            try:
                with tarfile.open(fileobj=io.BytesIO(content)) as tree:
                    for each in tree.getmembers():
                        if each.isfile():
                            files[each.name] = tree.extractfile(each).read().decode()
            except tarfile.TarError:
                continue
    said = [each for each in documents if b'"workload"' in each]
    return files, [json.loads(each) for each in said]


class Rendered(unittest.TestCase):
    def setUp(self):
        self.road = KubernetesRoad(None)
        self.addCleanup(self.road.close)
        self.programs = os.path.join(self.road.root, "programs")
        os.makedirs(self.programs)
        for name, text in (("helm", HELM), ("kubectl", KUBECTL)):
            write(os.path.join(self.programs, name), text)
            os.chmod(os.path.join(self.programs, name), 0o755)
        self.env = {**os.environ, "PATH": self.programs + ":" + os.environ["PATH"]}

    def project(self, files, values=None, texts=None, component=None, contract=None):
        """`files` of the source; `texts` of the project; the release.yaml."""
        path = self.road.write_manifests("1.0.0", files, component=component, values=values)
        for name, text in (texts or {}).items():
            write(os.path.join(self.road.project, name), text)
        if contract:
            write(os.path.join(self.road.project, "environments/schema.json"),
                  json.dumps({"schema": 1, "keys": contract}))
        return path

    def build(self, path):
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.road.root, "dist"), "--key", self.road.key,
                              env=self.env))

    def said(self, path, status=3):
        done = subprocess.run([BUILDER, "validate", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, env=self.env)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()


class OfStandIns(Rendered):
    CHART = {"Chart.yaml": "name: web\n",
             "templates/web.yaml": json.dumps(deployment("web", replicas="[[replicas]]"), indent=1)
             .replace('"[[replicas]]"', "[[replicas]]").replace(SERVER, "[[image]]"),
             "templates/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [[Release]]-map\n"
                                   "  namespace: [[Namespace]]\ndata:\n  host: [[host]]\n  flag: \"[[flag]]\"\n"
                                   "  theirs: '{{ $labels.x }}'\n",
             "templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: test\n"
                                    "  annotations: {helm.sh/hook: test}\n"}
    VALUES = {"v.yaml": f'image: "{SERVER}"\nreplicas: {{{{REPLICAS}}}}\nhost: "{{{{HOST}}}}"\n',
              "more.yaml": 'flag: {{FLAG}}\n'}
    CONTRACT = {"REPLICAS": {"type": "integer", "means": "pods"}, "HOST": {"means": "its name"},
                "FLAG": {"type": "boolean", "means": "a flag"}}

    def chart(self, files=None, values=None, texts=None, **chart):
        return self.project({**self.CHART, **(files or {})}, values or {"REPLICAS": 2, "HOST": "a.b", "FLAG": True},
                            {**self.VALUES, **(texts or {})}, contract=self.CONTRACT,
                            component={"chart": {"release": "shop", "values": ["v.yaml", "more.yaml"], **chart}})

    def test_a_chart_becomes_templates_of_its_values(self):
        path = self.chart(kubernetes="1.28")
        first = self.build(path)
        files, documents = files_in(first["bundle"])
        self.assertIn("replicas\": {{REPLICAS}}", files["templates/web.yaml"])
        self.assertEqual(files["templates/map.yaml"].split("\ndata:\n")[1].strip(),
                         'host: {{HOST | json}}\n  flag: "{{FLAG}}"\n  theirs: \'{{"{{"}} $labels.x }}\'')
        self.assertIn("name: shop-map", files["templates/map.yaml"])
        self.assertNotIn("namespace", files["templates/map.yaml"])
        self.assertNotIn("templates/test.yaml", files)
        self.assertEqual(documents[0]["workload"],
                         {"runtime": "kubernetes", "renderedBy": "helm v3.99.0"})
        os.remove(first["bundle"])
        self.assertEqual(self.build(path)["digest"], first["digest"])
        with open(os.path.join(self.programs, "calls"), encoding="utf-8") as calls:
            words, environment = json.loads(calls.readlines()[-1])
        self.assertIn("--kube-version 1.28", " ".join(words))
        self.assertEqual(environment["KUBECONFIG"], "/dev/null")
        self.assertNotEqual(environment["HOME"], os.environ.get("HOME"))
        self.assertNotIn(self.road.project, " ".join(words))

    def test_each_environment_is_judged(self):
        said = self.said(self.chart({"templates/other.yaml": self.CHART["templates/map.yaml"].replace(
            "ConfigMap", "Namespace").replace("[[Release]]-map", "x")}))
        self.assertIn("components.app: templates/other.yaml:3: kind: found a Namespace", said)

    def test_what_a_chart_may_not_do(self):
        hook = ("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations:\n"
                "    helm.sh/hook: pre-upgrade\n")
        for files, texts, expected in (
                ({"templates/hook.yaml": hook}, None,
                 "templates/hook.yaml: Job migrate is the hook pre-upgrade of the chart"),
                ({"templates/l.yaml": '{{ lookup "v1" "Secret" "a" "b" }}', "charts/db.tgz": "x"}, None,
                 "templates/l.yaml:1: found a call of lookup, which asks a cluster"),
                ({"templates/f.yaml": "[[fail]]"}, None, "helm template: Error: "),
                (None, {"more.yaml": 'flag: {{FLAG}}\nother: "{{OTHER}}"\n'},
                 "more.yaml:2: {{OTHER}} is nowhere in what is written"),
                ({"templates/n.yaml": self.CHART["templates/map.yaml"].replace("[[host]]", "db.[[Namespace]].svc")
                  .replace("-map", "-n")}, None, "templates/n.yaml: writes the namespace beside metadata.namespace")):
            self.assertIn(expected, self.said(self.chart(files, texts=texts)))

    def test_a_namespace_that_is_said(self):
        self.build(self.chart({"templates/n.yaml": self.CHART["templates/map.yaml"].replace(
            "[[host]]", "db.[[Namespace]].svc").replace("-map", "-n")}, namespace="shop"))

    def test_no_chart_no_program(self):
        files = {name: text for name, text in self.CHART.items() if name != "Chart.yaml"}
        path = self.project(files, component={"chart": {}})
        self.assertIn("found no Chart.yaml", self.said(path))
        path = self.chart()
        os.remove(os.path.join(self.programs, "helm"))
        if shutil.which("helm") is None:
            self.assertIn("components.app: the program helm was not found", self.said(path, status=6))

    def test_a_kustomization(self):
        text = json.dumps(deployment("web", replicas=7)).replace("7", "{{REPLICAS}}", 1)
        files = {"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": text + "\n"}
        files["unused/map.yaml"] = json.dumps(config_map("a", a="{{NOBODY}}"))
        path = self.project(files, {"REPLICAS": 3}, component={"kustomize": "base"})
        files, documents = files_in(self.build(path)["bundle"])
        self.assertIn('"replicas": {{REPLICAS}}', files["rendered.yaml"])
        self.assertEqual(documents[0]["workload"]["renderedBy"], "kubectl v1.99.0 (kustomize v9)")
        said = self.said(self.project({"kustomization.yaml": "resources: [web.yaml]\n", "web.yaml": text},
                                      component={"kustomize": True}))
        self.assertIn('web.yaml:1: no environment has a value named "REPLICAS"', said)
        said = self.said(self.project({"kustomization.yaml": "resources: [https://a.b/c]\n"},
                                      component={"kustomize": True}))
        self.assertIn("kustomization.yaml:1: resources[0]: found https://a.b/c, which lies elsewhere", said)
        said = self.said(self.project({"a.yaml": json.dumps(config_map("a", a="b"))}, component={"kustomize": True}))
        self.assertIn("found no kustomization.yaml", said)

    def test_keys_that_do_not_go_together(self):
        said = self.said(self.project(self.CHART, component={"chart": {"values": "../v.yaml"}, "kustomize": False,
                                                             "raw": ["x"]}))
        for expected in ("found kustomize and chart, expected one of them", "found false, expected true or a folder",
                         "found raw, which a chart does not have", "components[1].chart.values: "):
            self.assertIn(expected, said)


class OfFields(Rendered):
    """The structure of objects, compared with what Kubernetes has."""

    def test_all_are_told_in_one_run_with_their_places(self):
        web = deployment("web")
        web["spec"]["replcas"] = 3
        web["spec"]["template"]["spec"]["containers"][0].update(
            imagePullpolicy="Always", env=[{"name": "A", "value": "{{REPLICAS}}"}, {"value": "b"}])
        text = json.dumps(web, indent=1).replace('"{{REPLICAS}}"', "{{REPLICAS}}")
        said = self.said(self.project({"a.yaml": text, "b.yaml": json.dumps({"apiVersion": "v1", "kind": "ConfigMop",
                                                                             "metadata": {"name": "c"}})},
                                      values={"REPLICAS": 3}))
        for expected in (
                "components.app: a.yaml:44: spec.replcas: Deployment web: found a field that DeploymentSpec does not "
                "have (unknown-field)", "did you mean replicas?; or accept it: accept: {Deployment/web/unknown-field: REASON}",
                "spec.template.spec.containers[0].imagePullpolicy: Deployment web: found a field that Container does",
                "env[0].value: Deployment web: found a number, expected a text (wrong-type)",
                "env[1]: Deployment web: found no name, which EnvVar needs (missing-field)",
                "b.yaml:1: kind: ConfigMop c: found ConfigMop, which v1 does not have for a namespace (unknown-kind)"):
            self.assertIn(expected, said)

    def test_one_is_accepted_by_name_and_of_custom_kinds_nothing_is_known(self):
        web = deployment("web")
        web["spec"]["newer"] = True
        gate = {"apiVersion": "example.org/v1", "kind": "Gate", "metadata": {"name": "g"}, "spec": {"any": [1]}}
        files = {"a.yaml": json.dumps(web), "g.yaml": json.dumps(gate)}
        self.assertIn("(unknown-field)", self.said(self.project(files)))
        accept = {"accept": {"Deployment/web/unknown-field": "of 1.40"}}
        self.assertNotIn("unknown-field", self.said(self.project(files, component=accept), status=0))

    def test_what_a_chart_makes_is_looked_at(self):
        files = {**OfStandIns.CHART, "templates/s.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n"
                                                         "spec:\n  port: [[replicas]]\n"}
        said = self.said(self.project(files, {"REPLICAS": 3, "HOST": "a", "FLAG": True}, OfStandIns.VALUES,
                                      {"chart": {"values": ["v.yaml", "more.yaml"]}}))
        self.assertIn("spec.port: Service s: found a field that ServiceSpec does not have", said)


GATE = {"x-kubernetes-group-version-kind": [{"group": "a.io", "version": "v1", "kind": "Gate"}],
        "type": "object", "description": "opens", "properties": {
            "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
            "spec": {"type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}}}}}


def api(**definitions):
    return json.dumps({"swagger": "2.0", "paths": {"/": {}}, "definitions": definitions})


class OfTheSite(Rendered):
    """What a site's own server has: written by the installer, read by the builder. kubectl is a stand-in."""

    def setUp(self):
        super().setUp()
        self.road.cluster = self  # new_kubernetes_site() asks for its kubeconfig
        self.kubeconfig = "/nowhere"
        self.answer = os.path.join(self.road.root, "answer")
        write(os.path.join(self.programs, "kubectl"), f"#!/bin/sh\nexec cat {self.answer}\n")
        self.road.new_kubernetes_site(kubectl=[os.path.join(self.programs, "kubectl")])

    def schema(self, text, *words, status=0):
        write(self.answer, text)
        done = subprocess.run([INSTALLER, "--site", self.road.site, *words, "kubernetes", "schema"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout.decode() if status == 0 else done.stderr.decode()

    def test_it_is_reduced_and_a_build_compares_with_it(self):
        text = self.schema(api(Gate=GATE, Unused={"type": "object"}))
        self.assertNotIn("opens", text)
        self.assertEqual(list(json.loads(text)["definitions"]), ["Gate"])
        self.assertEqual(json.loads(self.schema(api(Gate=GATE), "--json")), json.loads(text))
        gate = {"apiVersion": "a.io/v1", "kind": "Gate", "metadata": {"name": "g"}, "spec": {"port": 1}}
        component = {"schema": "site.openapi.json", "accept": {}}

        def said(spec, status=3, **more):
            files = {"g.yaml": json.dumps({**gate, "spec": spec, **more})}
            return self.said(self.project(files, texts={"site.openapi.json": text}, component=component), status)

        said({"port": 1}, status=0)
        self.assertIn("spec.prt: Gate g: found a field that this mapping does not have (unknown-field)", said({"prt": 1}))
        self.assertIn("spec: Gate g: found no port, which this mapping needs (missing-field)", said({}))
        self.assertIn("spec.port: Gate g: found a text, expected a whole number", said({"port": "1"}))
        self.assertIn("ConfigMap g: found ConfigMap, which v1 does not have there (unknown-kind)",
                      said({}, apiVersion="v1", kind="ConfigMap"))

    def test_what_cannot_be_read_is_refused_with_its_place(self):
        broken = api(Gate={**GATE, "properties": {"a": {"$ref": "#/definitions/Gone"}}},
                     A={"$ref": "#/definitions/B"}, B={"$ref": "#/definitions/A"})
        for text, expected in ((broken, "definitions.Gate.properties.a: found a reference to Gone"),
                               (broken, "have no end"), (broken[:99], "/openapi/v2"), ("", "/openapi/v2"),
                               ('{"openapi": "3.0.0"}', "found OpenAPI 3.0.0, expected version 2"),
                               (api(), "found no kind of an object"), ("[" * 9999, "/openapi/v2")):
            self.assertIn(expected, self.schema(text, status=9))
            said = self.said(self.project({"c.yaml": json.dumps(config_map("c", a="b"))}, texts={"s.json": text},
                                          component={"schema": "s.json"}))
            self.assertIn("components.app.schema: s.json: ", said)
            self.assertIn(expected.replace("/openapi/v2", "s.json"), said)

    def test_where_it_is_not(self):
        files = {"c.yaml": json.dumps(config_map("c", a="b"))}
        self.assertIn("components[1].schema: ", self.said(self.project(files, component={"schema": "../s.json"})))
        self.assertIn("s.json", self.said(self.project(files, component={"schema": "s.json"})))
        self.road.change_target(driver="directory", owner="0:0")
        done = subprocess.run([INSTALLER, "--site", self.road.site, "kubernetes", "schema"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertIn(done.returncode, (3, 6), done.stderr.decode())


SOMEBODY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


class OfTheExample(Rendered):
    def test_it_has_no_mistake_and_no_finding(self):
        project = os.path.join(self.road.root, "example")
        shutil.copytree(os.path.join(os.environ["SEALIFT_SOURCE"], "examples/chanuka-kubernetes"), project)
        write_layout(os.path.join(project, "build/server"),
                     {"docker.io/chanuka/server:1.0.0": Image("server", busybox=False)})
        run(BUILDER, "recipient", "recovery", os.path.join(self.road.root, "recovery.age"), "--project", project)
        recipients = os.path.join(project, "environments/recipients.yaml")
        with open(recipients, encoding="utf-8") as source:
            key = re.search("recovery: \"?(age1[a-z0-9]*)", source.read())[1]
        write(recipients, json.dumps({"schema": 1, "recovery": key, "environments": {"production": {"here": SOMEBODY}}}))
        run(BUILDER, "secret", "set", "production", "DB_PASSWORD", "--value-file", "-", "--project", project,
            stdin=b"of a test")
        said = self.said(os.path.join(project, "release.yaml"), status=0)
        self.assertNotIn("components.app", said)


@unittest.skipUnless(os.environ.get("SEALIFT_HELM"), "with the real programs: SEALIFT_HELM=FOLDER")
class OfRealPrograms(Rendered):
    def setUp(self):
        super().setUp()
        self.env["PATH"] = os.environ["SEALIFT_HELM"] + ":" + os.environ["PATH"]
        home = os.path.join(self.road.root, "home")
        run("helm", "create", os.path.join(self.road.root, "web"), env={**self.env, "HOME": home})

    def test_the_chart_that_helm_makes(self):
        chart = os.path.join(self.road.root, "web")
        files = {}
        for folder, _, names in os.walk(chart):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as source:
                    files[os.path.relpath(os.path.join(folder, name), chart)] = source.read()
        values = {"v.yaml": 'replicaCount: {{REPLICAS}}\n'
                            f'image: {{repository: "{SERVER.rsplit(":", 1)[0]}", tag: "1"}}\n'
                            'serviceAccount: {automount: {{MOUNT}}}\n'
                            'ingress: {enabled: true, className: "{{CLASS}}", hosts: [{host: "shop.{{DOMAIN}}", '
                            'paths: [{path: /, pathType: Prefix}]}]}\n'}
        contract = {"REPLICAS": {"type": "integer", "means": "a"}, "MOUNT": {"type": "boolean", "means": "a"},
                    "CLASS": {"means": "a"}, "DOMAIN": {"means": "a"}}
        path = self.project(files, {"REPLICAS": 3, "MOUNT": True, "CLASS": "nginx", "DOMAIN": "a.b"}, values,
                            component={"chart": {"values": "v.yaml"}}, contract=contract)
        first = self.build(path)
        files, documents = files_in(first["bundle"])
        self.assertIn("replicas: {{REPLICAS}}", files["templates/deployment.yaml"])
        self.assertIn("automountServiceAccountToken: {{MOUNT}}", files["templates/serviceaccount.yaml"])
        self.assertIn("ingressClassName: {{CLASS | json}}", files["templates/ingress.yaml"])
        self.assertIn('host: "shop.{{DOMAIN}}"', files["templates/ingress.yaml"])
        self.assertRegex(documents[0]["workload"]["renderedBy"], "^helm v[34]")
        os.remove(first["bundle"])
        self.assertEqual(self.build(path)["digest"], first["digest"])
        write(os.path.join(self.road.project, "v.yaml"), values["v.yaml"] + "autoscaling: {enabled: {{MOUNT}}}\n")
        self.assertIn("v.yaml:3: {{MOUNT}} steers what is written", self.said(path))

    def test_a_kustomization(self):
        files = {"base/kustomization.yaml": "resources: [web.yaml]\n",
                 "base/web.yaml": json.dumps(deployment("web")),
                 "site/kustomization.yaml": "bases: [../base]\nnamePrefix: shop-\npatchesStrategicMerge: [p.yaml]\n",
                 "site/p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
                                "spec:\n  replicas: {{REPLICAS}}\n"}
        path = self.project(files, {"REPLICAS": 3}, component={"kustomize": "site"})
        files, documents = files_in(self.build(path)["bundle"])
        self.assertIn("replicas: {{REPLICAS}}", files["rendered.yaml"])
        self.assertIn("name: shop-web", files["rendered.yaml"])
        self.assertRegex(documents[0]["workload"]["renderedBy"], "^kubectl v1")


if __name__ == "__main__":
    main()
