// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/claims.hpp"

#include <array>

#include "base/format.hpp"
#include "base/path.hpp"
#include "kubernetes/pods.hpp"

namespace sealift::kubernetes {

namespace {

using release::Reach;

bool says_yes(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && *found == Json(true);
}

// What makes a container more than an ordinary one; empty: nothing does.
std::string rights_of(const Json& container) {
  const Json& context = object_at(container, "securityContext");
  if (says_yes(context, "privileged")) return "is privileged";
  if (!list_at(object_at(context, "capabilities"), "add").empty()) return "has capabilities";
  if (text_at(context, "procMount") == "Unmasked") return "sees all of /proc";
  if (says_yes(object_at(context, "windowsOptions"), "hostProcess")) return "is a host process";
  return "";
}

class Claims {
 public:
  explicit Claims(std::string who) : who_(std::move(who)) {}

  void look_at(const Json& spec) {
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
      for (const Json& each : list_at(spec, list)) {
        if (const std::string rights = rights_of(each); !rights.empty()) {
          add(Reach::privileged,
              format("container {} {}", printable(text_at(each, "name"), 80), rights));
        }
      }
    }
    if (says_yes(object_at(object_at(spec, "securityContext"), "windowsOptions"), "hostProcess")) {
      add(Reach::privileged, "runs as a host process");
    }
    if (says_yes(spec, "hostNetwork")) add(Reach::host_network, "uses the network of its node");
    for (const char* key : {"hostPID", "hostIPC"}) {
      if (says_yes(spec, key)) add(Reach::host_pid, format("asks for {}", key));
    }
    for (const Json& volume : list_at(spec, "volumes")) {
      const std::string path = text_at(object_at(volume, "hostPath"), "path");
      if (path.empty()) continue;
      add(Reach::host_paths, format("mounts {} of its node", printable(path, 200)), path);
    }
  }

  std::vector<release::Claim> take() { return std::move(claims_); }

 private:
  void add(Reach reach, const std::string& found, std::string folder = {}) {
    claims_.push_back({reach, format("{} {}", who_, found), std::move(folder)});
  }

  std::string who_;
  std::vector<release::Claim> claims_;
};

}  // namespace

std::vector<release::Claim> claims_of(const std::vector<Object>& objects) {
  std::vector<release::Claim> all;
  for (const Object& object : objects) {
    Claims claims(object.reference.str());
    for_each_pod_spec(object.body, [&](const Json& spec) { claims.look_at(spec); });
    for (release::Claim& each : claims.take()) all.push_back(std::move(each));
  }
  return all;
}

}  // namespace sealift::kubernetes
