// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/structure.hpp"

#include <catch2/catch.hpp>

#include "kubernetes/manifests.hpp"

namespace sealift::kubernetes::structure_test {

namespace {

using Texts = std::vector<std::string>;

// What a server would refuse of a file, each as "RULE PLACE: FOUND; HINT".
Texts flaws_in(const std::string& text, const ApiSchema& schema = ApiSchema::built_in()) {
  Problems problems;
  Texts said;
  for (const Finding& each : read_manifests({{"a.yaml", text}}, problems, &schema).findings) {
    if (each.weight != Finding::Weight::mistake) continue;
    said.push_back(each.rule + " " + each.problem.message + "; " + each.problem.hint);
  }
  for (const Problem& each : problems.all()) UNSCOPED_INFO(each.message);
  CHECK(problems.empty());
  return said;
}

std::string head(const std::string& version, const std::string& kind) {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: web}\n";
}

// A Deployment that is sound but for what is said in its container, and in its spec.
std::string deployment(const std::string& in_container, const std::string& in_spec = "x: null") {
  std::string spec = in_spec == "x: null" ? "" : ", " + in_spec;
  return head("apps/v1", "Deployment") +
         "spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: "
         "{containers: [{name: c, image: i" +
         (in_container.empty() ? "" : ", " + in_container) + "}]}}" + spec + "}\n";
}

}  // namespace

TEST_CASE("structure: a field that no version has is told with its place and the nearest one") {
  CHECK(flaws_in(deployment("imagePullpolicy: Always")) ==
        Texts{"unknown-field a.yaml:4: spec.template.spec.containers[0].imagePullpolicy: Deployment"
              " web: found a field that Container does not have; did you mean imagePullPolicy?"});
  CHECK(flaws_in(deployment("", "replcas: 3")).front().ends_with("did you mean replicas?"));
  CHECK(flaws_in(head("v1", "ConfigMap") + "spec: {}\n").front().find("expected one of") !=
        std::string::npos);
  CHECK(flaws_in(deployment("tty: null, prts: null")).size() == 1);
}

TEST_CASE("structure: a value of another type is told with what was expected") {
  const auto found = [](const std::string& in_container) {
    const Texts all = flaws_in(deployment(in_container));
    REQUIRE(all.size() == 1);
    CHECK(all.front().starts_with("wrong-type "));
    const std::string start = "found ";
    return all.front().substr(all.front().find(start) + start.size());
  };
  CHECK(found("env: [{name: A, value: 1}]") == "a number, expected a text; write it in quotes");
  CHECK(found("env: [{name: A, value: true}]") ==
        "true or false, expected a text; write it in quotes");
  CHECK(found("tty: \"true\"") == "a text, expected true or false; write it without quotes");
  CHECK(found("ports: [{containerPort: \"80\"}]").starts_with("a text, expected a whole number"));
  CHECK(found("args: x").starts_with("a text, expected a list"));
  CHECK(found("args: [1]").starts_with("a number, expected a text"));
  CHECK(found("args: {}").starts_with("a mapping, expected a list"));
  CHECK(found("resources: []").starts_with("a list, expected a mapping"));
  CHECK(found("livenessProbe: {tcpSocket: {port: true}}")
            .starts_with("true or false, expected a whole number or a text"));
  CHECK(found("resources: {limits: {memory: 512MB}}").starts_with("a text, expected a quantity"));
  CHECK(found("resources: {limits: {cpu: true}}").starts_with("true or false, expected a quant"));
}

TEST_CASE("structure: a field that has to be there is missed where it is not, or is null") {
  CHECK(flaws_in(head("v1", "Pod") + "spec: {}\n") ==
        Texts{"missing-field a.yaml:4: spec: Pod web: found no containers, which PodSpec needs; "
              "containers is a list"});
  CHECK(flaws_in(deployment("env: [{value: x}]")).size() == 1);
  CHECK(flaws_in(deployment("env: [{name: null}]")).size() == 1);
}

