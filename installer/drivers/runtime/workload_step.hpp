// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the steps of workloads say, as the journal keeps it, with its one reader
// and its one writer.

#include <optional>
#include <string>

#include "base/json.hpp"
#include "installer/records/placement.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

// What is, or shall be, installed on a target.
struct Deployment {
  std::string path;       // of the target; PATH/current leads to what is installed
  std::string directory;  // below it, of the files
  Json settings;          // as the runtime wrote them, which alone reads them

  fs::path folder() const { return fs::path(path) / directory; }

  friend bool operator==(const Deployment&, const Deployment&) = default;
};

Deployment deployment_of(const Placement& placement);

struct WorkloadStep {
  std::optional<Deployment> before;
  std::optional<Deployment> now;

  friend bool operator==(const WorkloadStep&, const WorkloadStep&) = default;
};

Json to_json(const WorkloadStep& step);
// Strict; Error{corrupt} that names the step and the key.
WorkloadStep workload_step_from_json(const Step& step);

}  // namespace sealift::installer
