// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/delivery.hpp"

#include "installer/drivers/kubernetes/changed_fields.hpp"
#include "installer/drivers/kubernetes/cluster.hpp"
#include "tests/unit/installer/strict_reading.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::delivery_test {

namespace {

const char* const kImage =
    "docker.io/chanuka/server@sha256:"
    "0123456789012345678901234567890123456789012345678901234567890123";

KubernetesSettings settings() {
  return {.kubectl = {"kubectl"},
          .kubeconfig = "/etc/kubeconfig",
          .context = "prod",
          .name_space = "chanuka",
          .inventory = "sealift-app-01234567",
          .site = "0123456789abcdef",
          .timeout = 60,
          .take_over = {"Pod/a"},
          .canary = {"a"},
          .files = {"app.yaml"},
          .pins = {{"chanuka/server:1", kImage}},
          .objects = {{.reference = {.api_version = "v1", .kind = "Pod", .name = "a"},
                       .digest = "ab",
                       .fixed = "cd",
                       .is_replaced_if_fixed = true}}};
}

}  // namespace

TEST_CASE("kubernetes: settings come back as they were") {
  const auto read = [](const Json& value) {
    return kubernetes_settings_from_json(value, "settings");
  };
  CHECK(read(to_json(settings())) == settings());
  tests::check_strict(to_json(settings()), {"canary"}, read);
  tests::check_strict(to_json(settings())["objects"][0], {"fixed", "replace"},
                      [&](const Json& object) {
                        Json value = to_json(settings());
                        value["objects"][0] = object;
                        read(value);
                      });
}

TEST_CASE("kubernetes: the id of an ApplySet") {
  const std::string id = apply_set_id("sealift-app-01234567", "chanuka");
  // SHA-256 of "mySet.test.ConfigMap." in base64url, as Python computes it.
  CHECK(apply_set_id("mySet", "test") == "applyset-fiFtcQ4FCeVW7gziklidUyREyoDA-w5cQZHTqhw7OXM-v1");
  CHECK(id.size() <= 63);  // it is a label's value
  CHECK(id.find_first_of("+/=") == std::string::npos);
  CHECK(apply_set_id("sealift-app-01234567", "other") != id);
}

TEST_CASE("kubernetes: the inventory says the kinds of its members") {
  const Json object =
      inventory_object(settings(), {{.api_version = "apps/v1", .kind = "Deployment", .name = "a"},
                                    {.api_version = "apps/v1", .kind = "Deployment", .name = "b"},
                                    {.api_version = "v1", .kind = "ConfigMap", .name = "c"}});
  CHECK(object["metadata"]["annotations"]["applyset.kubernetes.io/contains-group-kinds"] ==
        "ConfigMap,Deployment.apps");
  CHECK(object["metadata"]["labels"]["org.sealift.site"] == "0123456789abcdef");
}

TEST_CASE("kubernetes: what is installed is given as it was") {
  const tests::ScratchFolder scratch;
  const fs::path folder = scratch.path() / "releases" / "one";
  make_dirs(folder);
  const char* const text = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "chanuka/server:1", imagePullPolicy: Always}]}
)";
  write_file(folder / "app.yaml", text, FileMode::plain);
  const Deployment deployment{
      .path = scratch.path().string(), .directory = "releases/one", .settings = {}};
  KubernetesSettings wanted = settings();
  const auto error = tests::error_of([&] { delivered_objects(deployment, wanted); });
  REQUIRE(error);
  CHECK(error->code() == Errc::corrupt);

  const std::string id = apply_set_id(wanted.inventory, wanted.name_space);
  const Json expected = {
      {"apiVersion", "apps/v1"},
      {"kind", "Deployment"},
      {"metadata",
       {{"name", "web"},
        {"namespace", "chanuka"},
        {"labels", {{"app", "web"}, {kApplySetPart, id}, {kPartOfLabel, id}}}}},
      {"spec",
       {{"template",
         {{"metadata", {{"labels", {{"app", "web"}, {kPartOfLabel, id}}}}},
          {"spec",
           {{"containers",
             Json::array({Json{
                 {"name", "app"}, {"image", kImage}, {"imagePullPolicy", "IfNotPresent"}}})}}}}}}}};
  wanted.objects = {{.reference = {.api_version = "apps/v1", .kind = "Deployment", .name = "web"},
                     .digest = Digest::of(to_canonical(expected)).hex(),
                     .fixed = {}}};
  CHECK(delivered_objects(deployment, wanted) == std::vector<Json>{expected});
}

TEST_CASE("kubernetes: what one list of objects has beside another") {
  const kubernetes::Reference a{.api_version = "apps/v1", .kind = "Deployment", .name = "a"};
  const kubernetes::Reference older{
      .api_version = "apps/v1beta1", .kind = "Deployment", .name = "a"};
  const kubernetes::Reference claim{
      .api_version = "v1", .kind = "PersistentVolumeClaim", .name = "a"};
  CHECK(without({a, claim}, {older}) == References{claim});
  CHECK(without({a}, {}) == References{a});
  CHECK(holds_data(claim));
  CHECK_FALSE(holds_data(a));
}

TEST_CASE("kubernetes: a changed field is named with who has changed it") {
  const Json live = Json::parse(R"({"kind": "Deployment", "metadata": {"name": "web",
      "generation": 3, "managedFields": [
        {"manager": "sealift", "time": "2026-01-02T00:00:00Z",
         "fieldsV1": {"f:spec": {"f:paused": {}}}},
        {"manager": "hpa", "time": "2026-01-01T00:00:00Z",
         "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "kubectl-edit", "time": "2026-01-03T00:00:00Z",
         "fieldsV1": {"f:spec": {"f:template": {"f:containers": {"k:{\"name\":\"app\"}": {}}}}}}]},
      "spec": {"replicas": 3, "template": {"containers": [{"name": "app", "image": "b"}]}},
      "status": {"replicas": 3}})");
  Json merged = live;
  merged["metadata"]["generation"] = 4;
  merged["status"] = Json::object();
  CHECK(changed_fields(live, merged).empty());
  merged["spec"]["replicas"] = 2;
  merged["spec"]["template"]["containers"][0]["image"] = "a";
  const auto found = changed_fields(live, merged);
  REQUIRE(found.size() == 2);
  CHECK(text(found[0]) == "spec.replicas is 3 (by hpa), expected 2");
  CHECK(text(found[1]) == "spec.template.containers[0].image is b (by kubectl-edit), expected a");
  CHECK(found[0].path == "Deployment web");
}

TEST_CASE("kubernetes: what a Secret holds is not told") {
  const Json live = Json::parse(R"({"kind": "Secret", "metadata": {"name": "db"},
                                    "data": {"password": "b25l"}})");
  Json merged = live;
  merged["data"]["password"] = "dHdv";
  const auto found = changed_fields(live, merged);
  REQUIRE(found.size() == 1);
  CHECK(text(found[0]) == "data.password is another");
}

}  // namespace sealift::installer::delivery_test
