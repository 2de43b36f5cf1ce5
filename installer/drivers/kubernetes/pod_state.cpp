// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/pod_state.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

// Reasons of a waiting container that no time cures.
constexpr std::array<std::string_view, 6> kHopeless = {
    "ImagePullBackOff", "ErrImageNeverPull",          "InvalidImageName",
    "CrashLoopBackOff", "CreateContainerConfigError", "RunContainerError"};
constexpr std::size_t kMaxWords = 400;

// Volumes that are made when a pod asks for them take a while.
bool waits_for_volume(const std::string& message) {
  return message.find("unbound") != message.npos ||
         message.find("persistentvolumeclaim") != message.npos;
}

PodState of_schedule(const Json& pod) {
  const Json& scheduled = condition_of(pod, "PodScheduled");
  if (text_at(scheduled, "status") != "False" || text_at(scheduled, "reason") != "Unschedulable") {
    return {};
  }
  const std::string message = text_at(scheduled, "message");
  return {.found = format("Unschedulable: {}", printable(message, kMaxWords)),
          .is_final = !waits_for_volume(message),
          .waits_for_room = true};
}

PodState of_container(const Json& status) {
  const std::string name = text_at(status, "name");
  const Json& waiting = object_at(object_at(status, "state"), "waiting");
  const std::string reason = text_at(waiting, "reason");
  if (reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing") {
    const Json& ended = object_at(object_at(status, "state"), "terminated");
    const auto code = ended.find("exitCode");
    if (code == ended.end() || *code == Json(0)) return {};
    return {.found = format("container {}: has ended with status {}", name, code->dump()),
            .container = name};
  }
  const std::string message = text_at(waiting, "message");
  return {.found = format("container {}: {}{}{}", name, printable(reason, 80),
                          message.empty() ? "" : ": ", printable(message, kMaxWords)),
          .container = name,
          .is_final = std::find(kHopeless.begin(), kHopeless.end(), reason) != kHopeless.end(),
          .has_died = reason == "CrashLoopBackOff"};
}

}  // namespace

const Json& condition_of(const Json& object, std::string_view type) {
  static const Json none;
  const Json& conditions = list_at(object_at(object, "status"), "conditions");
  for (const Json& each : conditions) {
    if (text_at(each, "type") == type) return each;
  }
  return none;
}

PodState state_of_pod(const Json& pod) {
  if (PodState state = of_schedule(pod); !state.found.empty()) return state;
  PodState first;
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : list_at(object_at(pod, "status"), list)) {
      PodState state = of_container(status);
      if (state.is_final) return state;
      if (first.found.empty()) first = std::move(state);
    }
  }
  return first;
}

}  // namespace sealift::installer