TEST_CASE("structure: what servers take is no finding") {
  for (const std::string sound :
       {"tty: null, ports: null", "resources: {limits: {cpu: 1, memory: 128Mi}}",
        "resources: {limits: {cpu: 0.5, memory: 1e3, a: +1.5Gi, b: -.5, c: 2E+3, d: 1E, e: 5u}}",
        "livenessProbe: {httpGet: {port: http, httpHeaders: [{name: a}]}}",
        "livenessProbe: {httpGet: {port: 80}}", "volumeMounts: [{name: a, mountPath: /a}]",
        "restartPolicy: Always, resizePolicy: []"}) {
    CAPTURE(sound);
    CHECK(flaws_in(deployment(sound)).empty());
  }
  // As kubectl get -o yaml prints them.
  CHECK(flaws_in("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a, uid: b, "
                 "creationTimestamp: null, managedFields: [{fieldsV1: {\"f:a\": {}}}], "
                 "clusterName: c}\nspec: {resources: {requests: {storage: 1Gi}}}\n")
            .empty());
  CHECK(flaws_in(head("apps/v1", "StatefulSet") +
                 "spec: {serviceName: a, selector: {}, template: {}, volumeClaimTemplates: "
                 "[{metadata: {name: a}, status: {phase: Pending}}]}\n")
            .empty());
  CHECK(flaws_in(head("apps/v1", "ControllerRevision") + "data: {any: [1, {thing: true}]}\n")
            .empty());
}

TEST_CASE("structure: data of a Secret is base64") {
  const std::string secret = head("v1", "Secret");
  CHECK(flaws_in(secret + "data: {a: \"%%\"}\n").size() == 1);
  CHECK(flaws_in(secret + "data: {a: aGVsbG8=, b: \"\", c: null}\n").empty());
  CHECK(flaws_in(secret + "data:\n  a: |\n    aGVs\n    bG8=\n").empty());
}

TEST_CASE("structure: a kind is unknown where its version is known and has others") {
  const Texts found = flaws_in(head("apps/v1", "Deploymnet"));
  REQUIRE(found.size() == 1);
  CHECK(found.front() ==
        "unknown-kind a.yaml:2: kind: Deploymnet web: found Deploymnet, which apps/v1 does not have"
        " for a namespace; did you mean Deployment?");
  CHECK(flaws_in(head("example.org/v1", "Deploymnet") + "spec: [1]\n").empty());
  CHECK(flaws_in(head("batch/v2alpha1", "CronJob")).empty());
  // Removed, and told as such.
  CHECK(flaws_in(head("extensions/v1beta1", "Deployment")).empty());
}

TEST_CASE("structure: the schema of a site has all of its kinds, and those of others too") {
  const ApiSchema site = ApiSchema::parse(
      R"({"swagger": "2.0", "definitions": {
          "a.Gate": {"x-kubernetes-group-version-kind": [{"group": "a.io", "version": "v1", "kind": "Gate"}],
           "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
            "spec": {"type": "object", "required": ["port"], "properties": {
              "port": {"x-kubernetes-int-or-string": true}, "share": {"type": "number"}, "free": {},
              "open": {"properties": {"a": {"type": "boolean"}}, "x-kubernetes-preserve-unknown-fields": true},
              "rules": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}}}}}}})",
      "site.json", ApiSchema::Extent::all);
  const std::string gate = head("a.io/v1", "Gate");
  CHECK(
      flaws_in(gate + "spec: {port: 1, free: [x], open: {b: 1}, rules: [{a: x}]}\n", site).empty());
  CHECK(flaws_in(gate + "spec: {port: a, share: 0.5}\n", site).size() == 1);
  CHECK(flaws_in(gate + "spec: {prt: 1}\n", site).size() == 2);
  CHECK(flaws_in(gate + "spec: {port: 1, open: {a: 1}, rules: [{b: x}]}\n", site).size() == 2);
  CHECK(flaws_in(head("a.io/v2", "Gate"), site) ==
        Texts{"unknown-kind a.yaml:1: apiVersion: Gate web: found Gate, which a.io/v2 does not have"
              " there; see kubectl api-resources --namespaced"});
}

}  // namespace sealift::kubernetes::structure_test
