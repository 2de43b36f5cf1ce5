// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/manifests.hpp"

#include <catch2/catch.hpp>

#include "kubernetes/claims.hpp"

namespace sealift::kubernetes::manifests_test {

namespace {

using Files = std::map<std::string, std::string>;

// Of files that have no mistake.
Manifests read(const Files& files) {
  Problems problems;
  Manifests found = read_manifests(files, problems);
  for (const Problem& each : problems.all()) UNSCOPED_INFO(each.message);
  REQUIRE(problems.empty());
  return found;
}

// Every mistake, one a line.
std::string mistakes_in(const std::string& text) {
  Problems problems;
  read_manifests({{"a.yaml", text}}, problems);
  std::string all;
  for (const Problem& each : problems.all()) all += each.message + "\n";
  return all;
}

std::string object(const std::string& kind, const std::string& name, const std::string& more = {}) {
  return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\n" + more;
}

std::vector<std::string> names_of(const Manifests& manifests) {
  std::vector<std::string> names;
  for (const Object& each : manifests.objects) names.push_back(each.reference.str());
  return names;
}

}  // namespace

TEST_CASE("kubernetes: several documents of several files come in the order of their kinds") {
  const Manifests found = read(
      {{"b.yaml", "# first\n---\n" + object("Pod", "p") + "---\n\n# nothing\n---\n" +
                      object("ConfigMap", "c") + "...\n"},
       {"a.yml", object("HorizontalPodAutoscaler", "h") + "--- # again\n" + object("Widget", "w")},
       {"c.json", R"({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s"}})"}});
  CHECK(names_of(found) == std::vector<std::string>{"ServiceAccount s", "ConfigMap c", "Widget w",
                                                    "Pod p", "HorizontalPodAutoscaler h"});
  CHECK(found.objects[1].place == "b.yaml:10");
  CHECK(found.objects[3].place == "b.yaml:3");
}

TEST_CASE("kubernetes: scalars are what Kubernetes reads") {
  const Json data = read({{"a.yaml", object("Widget", "w",
                                            "spec: {mode: 0644, text: \"0644\", quoted: \"yes\","
                                            " share: 0.5, count: 3, on: true, cpu: 100m}\n")}})
                        .objects.front()
                        .body["spec"];
  CHECK(data == Json::parse(R"({"mode": 420, "text": "0644", "quoted": "yes", "share": "0.5",
                                "count": 3, "on": true, "cpu": "100m"})"));
  CHECK_THAT(mistakes_in(object("Widget", "w", "spec: {debug: yes}\n")),
             Catch::Contains("a.yaml:4: spec.debug: found yes, which Kubernetes takes for true"));
  CHECK_THAT(mistakes_in(object("Widget", "w", "spec: {<<: {a: b}}\n")),
             Catch::Contains("found a merge key"));
}

TEST_CASE("kubernetes: anchors are what they stand for, and what a server adds is left out") {
  const Json body =
      read({{"a.yaml",
             object("Widget", "w", "spec: {a: &a {b: 1}, c: *a}\nstatus: {ready: true}\n")}})
          .objects.front()
          .body;
  CHECK(body["spec"]["c"] == Json{{"b", 1U}});
  CHECK_FALSE(body.contains("status"));
}

TEST_CASE("kubernetes: a port of a Service has a protocol") {
  const Json ports = read({{"a.yaml", object("Service", "s",
                                             "spec: {ports: [{port: 80}, "
                                             "{port: 53, protocol: UDP}]}\n")}})
                         .objects.front()
                         .body["spec"]["ports"];
  CHECK(ports[0]["protocol"] == "TCP");
  CHECK(ports[1]["protocol"] == "UDP");
}

TEST_CASE("kubernetes: what no cluster would take is refused with its line") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"- a\n", "a.yaml:1: found no mapping"},
      {"kind: Pod\nmetadata: {name: a}\n", "a.yaml:1: found no apiVersion"},
      {"apiVersion: v1\nmetadata: {name: a}\n", "a.yaml:1: found no kind"},
      {"apiVersion: v1\nkind: Pod\n", "found no name"},
      {object("Pod", "Big"), "a.yaml:3: metadata: found the name \"Big\""},
      {object("Pod", "a/b"), "found the name \"a/b\""},
      {"apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n",
       "a.yaml:3: metadata.generateName: found generateName"},
      {object("Pod", "a") + "---\n" + object("Pod", "a"), "a.yaml:5: found Pod a again"},
      {"---\n" + object("Namespace", "a"),
       "a.yaml:3: kind: found a Namespace, which belongs to no namespace"},
      {"apiVersion: v1\nkind: List\nitems: []\n", "found a List"},
      {"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
       "found a Kustomization, which is no object"},
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n---\n"
       "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: y}\n",
       "found the namespace y, and x before"},
      {"a: [\n", "a.yaml:"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK_THAT(mistakes_in(text), Catch::Contains(expected));
  }
}

