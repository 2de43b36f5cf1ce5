// SPDX-License-Identifier: Apache-2.0
#include "installer/driver/driver.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

Driver& Drivers::named(const std::string& name) const {
  const auto found = drivers_.find(name);
  if (found == drivers_.end()) {
    throw Error(Errc::incompatible,
                format("the driver \"{}\" is not part of this installer", printable(name, 80)),
                "use the installer that the release notes name");
  }
  return *found->second;
}

}  // namespace sealift::installer
