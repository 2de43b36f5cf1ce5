// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// Dashboards, monitors, SLOs and rules as files, which are templates. What is in them is checked
// when they are rendered: see builder/build/observability_check.hpp.
const Kind& observability_kind();

}  // namespace sealift::builder
