// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is told of a transaction that has been.

#include <chrono>
#include <optional>
#include <string>

#include "installer/records/state.hpp"

namespace sealift::installer {

// "done", "undone", or "cut off"
std::string ending_word(const PastTransaction& past);
// When its last record was written; nothing while it is open.
std::optional<Time> end_of(const PastTransaction& past, const Layout& layout, const Clock& clock);
// From its plan to that.
std::chrono::seconds duration_of(const PastTransaction& past, Time end);
// What a person said, else what a failure did.
const std::string& reason_of(const PastTransaction& past);

}  // namespace sealift::installer
