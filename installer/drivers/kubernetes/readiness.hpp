// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether an object of Kubernetes is as it was asked to be, told from what a server says of it and
// of the pods that it has made. By the rules of kstatus and of `kubectl rollout status`, and with
// those failures that waiting will not cure.

#include <chrono>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/drivers/runtime/runtime.hpp"

namespace sealift::installer {

inline constexpr std::chrono::milliseconds kBetweenLooks{500};  // at what controllers do

// Objects as a server gives them, all of a namespace that may be of interest to each other.
using Objects = std::vector<Json>;

// What keeps an object from being ready; empty: nothing does.
struct ObjectComplaint {
  Complaint complaint;
  // The pod and container at fault; empty: none is known.
  std::string pod = {};
  std::string container = {};
  bool has_died = false;  // the container that ran before that one has something to say
};

// `all` has the object's ReplicaSets and pods, among others.
ObjectComplaint judge_object(const Json& object, const Objects& all);

// What keeps the first pod of its newest making from being ready; the others may be old.
ObjectComplaint judge_first_pod(const Json& object, const Objects& all);

// The pods that an object's newest making has: those of an earlier one say nothing of it.
Objects fresh_pods(const Json& object, const Objects& all);

// All pods that an object has made and that may still run, of whichever making, ending ones too.
Objects running_pods(const Json& object, const Objects& all);

// A pod that keeps a StatefulSet from its newest making: it is of another one and not ready, and a
// controller waits for that before it replaces any. Empty: there is none, or another pod of the set
// comes or goes just now.
struct StuckPod {
  std::string name = {};
  bool is_hopeless = false;  // it will never be ready
};
StuckPod stuck_pod(const Json& object, const Objects& all);

}  // namespace sealift::installer
