// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/canary.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::kubernetes {

namespace {

constexpr std::string_view kReplicas = "replicas";
constexpr std::string_view kSpecOf = "spec";

// A new pod is ready at once, and available only after so many seconds, until when a Deployment
// goes no further. Longer than any target waits; the progress deadline has to be longer still.
constexpr int kHeldSeconds = 1'000'000;
constexpr int kHeldDeadline = 2'000'000;

constexpr std::array<std::string_view, 6> kNeededByPods = {
    "ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Secret", "PersistentVolumeClaim"};

bool is_rolled_out(const Reference& reference) {
  return reference.kind == "Deployment" || reference.kind == "StatefulSet";
}

// "Recreate", "OnDelete"; empty: what is usual.
std::string strategy_of(const Json& body) {
  const Json& spec = object_at(body, kSpecOf);
  const bool is_deployment = text_at(body, "kind") == "Deployment";
  return text_at(object_at(spec, is_deployment ? "strategy" : "updateStrategy"), "type");
}

std::int64_t whole_number(const Json& object, std::string_view key, std::int64_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                             : otherwise;
}

std::int64_t replicas_of(const Json& body) {
  return whole_number(object_at(body, kSpecOf), kReplicas, 1);
}

}  // namespace

void check_canaries(const std::vector<std::string>& names, const std::vector<Object>& objects,
                    Problems& problems) {
  for (const std::string& name : names) {
    bool is_there = false;
    for (const Object& each : objects) {
      if (each.reference.name != name || !is_rolled_out(each.reference)) continue;
      is_there = true;
      const std::string strategy = strategy_of(each.body);
      if (strategy.empty() || strategy == "RollingUpdate") continue;
      problems.add(format("canary: {}: {} has the strategy {}, with which no pod goes first",
                          each.place, each.reference.str(), printable(strategy, 80)),
                   "write RollingUpdate, or leave it out of canary");
    }
    if (is_there) continue;
    problems.add(format("canary: no Deployment or StatefulSet is called {}", printable(name, 80)),
                 "correct it in release.yaml");
  }
}

bool is_canary(const Reference& reference, const std::vector<std::string>& names) {
  return is_rolled_out(reference) &&
         std::find(names.begin(), names.end(), reference.name) != names.end();
}

bool can_go_first(const Json& live, const Json& merged) {
  const std::int64_t least = text_at(live, "kind") == "Deployment" ? 1 : 2;
  return replicas_of(live) >= least && object_at(object_at(live, kSpecOf), "template") !=
                                           object_at(object_at(merged, kSpecOf), "template");
}

Json held_after_first(Json body, const Json& live) {
  const std::int64_t replicas = replicas_of(live);
  const bool is_deployment = text_at(body, "kind") == "Deployment";
  Json& spec = body[std::string(kSpecOf)];
  if (spec.contains(kReplicas)) spec[std::string(kReplicas)] = replicas;
  if (is_deployment) {
    spec["strategy"] = {{"type", "RollingUpdate"},
                        {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}};
    spec["minReadySeconds"] = kHeldSeconds;
    spec["progressDeadlineSeconds"] = kHeldDeadline;
  } else {
    const Json& own = object_at(object_at(spec, "updateStrategy"), "rollingUpdate");
    const std::int64_t partition = std::max(whole_number(own, "partition", 0), replicas - 1);
    spec["updateStrategy"] = {{"type", "RollingUpdate"},
                              {"rollingUpdate", {{"partition", partition}}}};
  }
  return body;
}

bool is_needed_by_pods(const std::string& kind) {
  return std::find(kNeededByPods.begin(), kNeededByPods.end(), kind) != kNeededByPods.end();
}

}  // namespace sealift::kubernetes
