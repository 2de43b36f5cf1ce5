// SPDX-License-Identifier: Apache-2.0
#include "installer/lanes.hpp"

#include <algorithm>
#include <iterator>

namespace sealift::installer {

namespace {

bool depends(const Step& step, const Lane& lane) {
  return std::any_of(lane.begin(), lane.end(), [&](const Step* other) {
    return other->component == step.component || other->driver == step.driver;
  });
}

// In the order of the plan, where all steps stand beside each other.
void merge_into(Lane& lane, Lane& other) {
  Lane both;
  std::merge(lane.begin(), lane.end(), other.begin(), other.end(), std::back_inserter(both));
  lane = std::move(both);
  other.clear();
}

}  // namespace

std::vector<Lane> lanes_of(std::span<const Step> steps) {
  std::vector<Lane> lanes;
  for (const Step& step : steps) {
    Lane* home = nullptr;
    for (Lane& lane : lanes) {
      if (!depends(step, lane)) continue;
      if (home == nullptr) {
        home = &lane;
      } else {
        merge_into(*home, lane);
      }
    }
    if (home == nullptr) home = &lanes.emplace_back();
    home->push_back(&step);
  }
  std::erase_if(lanes, [](const Lane& lane) { return lane.empty(); });
  return lanes;
}

}  // namespace sealift::installer
