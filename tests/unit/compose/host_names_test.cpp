// SPDX-License-Identifier: Apache-2.0
#include "compose/host_names.hpp"

#include <catch2/catch.hpp>

#include "compose/file.hpp"

namespace sealift::compose::host_names_test {

TEST_CASE("compose host names: what two projects of one file would share") {
  const auto names = ComposeFile::parse(
                         "services: {a: {image: i, container_name: shop-a}, b: {image: i}}\n"
                         "networks: {n: {external: true}, own: }\n"
                         "volumes: {v: {name: shop-rows}, own: {}}\n"
                         "configs: {c: {file: ./c}}\n",
                         "compose.yaml")
                         .host_names;
  std::vector<std::string> found;
  for (const Problem& each : names) found.push_back(each.message);
  CHECK(found == std::vector<std::string>{
                     "compose.yaml:1: services.a.container_name: the name shop-a is one of the "
                     "whole host",
                     "compose.yaml:2: networks.n: n is shared with the whole host",
                     "compose.yaml:3: volumes.v: shop-rows is shared with the whole host"});
}

}  // namespace sealift::compose::host_names_test
