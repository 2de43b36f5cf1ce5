// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "builder/kind/kind.hpp"

namespace sealift::builder {

// "migrations": a folder of drizzle-kit, or numbered files of SQL. What no database may be given is
// refused here, what people regret is found and needs a reason.
const Kind& migrations_kind();

}  // namespace sealift::builder
