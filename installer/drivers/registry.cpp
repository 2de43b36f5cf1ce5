// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/driver.hpp"
#include "installer/drivers/database.hpp"
#include "installer/drivers/directory.hpp"
#include "installer/drivers/fence.hpp"
#include "installer/drivers/health.hpp"
#include "installer/drivers/hook.hpp"
#include "installer/drivers/images.hpp"
#include "installer/drivers/service.hpp"
#include "installer/drivers/workload.hpp"

namespace sealift::installer {

Drivers::Drivers(const Layout& layout, Workers& workers) {
  drivers_["directory"] = directory_driver(layout);
  for (const char* store :
       {"docker", "podman", "containerd", "oci-layout", "image-folder", "registry"}) {
    drivers_[store] = images_driver(store);
  }
  drivers_["compose"] = workload_driver("compose", layout, compose_runtime(layout));
  drivers_["exec"] = workload_driver("exec", layout, exec_runtime());
  drivers_["systemd"] = workload_driver("systemd", layout, systemd_runtime(layout));
  drivers_["fence"] = fence_driver(layout);
  drivers_["hook"] = hook_driver(layout);
  drivers_["health"] = health_driver(layout);
  drivers_["service"] = service_driver(layout);
  for (const char* database : {"postgresql", "sqlite"}) {
    drivers_[database] = database_driver(database, layout, workers);
  }
}

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