TEST_CASE("kubernetes: two versions of one API are the same object") {
  const std::string old = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n";
  const std::string other = "apiVersion: example.org/v1\nkind: Ingress\nmetadata: {name: a}\n";
  CHECK(read({{"a.yaml", old}, {"b.yaml", other}}).objects.size() == 2);
  CHECK_THAT(mistakes_in(other + "---\napiVersion: example.org/v2\nkind: Ingress\n"
                                 "metadata: {name: a}\n"),
             Catch::Contains("found Ingress a again"));
}

TEST_CASE("kubernetes: images are found wherever one can stand") {
  const Manifests found =
      read({{"a.yaml", object("CronJob", "c", R"(spec:
  jobTemplate:
    spec:
      template:
        spec:
          initContainers: [{name: i, image: "x/init:1"}]
          containers:
            - {name: a, image: "x/app:1"}
            - name: b
          ephemeralContainers: [{name: e, image: "x/debug:1"}]
          volumes: [{name: v, image: {reference: "x/data:1"}}]
)")},
            {"b.yaml", object("Pod", "p", "spec: {containers: [{image: y}]}\n")},
            {"c.yaml", object("ConfigMap", "m", R"(data: {a: "image: z"}
spec: {containers: [{image: nothing}]}
)")}});
  std::vector<std::string> images;
  for (const Object& each : found.objects) {
    for (const ImageUse& image : each.images) images.push_back(image.name);
  }
  CHECK(images ==
        std::vector<std::string>{"y", "x/app:1", "", "x/init:1", "x/debug:1", "x/data:1"});
  CHECK(found.objects.back().images.front().place ==
        "a.yaml:11: spec.jobTemplate.spec.template.spec.containers[0].image");
}

TEST_CASE("kubernetes: findings have a rule and an object") {
  const Manifests found = read({{"a.yaml", object("Secret", "s", "stringData: {password: x}\n")},
                                {"b.yaml", object("Secret", "empty")},
                                {"c.yaml",
                                 "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\n"
                                 "metadata: {name: p}\n"}});
  REQUIRE(found.findings.size() == 2);
  CHECK(found.findings[0].rule == "plain-secret");
  CHECK(found.findings[0].object == "Secret/s");
  CHECK(found.findings[1].rule == "removed-api");
  CHECK_THAT(found.findings[1].problem.message, Catch::Contains("Kubernetes 1.25 no longer has"));
  CHECK(found.findings[1].problem.hint == "write policy/v1");
}

TEST_CASE("kubernetes: what pods ask of their node") {
  const Manifests found = read({{"a.yaml", object("Pod", "p", R"(spec:
  hostNetwork: true
  hostPID: true
  volumes: [{name: v, hostPath: {path: /var/run}}, {name: w, emptyDir: {}}]
  initContainers: [{name: i, securityContext: {capabilities: {add: [NET_ADMIN]}}}]
  containers:
    - {name: a, securityContext: {privileged: true}}
    - {name: b, securityContext: {privileged: false, capabilities: {drop: [ALL]}}}
)")}});
  std::vector<std::string> told;
  for (const release::Claim& each : claims_of(found.objects)) {
    told.push_back(std::string(release::name(each.reach)) + ": " + each.found + each.folder);
  }
  CHECK(told == std::vector<std::string>{"privileged: Pod p container a is privileged",
                                         "privileged: Pod p container i has capabilities",
                                         "host_network: Pod p uses the network of its node",
                                         "host_pid: Pod p asks for hostPID",
                                         "host_paths: Pod p mounts /var/run of its node/var/run"});
}

TEST_CASE("kubernetes: a reference is told in the words of kubectl") {
  const Reference deployment{.api_version = "apps/v1", .kind = "Deployment", .name = "web"};
  const Reference pod{.api_version = "v1", .kind = "Pod", .name = "web"};
  CHECK(deployment.resource(Version::said) == "Deployment.v1.apps");
  CHECK(deployment.resource(Version::preferred) == "Deployment.apps");
  CHECK(deployment.group() == "apps");
  CHECK(pod.resource(Version::said) == "Pod");
  CHECK(pod.group().empty());
  CHECK_FALSE(pod.is_same(deployment));
  CHECK(deployment.is_same({.api_version = "apps/v1beta1", .kind = "Deployment", .name = "web"}));
}

TEST_CASE("manifests: what no installer would read is refused where it is built") {
  const std::string text = object("ConfigMap", "a") + "#";
  CHECK(mistakes_in(text).empty());
  const std::string long_text = text + std::string(kMaxManifestBytes, '#');
  CHECK(mistakes_in(long_text) == "a.yaml: found " + std::to_string(long_text.size()) +
                                      " bytes, expected at most " +
                                      std::to_string(kMaxManifestBytes) + "\n");
}

}  // namespace sealift::kubernetes::manifests_test
