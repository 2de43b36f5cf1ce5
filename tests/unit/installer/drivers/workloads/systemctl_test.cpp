// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/systemctl.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::systemctl_test {

namespace {

UnitState unit(const std::string& active, const std::string& result = "success",
               const std::string& type = "simple") {
  UnitState state;
  state.name = "web.service";
  state.load = "loaded";
  state.active = active;
  state.sub = "dead";
  state.result = result;
  state.type = type;
  state.status = "3";
  return state;
}

}  // namespace

TEST_CASE("systemctl: a unit runs where it is active, and a job where it has ended well") {
  CHECK(judge(unit("active")).found.empty());
  CHECK(judge(unit("inactive", "success", "oneshot")).found.empty());
  CHECK(judge(unit("failed", "exit-code")).found == "has failed: exit-code, status 3");
  CHECK(judge(unit("inactive")).is_final);
  CHECK(judge(unit("inactive", "exit-code", "oneshot")).is_final);
}

TEST_CASE("systemctl: one that is on its way is waited for, one that goes in circles is not") {
  CHECK_FALSE(judge(unit("activating")).found.empty());
  CHECK_FALSE(judge(unit("activating")).is_final);
  UnitState circling = unit("active");
  circling.restarts = 3;
  CHECK(judge(circling).is_final);
  UnitState masked = unit("inactive");
  masked.load = "masked";
  CHECK(judge(masked).found == "is masked");
}

}  // namespace sealift::installer::systemctl_test
