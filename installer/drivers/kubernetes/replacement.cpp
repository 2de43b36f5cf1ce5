// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/replacement.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubernetes/pod_state.hpp"
#include "kubernetes/fixed_fields.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kTrialDigits = 12;  // of a name that nothing else has
constexpr std::string_view kSpecKey = "spec";
constexpr std::string_view kPortsKey = "ports";
constexpr std::string_view kNodePort = "nodePort";

// A body, and the object on the server that has its name.
struct Pair {
  const Json* body;
  Json live;
};

// What may be replaced, as far as it is there.
std::vector<Pair> candidates(const Cluster& cluster, const std::vector<Json>& bodies) {
  References kinds;
  for (const Json& each : bodies) kinds.push_back(kubernetes::reference_of(each));
  std::vector<Pair> found;
  for (Json& live : cluster.own(kinds)) {
    const kubernetes::Reference reference = kubernetes::reference_of(live);
    const Json* body = find_object(reference, bodies);
    if (body == nullptr || holds_data(reference)) continue;
    if (!kubernetes::may_be_replaced(*body) && !kubernetes::may_be_replaced(live)) continue;
    found.push_back({body, std::move(live)});
  }
  return found;
}

// One question for all of them, and more only where it is answered with a refusal.
std::vector<Pair> to_replace_of(const Cluster& cluster, std::vector<Pair> all,
                                Conflicts conflicts) {
  std::vector<Json> bodies;
  for (const Pair& each : all) {
    if (!is_ending(each.live)) bodies.push_back(*each.body);
  }
  const bool is_any_refused = !cluster.refusal_of(bodies, conflicts).empty();
  std::erase_if(all, [&](const Pair& each) {
    if (is_ending(each.live)) return false;
    return !is_any_refused ||
           !kubernetes::tells_of_fixed_field(cluster.refusal_of({*each.body}, conflicts));
  });
  return all;
}

References references_of(const std::vector<Pair>& all) {
  References found;
  for (const Pair& each : all) found.push_back(kubernetes::reference_of(*each.body));
  return found;
}

// Under another name nothing of it is there yet. The ports of the nodes are those of the object
// that goes.
Json as_if_new(Json body, const std::string& name) {
  body["metadata"]["name"] = name;
  if (kubernetes::reference_of(body).kind != "Service") return body;
  if (const auto spec = body.find(kSpecKey); spec != body.end()) {
    if (const auto ports = spec->find(kPortsKey); ports != spec->end()) {
      for (Json& port : *ports) port.erase(kNodePort);
    }
  }
  return body;
}

std::string claims_would_go(const kubernetes::Reference& reference) {
  return format(
      "{}: cannot be replaced: found persistentVolumeClaimRetentionPolicy.whenDeleted: "
      "Delete, with which its claims on volumes would be deleted",
      reference.str());
}

constexpr const char* kRetainHint = "set whenDeleted: Retain first, in a release of its own";

}  // namespace

References to_replace(const Cluster& cluster, const std::vector<Json>& bodies,
                      Conflicts conflicts) {
  return references_of(to_replace_of(cluster, candidates(cluster, bodies), conflicts));
}

References try_replacement(const Cluster& cluster, const std::vector<Json>& bodies,
                           Problems& problems) {
  const std::vector<Pair> replaced =
      to_replace_of(cluster, candidates(cluster, bodies), Conflicts::refused);
  for (const Pair& each : replaced) {
    const kubernetes::Reference reference = kubernetes::reference_of(*each.body);
    if (kubernetes::gives_up_claims(each.live) || kubernetes::gives_up_claims(*each.body)) {
      problems.add(claims_would_go(reference), kRetainHint);
      continue;
    }
    const std::string name = format(
        "sealift-trial-{}", Digest::of(to_canonical(*each.body)).hex().substr(0, kTrialDigits));
    std::string words = cluster.refusal_of({as_if_new(*each.body, name)}, Conflicts::won);
    if (words.empty()) continue;
    replace_all(words, name, reference.name);
    problems.add(format("{}: as a new object: {}", reference.str(), words),
                 "correct the manifest in the release");
  }
  return references_of(replaced);
}

void make_way(const Cluster& cluster, const std::vector<Json>& bodies, Conflicts conflicts,
              StepIo& io) {
  const std::vector<Pair> doomed = to_replace_of(cluster, candidates(cluster, bodies), conflicts);
  if (doomed.empty()) return;
  std::vector<std::string> names;
  for (const Pair& each : doomed) {
    const kubernetes::Reference reference = kubernetes::reference_of(*each.body);
    if (kubernetes::gives_up_claims(each.live)) {
      throw Error(Errc::target_failed, claims_would_go(reference), kRetainHint);
    }
    names.push_back(reference.str());
  }
  log::detail(format("deleted and created with other values: {}", joined(names)));
  io.progress.wait_for(format("the end of {}", joined(names)),
                       std::chrono::seconds(cluster.kubectl().settings().timeout));
  cluster.remove(references_of(doomed));
}

}  // namespace sealift::installer
