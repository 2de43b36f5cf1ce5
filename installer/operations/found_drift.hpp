// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the audit log is told of drift: when it is first seen, when it has changed, and when it is
// gone; not each time that somebody looks. Where the log cannot be written nothing is told, because
// whoever may only read a site may ask too.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/operations/tools.hpp"

namespace sealift::installer {

struct FoundDrift {
  Json differences = Json::array();     // each as `drift --json` prints it; empty: none
  std::vector<std::string> components;  // that have any
};

void record_drift(const Tools& tools, const FoundDrift& found);

}  // namespace sealift::installer
