// SPDX-License-Identifier: Apache-2.0
#include "compose/host_names.hpp"

#include "base/format.hpp"

namespace sealift::compose {

std::vector<Problem> host_names(const Document& document,
                                const std::function<std::string(const std::string&)>& where) {
  constexpr const char* kHint = "leave the name to Compose, which puts the project before it";
  std::vector<Problem> problems;
  for (const auto& [name, service] : document.services) {
    if (service.container_name.empty()) continue;
    problems.push_back({format("{}: the name {} is one of the whole host",
                               where(format("/services/{}/container_name", name)),
                               printable(service.container_name, 80)),
                        kHint});
  }
  for (const char* sort : {"networks", "volumes", "configs", "secrets"}) {
    for (const auto& [name, part] : document.parts(sort)) {
      if (!part.is_external && part.name.empty()) continue;
      problems.push_back(
          {format("{}: {} is shared with the whole host", where(format("/{}/{}", sort, name)),
                  printable(part.name.empty() ? name : part.name, 80)),
           kHint});
    }
  }
  return problems;
}

}  // namespace sealift::compose
