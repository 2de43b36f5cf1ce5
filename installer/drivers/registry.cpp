// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/registry.hpp"

#include "installer/drivers/compose/compose_runtime.hpp"
#include "installer/drivers/data/data.hpp"
#include "installer/drivers/databases/database.hpp"
#include "installer/drivers/datadog/datadog_runtime.hpp"
#include "installer/drivers/files/directory.hpp"
#include "installer/drivers/health/health.hpp"
#include "installer/drivers/health/hook.hpp"
#include "installer/drivers/images/images.hpp"
#include "installer/drivers/kubernetes/kubernetes_runtime.hpp"
#include "installer/drivers/kubernetes/writers_fence.hpp"
#include "installer/drivers/s3/s3.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/drivers/services/service.hpp"
#include "installer/drivers/workloads/exec_runtime.hpp"
#include "installer/drivers/workloads/systemd_runtime.hpp"
#include "installer/drivers/workloads/workload.hpp"

namespace sealift::installer {

Drivers all_drivers(const Layout& layout, Workers& workers) {
  std::map<std::string, std::unique_ptr<Driver>> drivers;
  drivers["directory"] = directory_driver(layout);
  for (const char* store :
       {"docker", "podman", "containerd", "oci-layout", "image-folder", "registry"}) {
    drivers[store] = images_driver(store);
  }
  drivers["compose"] = workload_driver("compose", layout, compose_runtime(layout));
  drivers["datadog"] = workload_driver("datadog", layout, datadog_runtime(layout));
  drivers["exec"] = workload_driver("exec", layout, exec_runtime());
  drivers["kubernetes"] = workload_driver("kubernetes", layout, kubernetes_runtime(layout));
  drivers["systemd"] = workload_driver("systemd", layout, systemd_runtime(layout));
  drivers[kDataDriver] = data_driver(layout, workers);
  drivers["fence"] = fence_driver(layout);
  drivers[kWritersDriver] = writers_driver(layout);
  drivers["s3"] = s3_driver(layout);
  drivers["hook"] = hook_driver(layout);
  drivers["health"] = health_driver(layout);
  drivers["service"] = service_driver(layout);
  for (const char* database : {"postgresql", "sqlite"}) {
    drivers[database] = database_driver(database, layout, workers);
  }
  return Drivers(std::move(drivers));
}

}  // namespace sealift::installer
