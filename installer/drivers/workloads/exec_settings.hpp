// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a placement of commands remembers, with its one reader and its one
// writer. The reader is strict: Error{corrupt} that names the place and the
// key.

#include <string>

#include "base/json.hpp"
#include "installer/drivers/runtime/workload_step.hpp"
#include "release/documents/workload.hpp"

namespace sealift::installer {

struct ExecSettings {
  std::string component;
  release::Workload workload;  // its commands and their timeout

  friend bool operator==(const ExecSettings&, const ExecSettings&) = default;
};

Json to_json(const ExecSettings& settings);
ExecSettings exec_settings_from_json(const Json& value, const std::string& where);
ExecSettings exec_settings_of(const Deployment& deployment);

}  // namespace sealift::installer
