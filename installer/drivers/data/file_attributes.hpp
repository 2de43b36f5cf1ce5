// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a file has beside its content (owner, mode, times, extended attributes), read from an open
// file and put on one that was just unpacked. Error{io} names the file.

#include <map>
#include <string>

#include "base/file.hpp"
#include "installer/drivers/data/archive_entry.hpp"

namespace sealift::installer {

// Extended attributes that this user may see (xattr(7)); none where the file system has none.
// ACLs are among them.
std::map<std::string, std::string> attributes_of(int fd, const std::string& where);

// The owner is set first, for that takes set-user-id bits and capabilities away. The time is last.
void set_all(int fd, const DataEntry& entry);
// The same of what cannot be opened: symbolic links, which have no mode of their own, and pipes.
void set_by_name(const Dir& folder, const std::string& name, const DataEntry& entry);

}  // namespace sealift::installer
