// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/closing.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "installer/drivers/kubernetes/writers_fence.hpp"
#include "installer/drivers/services/fence.hpp"

namespace sealift::installer {

std::vector<Step> closing_steps(const release::Site& site, std::uint64_t transaction) {
  const release::Fence& fence = site.fence.value();
  std::vector<Step> steps;
  if (!fence.close.empty()) steps.push_back(fence_step(fence, transaction));
  if (!fence.writers.empty()) steps.push_back(stop_writers_step(site));
  return steps;
}

bool opens_early(const release::Site& site) {
  return site.fence && site.fence->close.empty();
}

std::string what_users_notice(const std::vector<Step>& steps) {
  const auto number_of = [&](const auto& is_it) -> std::size_t {
    const auto found = std::find_if(steps.begin(), steps.end(), is_it);
    return found == steps.end() ? 0 : static_cast<std::size_t>(found - steps.begin()) + 1;
  };
  if (number_of([](const Step& each) { return each.phase == Phase::migrate; }) == 0) return "";
  if (const auto fence = number_of([](const Step& each) { return each.driver == "fence"; })) {
    return format(
        "users are kept out from step {} until the transaction has ended, and where an undo fails "
        "until recover has ended it",
        fence);
  }
  if (const auto stop = number_of([](const Step& each) { return each.driver == kWritersDriver; })) {
    return format(
        "the writers of the fence are stopped from step {} until their new version starts, step {} "
        "at the latest, and where an undo fails until recover has ended it",
        stop, number_of([](const Step& each) {
          return each.driver == kWritersDriver && each.phase == Phase::activate;
        }));
  }
  return "site.yaml has no fence: users go on writing while databases change, so a failure never "
         "restores one by itself";
}

}  // namespace sealift::installer
