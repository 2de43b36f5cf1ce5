// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/site.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kSiteYaml("site_yaml", [](std::string_view bytes) {
  const release::Site site = release::parse_site(bytes, "site.yaml");
  for (const auto& [name, target] : site.targets) {
    require(target.path.starts_with('/') && target.path.size() > 1, "a target's path is absolute");
    require(fs::path(target.path).lexically_normal() == target.path,
            "a target's path is normalised");
  }
});

}  // namespace sealift::fuzz
