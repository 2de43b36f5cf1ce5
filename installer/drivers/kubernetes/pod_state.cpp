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
    const std::int64_t code = number_at(ended, "exitCode", 0);
    if (code == 0) return {};
    return {.found = format("container {}: has ended with status {}", name, code),
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

std::int64_t number_at(const Json& object, std::string_view key, std::int64_t otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                             : otherwise;
}

bool says_yes(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && *found == Json(true);
}

bool is_ending(const Json& object) {
  return !text_at(object_at(object, "metadata"), "deletionTimestamp").empty();
}

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
