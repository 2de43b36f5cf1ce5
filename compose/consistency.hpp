// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Compose file says of itself that cannot be: names of services, volumes, networks, configs
// and secrets that it does not have, values of another form than the Compose Specification gives
// them, and what docker compose refuses although each part is right. Values have their variables
// filled in; what still has one is nobody's to judge.

#include <set>
#include <string>
#include <vector>

#include "compose/document.hpp"

namespace sealift::compose {

struct Inconsistency {
  enum class RefusedBy {
    every_compose,
    docker_compose_1  // alone
  };
  std::string pointer;
  std::string found;
  std::string hint;
  RefusedBy refused_by = RefusedBy::every_compose;
};

// `root`: the whole file, its merges resolved; `started`: the services that start by themselves.
std::vector<Inconsistency> inconsistencies(const Document& document,
                                           const std::set<std::string>& started);

}  // namespace sealift::compose
