// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/ready_directory.hpp"

#include "release/documents/workload.hpp"

namespace sealift::installer {

namespace {

// The directory of `known` where just this lies in it. Believed by its receipts: every file was
// hashed when it was unpacked.
std::string ready_in(const Placement* known, const Drivers& drivers, const Placement& wanted,
                     Content& content) {
  if (known == nullptr || known->table != wanted.table || known->directory.empty() ||
      known->owner != wanted.owner || known->persist != wanted.persist) {
    return "";
  }
  const bool whole = drivers.named(known->driver)
                         .inspect(*known, Thoroughness::by_receipt, Strangers::reported, content)
                         .empty();
  return whole ? known->directory : "";
}

}  // namespace

std::string lying_directory(const State& state, const Installation& installation,
                            const Drivers& drivers, const Placement& wanted, Content& content) {
  const Placement* staged = state.staged ? state.staged->placement_at(wanted.path) : nullptr;
  std::string ready = ready_in(staged, drivers, wanted, content);
  const Revision* now = state.current();
  const Placement* stands = now == nullptr ? nullptr : now->placement_at(wanted.path);
  for (auto each = state.revisions.rbegin(); each != state.revisions.rend() && ready.empty();
       ++each) {
    const Placement* known = each->placement_at(wanted.path);
    if (known == nullptr || (stands != nullptr && known->directory == stands->directory)) continue;
    if (!is_retained(installation.layout, *each)) continue;
    ready = ready_in(known, drivers, wanted, content);
  }
  return ready;
}

std::string standing_directory(const State& state, const Drivers& drivers, const Placement& wanted,
                               Content& content) {
  const Revision* now = state.current();
  const Placement* before = now == nullptr ? nullptr : now->placement_at(wanted.path);
  if (before == nullptr || before->table != wanted.table || before->owner != wanted.owner ||
      before->persist != wanted.persist ||
      (before->settings == wanted.settings && !release::is_runtime(wanted.driver))) {
    return "";
  }
  const bool whole = drivers.named(before->driver)
                         .inspect(*before, Thoroughness::by_receipt, Strangers::ignored, content)
                         .empty();
  return whole ? before->directory : "";
}

}  // namespace sealift::installer
