// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/canary.hpp"

#include <catch2/catch.hpp>

namespace sealift::kubernetes::canary_test {

namespace {

Json workload(const std::string& kind, Json spec) {
  return {{"apiVersion", "apps/v1"},
          {"kind", kind},
          {"metadata", {{"name", "web"}}},
          {"spec", std::move(spec)}};
}

std::vector<std::string> mistakes_of(const Json& body, const std::vector<std::string>& names) {
  Problems problems;
  check_canaries(names, {{.reference = reference_of(body), .body = body, .place = "a.yaml:1"}},
                 problems);
  std::vector<std::string> all;
  for (const Problem& each : problems.all()) all.push_back(each.message);
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("kubernetes: a canary is a Deployment or a StatefulSet that rolls out") {
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    CHECK(mistakes_of(workload(kind, Json::object()), {"web"}).empty());
    CHECK(is_canary(reference_of(workload(kind, Json::object())), {"web"}));
    CHECK(!is_canary(reference_of(workload(kind, Json::object())), {"api"}));
  }
  CHECK(!is_canary(reference_of(workload("DaemonSet", Json::object())), {"web"}));
  const Texts missing = {"canary: no Deployment or StatefulSet is called api"};
  CHECK(mistakes_of(workload("Deployment", Json::object()), {"web", "api"}) == missing);
  CHECK(mistakes_of(workload("DaemonSet", Json::object()), {"api"}) == missing);
  CHECK(mistakes_of(workload("Deployment", {{"strategy", {{"type", "Recreate"}}}}), {"web"}) ==
        Texts{"canary: a.yaml:1: Deployment web has the strategy Recreate, with which no pod goes "
              "first"});
  CHECK(mistakes_of(workload("StatefulSet", {{"updateStrategy", {{"type", "OnDelete"}}}}), {"web"})
            .size() == 1);
}

TEST_CASE("kubernetes: one pod goes first where pods are replaced") {
  const auto of = [](const char* kind, int replicas, const char* version) {
    return workload(kind, {{"replicas", replicas}, {"template", {{"v", version}}}});
  };
  CHECK(can_go_first(of("Deployment", 1, "1"), of("Deployment", 1, "2")));
  CHECK(!can_go_first(of("Deployment", 1, "1"), of("Deployment", 3, "1")));
  CHECK(!can_go_first(of("Deployment", 0, "1"), of("Deployment", 3, "2")));
  CHECK(can_go_first(of("StatefulSet", 2, "1"), of("StatefulSet", 2, "2")));
  CHECK(!can_go_first(of("StatefulSet", 1, "1"), of("StatefulSet", 1, "2")));
}

TEST_CASE("kubernetes: a Deployment is held beside all of its old pods") {
  const Json live = workload("Deployment", {{"replicas", 3}});
  const Json held = held_after_first(workload("Deployment", {{"replicas", 5}}), live);
  CHECK(held["spec"]["replicas"] == 3);
  CHECK(held["spec"]["strategy"]["rollingUpdate"] == Json{{"maxSurge", 1}, {"maxUnavailable", 0}});
  // A server refuses a progress deadline that is not longer.
  CHECK(held["spec"]["progressDeadlineSeconds"].get<std::int64_t>() >
        held["spec"]["minReadySeconds"].get<std::int64_t>());
  // An autoscaler's number is nobody else's.
  CHECK(
      !held_after_first(workload("Deployment", Json::object()), live)["spec"].contains("replicas"));
}

TEST_CASE("kubernetes: of a StatefulSet the last pod goes first") {
  const Json live = workload("StatefulSet", {{"replicas", 4}});
  const auto partition_of = [&](Json spec) {
    return held_after_first(workload("StatefulSet", std::move(spec)),
                            live)["spec"]["updateStrategy"]["rollingUpdate"]["partition"];
  };
  CHECK(partition_of({{"replicas", 4}}) == 3);
  CHECK(partition_of({{"updateStrategy", {{"rollingUpdate", {{"partition", 4}}}}}}) == 4);
}

}  // namespace sealift::kubernetes::canary_test
