// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/containers.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

// What `docker inspect` and `podman inspect` print of containers, and the judgement of it.
const Target kEngineJson("engine_json", [](std::string_view bytes) {
  const auto all = installer::parse_containers(bytes);
  for (const installer::Container& each : all) {
    require(!installer::containers_of(all, each.service).empty(),
            "a container belongs to its service");
  }
  installer::judge(all, 1, installer::Ending::never);
  installer::judge(all, 1, installer::Ending::expected);
});

}  // namespace sealift::fuzz
