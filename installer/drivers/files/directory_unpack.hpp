// SPDX-License-Identifier: Apache-2.0
#pragma once

// A release put beside the others: written and synced under a name of its own, PATH/releases/
// .staging-N, and then renamed, so that a directory with a release's name is always whole. Both
// functions may be repeated after a crash.

#include <cstdint>
#include <string>

#include "installer/driver/driver.hpp"
#include "installer/drivers/files/directory_steps.hpp"
#include "installer/drivers/files/receipts.hpp"
#include "installer/site/table_key.hpp"

namespace sealift::installer {

// Writes the tree of `component`, and its links to shared data. `receipts` are those of the target,
// and are saved. Returns the bytes that were written; nothing where the release was there already.
std::optional<std::uint64_t> unpack_release(const Unpack& unpack, const std::string& component,
                                            Receipts receipts, const TableKey& key, StepIo& io);

// Removes what unpack_release() has made, and the path as far as it was made for it and is empty.
void remove_unpacked(const Unpack& unpack);

}  // namespace sealift::installer
