// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/readiness.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/kubernetes/pod_state.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kRevision = "deployment.kubernetes.io/revision";
constexpr const char* kGeneration = "deprecated.daemonset.template.generation";

Complaint waits(std::string found) {
  return {.found = std::move(found), .is_final = false};
}

Complaint fails(std::string found) {
  return {.found = std::move(found), .is_final = true};
}

std::string annotation(const Json& object, const char* name) {
  return text_at(object_at(object_at(object, "metadata"), "annotations"), name);
}

std::string label(const Json& object, const char* name) {
  return text_at(object_at(object_at(object, "metadata"), "labels"), name);
}

// Whether the controller has seen what was asked for: until then its word is about what was before.
bool is_taken_up(const Json& object) {
  const std::int64_t wanted = number_at(object_at(object, "metadata"), "generation", 0);
  return number_at(object_at(object, "status"), "observedGeneration", 0) >= wanted;
}

Complaint judge_counts(std::int64_t wanted, std::int64_t made, std::int64_t good,
                       const char* what) {
  if (made < wanted) return waits(format("{} of {} pods are new", made, wanted));
  if (good < wanted) return waits(format("{} of {} pods are {}", good, wanted, what));
  return {};
}

Complaint judge_deployment(const Json& object) {
  const Json& status = object_at(object, "status");
  if (!is_taken_up(object)) return waits("is not taken up yet");
  const std::int64_t wanted = number_at(object_at(object, "spec"), "replicas", 1);
  const std::int64_t updated = number_at(status, "updatedReplicas", 0);
  const std::int64_t available = number_at(status, "availableReplicas", 0);
  const Json& progressing = condition_of(object, "Progressing");
  if (text_at(progressing, "status") == "False" &&
      text_at(progressing, "reason") == "ProgressDeadlineExceeded") {
    return fails(format("has exceeded its progress deadline: {} of {} pods are new, {} available",
                        updated, wanted, available));
  }
  const Json& failure = condition_of(object, "ReplicaFailure");
  if (text_at(failure, "status") == "True" && updated < wanted) {
    return fails(format("no pod can be made: {}", printable(text_at(failure, "message"), 400)));
  }
  const std::int64_t all = number_at(status, "replicas", 0);
  if (Complaint few = judge_counts(wanted, updated, wanted, ""); !few.found.empty()) {
    return few;
  }
  if (all > updated) return waits(format("{} old pods still run", all - updated));
  return judge_counts(updated, updated, available, "available");
}

bool is_updated_by_hand(const Json& object) {
  return text_at(object_at(object_at(object, "spec"), "updateStrategy"), "type") == "OnDelete";
}

std::int64_t partition_of(const Json& object) {
  const Json& strategy = object_at(object_at(object, "spec"), "updateStrategy");
  return number_at(object_at(strategy, "rollingUpdate"), "partition", 0);
}

Complaint judge_stateful_set(const Json& object) {
  const Json& status = object_at(object, "status");
  const Json& spec = object_at(object, "spec");
  if (!is_taken_up(object)) return waits("is not taken up yet");
  const std::int64_t wanted = number_at(spec, "replicas", 1);
  const std::int64_t ready = number_at(status, "readyReplicas", 0);
  if (is_updated_by_hand(object)) return judge_counts(wanted, wanted, ready, "ready");
  const std::int64_t kept = std::min(wanted, partition_of(object));
  const std::int64_t updated = number_at(status, "updatedReplicas", 0);
  // With no update under way, all pods are of the one revision that there is.
  const bool is_settled = text_at(status, "currentRevision") == text_at(status, "updateRevision");
  if (!is_settled && updated < wanted - kept) {
    return waits(format("{} of {} pods are new", updated, wanted - kept));
  }
  Complaint few = judge_counts(wanted, wanted, ready, "ready");
  if (!few.found.empty() || is_settled || kept > 0) return few;
  return waits("is not done with its update");
}

Complaint judge_daemon_set(const Json& object) {
  const Json& status = object_at(object, "status");
  if (!is_taken_up(object)) return waits("is not taken up yet");
  const std::int64_t wanted = number_at(status, "desiredNumberScheduled", 0);
  const std::int64_t updated =
      is_updated_by_hand(object) ? wanted : number_at(status, "updatedNumberScheduled", 0);
  return judge_counts(wanted, updated, number_at(status, "numberAvailable", 0), "available");
}

