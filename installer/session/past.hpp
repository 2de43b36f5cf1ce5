// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is told of a transaction that has been.

#include <chrono>
#include <string>

#include "installer/records/state.hpp"

namespace sealift::installer {

// "done", "undone", or "cut off"
std::string ending_word(const PastTransaction& past);
// From its plan to its end; of one that has ended.
std::chrono::seconds duration_of(const PastTransaction& past);
// What a person said, else what a failure did.
const std::string& reason_of(const PastTransaction& past);

}  // namespace sealift::installer
