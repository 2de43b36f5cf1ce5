// SPDX-License-Identifier: Apache-2.0
#include "installer/transaction/lanes.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::lanes_test {

namespace {

using Rows = std::vector<std::vector<std::string>>;

// Steps written as COMPONENT/DRIVER, named by their place; the lanes by these names.
Rows lanes_by_name(const std::vector<std::pair<std::string, std::string>>& written) {
  std::vector<Step> steps;
  for (const auto& [component, driver] : written) {
    Step step;
    step.id = std::to_string(steps.size());
    step.component = component;
    step.driver = driver;
    steps.push_back(std::move(step));
  }
  Rows rows;
  for (const Lane& lane : lanes_of(steps)) {
    rows.emplace_back();
    for (const Step* step : lane) rows.back().push_back(step->id);
  }
  return rows;
}

}  // namespace

TEST_CASE("lanes: steps that share neither component nor driver run beside each other") {
  CHECK(lanes_by_name({{"server", "docker"}, {"server", "docker"}, {"web", "directory"}}) ==
        Rows{{"0", "1"}, {"2"}});
  CHECK(lanes_by_name({}).empty());
}

TEST_CASE("lanes: a driver does one thing at a time") {
  CHECK(lanes_by_name({{"web", "directory"}, {"etc", "directory"}}) == Rows{{"0", "1"}});
}

TEST_CASE("lanes: what is checked stays behind what it checks") {
  CHECK(lanes_by_name({{"server", "docker"}, {"stack", "directory"}, {"stack", "compose"}}) ==
        Rows{{"0"}, {"1", "2"}});
}

TEST_CASE("lanes: a step that belongs to two makes them one, in the order of the plan") {
  CHECK(lanes_by_name({{"a", "x"}, {"b", "y"}, {"c", "z"}, {"a", "z"}, {"d", "y"}}) ==
        Rows{{"0", "2", "3"}, {"1", "4"}});
  CHECK(lanes_by_name({{"a", "x"}, {"b", "y"}, {"b", "y"}, {"a", "x"}, {"a", "y"}}) ==
        Rows{{"0", "1", "2", "3", "4"}});
}

}  // namespace sealift::installer::lanes_test