Complaint judge_replica_set(const Json& object) {
  if (!is_taken_up(object)) return waits("is not taken up yet");
  const std::int64_t wanted = number_at(object_at(object, "spec"), "replicas", 1);
  return judge_counts(wanted, wanted,
                      number_at(object_at(object, "status"), "availableReplicas", 0), "available");
}

Complaint judge_job(const Json& object) {
  const Json& failed = condition_of(object, "Failed");
  if (text_at(failed, "status") == "True") {
    return fails(format("has failed: {}: {}", printable(text_at(failed, "reason"), 80),
                        printable(text_at(failed, "message"), 400)));
  }
  if (text_at(condition_of(object, "Complete"), "status") == "True") return {};
  if (says_yes(object_at(object, "spec"), "suspend")) return {};
  return waits("is not complete");
}

Complaint judge_pod(const Json& object) {
  const std::string phase = text_at(object_at(object, "status"), "phase");
  if (phase == "Succeeded") return {};
  if (phase == "Failed") return fails("has failed");
  if (text_at(condition_of(object, "Ready"), "status") == "True") return {};
  return waits("is not ready");
}

// One that no pod mounts yet may wait for the first that does: whoever waits for it says so.
Complaint judge_claim(const Json& object) {
  if (text_at(object_at(object, "status"), "phase") == "Lost") return fails("its volume is lost");
  return {};
}

// Objects of kinds that are not known here say by their conditions how they are, where they say it.
Complaint judge_other(const Json& object) {
  const Json& status = object_at(object, "status");
  if (number_at(status, "observedGeneration", -1) >= 0 && !is_taken_up(object))
    return waits("is not taken up yet");
  const auto said = [&](const Json& condition) {
    return format("is {}: {}", printable(text_at(condition, "type"), 80),
                  printable(text_at(condition, "message"), 400));
  };
  if (const Json& stalled = condition_of(object, "Stalled"); text_at(stalled, "status") == "True") {
    return fails(said(stalled));
  }
  if (const Json& busy = condition_of(object, "Reconciling"); text_at(busy, "status") == "True") {
    return waits(said(busy));
  }
  const Json& ready = condition_of(object, "Ready");
  if (!ready.empty() && text_at(ready, "status") != "True") {
    return waits(format("is not ready: {}", printable(text_at(ready, "message"), 400)));
  }
  return {};
}

using Judge = Complaint (*)(const Json& object);

Judge judge_of(const std::string& kind) {
  static constexpr std::array kJudges = {
      std::pair{std::string_view("Deployment"), &judge_deployment},
      std::pair{std::string_view("StatefulSet"), &judge_stateful_set},
      std::pair{std::string_view("DaemonSet"), &judge_daemon_set},
      std::pair{std::string_view("ReplicaSet"), &judge_replica_set},
      std::pair{std::string_view("ReplicationController"), &judge_replica_set},
      std::pair{std::string_view("Job"), &judge_job},
      std::pair{std::string_view("Pod"), &judge_pod},
      std::pair{std::string_view("PersistentVolumeClaim"), &judge_claim}};
  const auto* found = std::find_if(kJudges.begin(), kJudges.end(),
                                   [&](const auto& each) { return each.first == kind; });
  return found == kJudges.end() ? &judge_other : found->second;
}

bool is_ready_pod(const Json& pod) {
  return text_at(condition_of(pod, "Ready"), "status") == "True";
}

// The number of a pod of a StatefulSet, by which an update goes.
std::int64_t ordinal_of(const Json& pod) {
  const std::string name = text_at(object_at(pod, "metadata"), "name");
  const std::size_t dash = name.rfind('-');
  std::int64_t ordinal = -1;
  if (dash != name.npos) {
    std::from_chars(name.data() + dash + 1, name.data() + name.size(), ordinal);
  }
  return ordinal;
}

bool is_owned_by(const Json& object, const Json& owner) {
  const std::string uid = text_at(object_at(owner, "metadata"), "uid");
  const Json& owners = list_at(object_at(object, "metadata"), "ownerReferences");
  return std::any_of(owners.begin(), owners.end(),
                     [&](const Json& each) { return text_at(each, "uid") == uid; });
}

Objects owned_by(const Json& owner, const Objects& all, std::string_view kind) {
  Objects found;
  for (const Json& each : all) {
    if (text_at(each, "kind") == kind && is_owned_by(each, owner)) found.push_back(each);
  }
  return found;
}

