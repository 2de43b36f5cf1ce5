// SPDX-License-Identifier: Apache-2.0
#include "release/text/semver.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kVersion("version", [](std::string_view bytes) {
  const release::VersionRange range = release::VersionRange::parse(bytes);
  const std::string lowest = range.lowest();
  for (const std::string& each : {std::string("1.0.0"), lowest.empty() ? "0.0.0-a" : lowest}) {
    const release::Version version = release::Version::parse(each);
    range.contains(version);
    require(version == version && !(version < version), "versions have an order");
  }
});

}  // namespace sealift::fuzz
