// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/fixed_fields.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/digest.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::kubernetes {

namespace {

using Keys = std::vector<std::string_view>;

// Validation of updates in pkg/apis and pkg/registry of Kubernetes 1.20 to 1.34.
const std::map<std::string_view, Keys>& fixed_keys_of_specs() {
  static const std::map<std::string_view, Keys> keys = {
      {"DaemonSet", {"selector"}},
      {"Deployment", {"selector"}},
      {"ReplicaSet", {"selector"}},
      {"Service", {"clusterIP", "clusterIPs"}},
      {"StatefulSet", {"selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"}},
      {"Job",
       {"selector", "template", "completions", "completionMode", "manualSelector",
        "podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "managedBy"}}};
  return keys;
}

// How servers of 1.20 and later say it, and custom resources by convention.
constexpr std::array<std::string_view, 5> kSayings = {
    "immutable", "updates to statefulset spec for fields other than", "may not change once set",
    "cannot change roleRef", "pod updates may not change fields other than"};

constexpr std::string_view kAnnotations = "annotations";

Json those_of(const Json& object, const Keys& keys) {
  Json found = Json::object();
  for (const std::string_view key : keys) {
    if (const auto each = object.find(key); each != object.end()) found[std::string(key)] = *each;
  }
  return found;
}

bool is_immutable(const Json& body) {
  const auto said = body.find(std::string_view("immutable"));
  return said != body.end() && *said == Json(true);
}

// null: it has none.
Json fixed_fields(const Json& body) {
  const std::string kind = text_at(body, "kind");
  if (const auto keys = fixed_keys_of_specs().find(kind); keys != fixed_keys_of_specs().end()) {
    return those_of(object_at(body, "spec"), keys->second);
  }
  if (kind == "Pod") return object_at(body, "spec");
  if (kind == "RoleBinding") return object_at(body, "roleRef");
  if (kind != "ConfigMap" && kind != "Secret") return {};
  Json fixed = those_of(body, {"type"});
  if (is_immutable(body)) {
    const Json content = those_of(body, {"immutable", "data", "binaryData"});
    for (const auto& [key, value] : content.items()) fixed[key] = value;
  }
  return fixed;
}

}  // namespace

bool may_be_replaced(const Json& body) {
  return text_at(object_at(object_at(body, "metadata"), kAnnotations), kReplaceMark) == "true";
}

void check_replace_mark(const Object& object, Problems& problems) {
  const Json& annotations = object_at(object_at(object.body, "metadata"), kAnnotations);
  const auto mark = annotations.find(std::string_view(kReplaceMark));
  if (mark == annotations.end()) return;
  const std::string where =
      format("{}: {}: metadata.annotations.{}", object.place, object.reference.str(), kReplaceMark);
  if (*mark != Json("true")) {
    problems.add(format("{}: found {}, expected \"true\"", where, printable(mark->dump(), 80)),
                 "write \"true\" in quotes, or leave the annotation out");
  } else if (object.reference.kind == "PersistentVolumeClaim") {
    problems.add(format("{}: found it at an object that holds data, which is never deleted", where),
                 "leave the annotation out, and give a claim that has to be another a new name");
  } else if (gives_up_claims(object.body)) {
    problems.add(format("{}: found persistentVolumeClaimRetentionPolicy.whenDeleted: Delete, with "
                        "which a replacement would delete the claims on volumes",
                        where),
                 "write whenDeleted: Retain");
  }
}

bool gives_up_claims(const Json& body) {
  return text_at(body, "kind") == "StatefulSet" &&
         text_at(object_at(object_at(body, "spec"), "persistentVolumeClaimRetentionPolicy"),
                 "whenDeleted") == "Delete";
}

std::string fixed_digest(const Json& body) {
  const Json fixed = fixed_fields(body);
  return fixed.empty() ? "" : Digest::of(to_canonical(fixed)).hex();
}

bool tells_of_fixed_field(std::string_view words) {
  return std::any_of(kSayings.begin(), kSayings.end(),
                     [&](std::string_view each) { return words.find(each) != words.npos; });
}

}  // namespace sealift::kubernetes
