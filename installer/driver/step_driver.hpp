// SPDX-License-Identifier: Apache-2.0
#pragma once

// A StepDriver works for steps that the planner makes itself, such as those of services, the fence
// and health: it takes no component, and nothing on a target is its own.

#include "installer/driver/driver.hpp"

namespace sealift::installer {

class StepDriver : public Driver {
 public:
  bool accepts(std::string_view) const override { return false; }
  std::vector<Step> plan(const Wish&) const override { return {}; }
  // Whether a command ran to its end, or what was found still holds, is not known: it is done
  // again.
  StepState check(const Step&, StepIo&) const override { return StepState::not_applied; }
  std::vector<Difference> inspect(const Placement&, Thoroughness, Strangers,
                                  Content&) const override {
    return {};
  }
  bool is_current(const Placement&) const override { return true; }
  std::vector<std::string> leftovers(const release::Target&, const std::string&,
                                     const std::vector<Placement>&) const override {
    return {};
  }
  void prune(const Placement&) override {}
};

}  // namespace sealift::installer
