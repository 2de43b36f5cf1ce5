// SPDX-License-Identifier: Apache-2.0
#pragma once

// Removes files that may have other names. An unlink changes the ctime of those; their receipts
// follow where nothing else had touched the file.

#include "base/file.hpp"
#include "installer/drivers/files/receipts.hpp"

namespace sealift::installer {

// Nothing is synced, and the receipts are not saved.
void remove_file(const Dir& folder, const std::string& name, Receipts& receipts);
// `name` and what is below it, whatever it is; nothing happens where it is missing.
void remove_tree(const Dir& folder, const std::string& name, Receipts& receipts);

}  // namespace sealift::installer
