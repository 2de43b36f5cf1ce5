// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/habits.hpp"

#include <algorithm>
#include <optional>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "kubernetes/pods.hpp"

namespace sealift::kubernetes {

namespace {

using Names = std::vector<std::string>;
using Test = bool (*)(const Json& container, const Json& pod);

bool says_word(const Json& object, std::string_view key, const Json& word) {
  const auto found = object.find(key);
  return object.is_object() && found != object.end() && *found == word;
}

bool lacks_resources(const Json& container, const Json&) {
  const Json& resources = object_at(container, "resources");
  const Json& requests = object_at(resources, "requests");
  const Json& limits = object_at(resources, "limits");
  // A limit alone is a request as well.
  const auto asks = [&](std::string_view what) {
    return requests.contains(what) || limits.contains(what);
  };
  return !asks("cpu") || !asks("memory") || !limits.contains(std::string_view("memory"));
}

bool lacks_readiness(const Json& container, const Json&) {
  return object_at(container, "readinessProbe").empty();
}

// What the container says comes before what its pod says.
bool lacks_security(const Json& container, const Json& pod) {
  const Json& own = object_at(container, "securityContext");
  const Json& shared = object_at(pod, "securityContext");
  const bool is_said = own.contains(std::string_view("runAsNonRoot"));
  return !says_word(is_said ? own : shared, "runAsNonRoot", true) ||
         !says_word(own, "allowPrivilegeEscalation", false);
}

Names containers_where(const Object& object, Test test) {
  Names names;
  for_each_pod_spec(object.body, [&](const Json& pod) {
    for (const Json& container : list_at(pod, "containers")) {
      if (test(container, pod)) names.push_back(printable(text_at(container, "name"), 80));
    }
  });
  return names;
}

std::optional<std::uint64_t> read_replicas(const Json& spec) {
  const auto said = spec.find("replicas");
  const bool is_number = spec.is_object() && said != spec.end() && said->is_number_unsigned();
  return is_number ? std::optional(said->get<std::uint64_t>()) : std::nullopt;
}

// By its own word, or because an autoscaler may make it so.
bool is_replicated(const Object& object, const std::vector<Object>& all) {
  const std::string& kind = object.reference.kind;
  if (kind != "Deployment" && kind != "StatefulSet") return false;
  const auto replicas = read_replicas(object_at(object.body, "spec"));
  if (replicas) return *replicas > 1;
  return std::any_of(all.begin(), all.end(), [&](const Object& other) {
    const Json& target = object_at(object_at(other.body, "spec"), "scaleTargetRef");
    return other.reference.kind == "HorizontalPodAutoscaler" && text_at(target, "kind") == kind &&
           text_at(target, "name") == object.reference.name;
  });
}

// A selector of expressions alone is taken for one that matches: nobody is told what may be there.
bool has_budget(const Object& object, const std::vector<Object>& all) {
  const Json& labels = object_at(
      object_at(object_at(object_at(object.body, "spec"), "template"), "metadata"), "labels");
  return std::any_of(all.begin(), all.end(), [&](const Object& other) {
    if (other.reference.kind != "PodDisruptionBudget") return false;
    const Json& wanted =
        object_at(object_at(object_at(other.body, "spec"), "selector"), "matchLabels");
    const auto& items = wanted.items();
    return std::all_of(items.begin(), items.end(), [&](const auto& each) {
      return each.second == text_at(labels, each.first);
    });
  });
}

class Habits {
 public:
  explicit Habits(const std::vector<Object>& objects) : objects_(objects) {}

  std::vector<Finding> all() {
    for (const Object& each : objects_) look_at(each);
    return std::move(findings_);
  }

 private:
  void add(const Object& object, const char* rule, Finding::Weight weight, const std::string& found,
           const std::string& hint) {
    const Reference& reference = object.reference;
    findings_.push_back(
        {.rule = rule,
         .object = format("{}/{}", reference.kind, reference.name),
         .problem = {format("{}: {}: {}", object.place, printable(reference.str(), 200), found),
                     hint},
         .weight = weight});
  }

  void look_at(const Object& object) {
    const auto warn = [&](const char* rule, Test test, const std::string& found,
                          const std::string& hint) {
      const Names names = containers_where(object, test);
      if (names.empty()) return;
      add(object, rule, Finding::Weight::warning, format("container {}: {}", joined(names), found),
          hint);
    };
    warn(kResources, lacks_resources, "found no requests of cpu and memory, or no limit of memory",
         "resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}: without them "
         "a pod takes from others, and is the first to go");
    if (keeps_pods(object.reference.kind)) {
      warn(kReadiness, lacks_readiness, "found no readinessProbe",
           "without it a pod counts as ready as soon as it has started, and a release that serves "
           "nothing as installed");
    }
    warn(kSecurity, lacks_security, "may run as root, or get more rights than it was started with",
         "securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}");
    if (is_replicated(object, objects_) && !has_budget(object, objects_)) {
      add(object, kBudget, Finding::Weight::warning,
          "found several replicas without a PodDisruptionBudget",
          "with one a node that is emptied takes one pod after the other: minAvailable: 1");
    }
  }

  const std::vector<Object>& objects_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_habits(const std::vector<Object>& objects) {
  return Habits(objects).all();
}

}  // namespace sealift::kubernetes
