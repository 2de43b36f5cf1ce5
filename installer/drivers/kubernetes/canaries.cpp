// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/canaries.hpp"

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubernetes/kubernetes_watch.hpp"
#include "installer/drivers/kubernetes/pod_state.hpp"
#include "installer/drivers/kubernetes/replacement.hpp"
#include "kubernetes/canary.hpp"

namespace sealift::installer {

namespace {

// Held bodies of the canaries that are there and whose pods change. What is replaced as a whole has
// no old pods beside the first new one.
std::vector<Json> held_canaries(const Cluster& cluster, const std::vector<Json>& bodies) {
  std::vector<Json> named;
  for (const Json& each : bodies) {
    if (kubernetes::is_canary(kubernetes::reference_of(each), cluster.kubectl().settings().canary))
      named.push_back(each);
  }
  if (named.empty()) return {};
  References kinds;
  for (const Json& each : named) kinds.push_back(kubernetes::reference_of(each));
  const Objects live = cluster.own(kinds);
  const References replaced = to_replace(cluster, named, Conflicts::refused);
  std::erase_if(named, [&](const Json& each) {
    const kubernetes::Reference reference = kubernetes::reference_of(each);
    const Json* there = find_object(reference, live);
    return there == nullptr || is_ending(*there) || is_one_of(reference, replaced);
  });
  const Objects merged = cluster.merged(named);
  std::vector<Json> held;
  for (const Json& each : named) {
    const kubernetes::Reference reference = kubernetes::reference_of(each);
    const Json* there = find_object(reference, live);
    const Json* wanted = find_object(reference, merged);
    if (wanted == nullptr || !kubernetes::can_go_first(*there, *wanted)) continue;
    held.push_back(kubernetes::held_after_first(each, *there));
  }
  return held;
}

}  // namespace

void send_canaries(const Cluster& cluster, const References& members,
                   const std::vector<Json>& bodies, StepIo& io) {
  const std::vector<Json> held = held_canaries(cluster, bodies);
  if (held.empty()) return;
  std::vector<Json> first;
  References canaries;
  std::vector<std::string> names;
  for (const Json& each : bodies) {
    if (kubernetes::is_needed_by_pods(text_at(each, "kind"))) first.push_back(each);
  }
  for (const Json& each : held) {
    first.push_back(each);
    canaries.push_back(kubernetes::reference_of(each));
    names.push_back(canaries.back().str());
  }
  log::detail(format("one new pod goes first: {}", joined(names)));
  cluster.apply(members, first, Conflicts::refused);
  await_first_pods(cluster, canaries, io);
}

}  // namespace sealift::installer
