// SPDX-License-Identifier: Apache-2.0
#pragma once

// A folder of data as one tar (POSIX pax): files, folders, symbolic and hard links and pipes, with
// mode, owner, time in nanoseconds and extended attributes (ACLs among them). Sockets and devices
// hold no data and are left out. `tar --xattrs -x` reads it too.

#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/stream.hpp"

namespace sealift::installer {

// What others did while a folder was read, or what cannot be in an archive: a line each, for
// people. The archive holds a file that shrank with zeros at its end.
using Unsteady = std::vector<std::string>;

struct FolderSize {
  std::uint64_t bytes = 0;    // of files, as their sizes say; holes count
  std::uint64_t entries = 0;  // below the folder, of any type
};
// What is no data: paths below the folder, without a slash at their end.
using LeftOut = std::set<std::string>;
// An entry that goes meanwhile is not counted; links are not followed.
FolderSize size_of(const fs::path& folder, const LeftOut& left_out = {});

// Symbolic links are kept and never followed. Error{io} where something cannot be read.
Unsteady write_archive(const fs::path& folder, Sink& to, const LeftOut& left_out = {});

// Reads to the end; Error{corrupt} where it is none of ours.
void check_archive(Source& archive);

// Fills an empty folder and makes it durable. Error{corrupt}; Error{io} where owner or attributes
// cannot be set.
void unpack_archive(Source& archive, const Dir& into);

// Owner, mode and extended attributes of one folder to another.
void copy_attributes(const Dir& from, const Dir& to);

}  // namespace sealift::installer
