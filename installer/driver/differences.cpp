// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/differences.hpp"

namespace sealift::installer {

bool looks_at_files(const Placement& placement, Thoroughness thoroughness) {
  return thoroughness != Thoroughness::at_a_glance || placement.directory.empty() ||
         placement.files <= kManyFiles;
}

std::vector<Difference> files_differ(const Driver& driver, const Placement& placement,
                                     Thoroughness thoroughness, Content& content) {
  std::vector<Difference> differences;
  // Images and migrations each say so themselves.
  if (!placement.directory.empty() && !driver.is_current(placement)) {
    differences.push_back({placement.path, "is switched elsewhere", placement.directory});
  }
  for (Difference& each : driver.inspect(placement, thoroughness, Strangers::reported, content)) {
    differences.push_back(std::move(each));
  }
  return differences;
}

std::vector<Difference> differences_of(const Driver& driver, const Placement& placement,
                                       Thoroughness thoroughness, Content& content) {
  std::vector<Difference> differences = files_differ(driver, placement, thoroughness, content);
  for (Difference& each : driver.differences(placement, content))
    differences.push_back(std::move(each));
  return differences;
}

}  // namespace sealift::installer