// While a pod of before still ends, a new one may have to wait for its place.
bool is_any_ending(const Objects& all) {
  return std::any_of(all.begin(), all.end(), [](const Json& each) {
    return text_at(each, "kind") == "Pod" && is_ending(each);
  });
}

}  // namespace

Objects fresh_pods(const Json& object, const Objects& all) {
  const std::string kind = text_at(object, "kind");
  if (kind == "Pod") return {object};
  Objects pods;
  if (kind == "Deployment") {
    for (const Json& set : owned_by(object, all, "ReplicaSet")) {
      if (annotation(set, kRevision) == annotation(object, kRevision)) {
        pods = owned_by(set, all, "Pod");
      }
    }
  } else {
    pods = owned_by(object, all, "Pod");
  }
  std::erase_if(pods, [&](const Json& pod) {
    if (is_ending(pod)) return true;
    if (kind == "StatefulSet") {
      return label(pod, "controller-revision-hash") !=
             text_at(object_at(object, "status"), "updateRevision");
    }
    if (kind == "DaemonSet") {
      return label(pod, "pod-template-generation") != annotation(object, kGeneration);
    }
    return false;
  });
  return pods;
}

Objects running_pods(const Json& object, const Objects& all) {
  Objects pods = owned_by(object, all, "Pod");
  for (const Json& set : owned_by(object, all, "ReplicaSet")) {
    for (Json& each : owned_by(set, all, "Pod")) pods.push_back(std::move(each));
  }
  std::erase_if(pods, [](const Json& pod) {
    const std::string phase = text_at(object_at(pod, "status"), "phase");
    return phase == "Succeeded" || phase == "Failed";
  });
  return pods;
}

ObjectComplaint judge_object(const Json& object, const Objects& all) {
  if (is_ending(object)) {
    return {.complaint = waits("is being deleted")};
  }
  ObjectComplaint found{.complaint = judge_of(text_at(object, "kind"))(object)};
  if (found.complaint.found.empty()) return found;
  const bool makes_room = is_any_ending(all);
  const Complaint own = found.complaint;
  // What the object itself says of its end, a pod's word only explains.
  const bool is_own = own.is_final && text_at(object, "kind") != "Pod";
  for (const Json& pod : fresh_pods(object, all)) {
    const PodState state = state_of_pod(pod);
    if (state.found.empty()) continue;
    const bool is_final = state.is_final && !(state.waits_for_room && makes_room);
    // The first pod that cannot come says why; of others, that of any is as good.
    if (found.pod.empty() || is_final) {
      found.pod = text_at(object_at(pod, "metadata"), "name");
      found.container = state.container;
      found.has_died = state.has_died;
      const std::string of_pod = format("pod {}: {}", found.pod, state.found);
      found.complaint = {.found = is_own ? format("{}; {}", own.found, of_pod) : of_pod,
                         .is_final = is_final || is_own};
    }
    if (is_final) return found;
  }
  if (makes_room && text_at(condition_of(object, "ReplicaFailure"), "status") == "True") {
    found.complaint.is_final = false;
  }
  return found;
}

ObjectComplaint judge_first_pod(const Json& object, const Objects& all) {
  ObjectComplaint found = judge_object(object, all);
  if (found.complaint.found.empty() || found.complaint.is_final || !is_taken_up(object)) {
    return found;
  }
  const Objects pods = fresh_pods(object, all);
  if (std::any_of(pods.begin(), pods.end(), &is_ready_pod)) return {};
  if (found.pod.empty()) found.complaint = waits("its first new pod is not ready");
  return found;
}

StuckPod stuck_pod(const Json& object, const Objects& all) {
  const std::string newest = text_at(object_at(object, "status"), "updateRevision");
  const bool is_replaced_here = text_at(object, "kind") == "StatefulSet" && is_taken_up(object) &&
                                !is_updated_by_hand(object) && !newest.empty();
  if (!is_replaced_here) return {};
  StuckPod found;
  for (const Json& pod : owned_by(object, all, "Pod")) {
    if (is_ending(pod)) return {};
    if (is_ready_pod(pod)) continue;
    if (label(pod, "controller-revision-hash") == newest) return {};
    if (ordinal_of(pod) < partition_of(object) || !found.name.empty()) continue;
    found = {.name = text_at(object_at(pod, "metadata"), "name"),
             .is_hopeless = state_of_pod(pod).is_final};
  }
  return found;
}

}  // namespace sealift::installer
