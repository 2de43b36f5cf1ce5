// SPDX-License-Identifier: Apache-2.0
#pragma once

// A folder of data, PATH/shared/FOLDER, as something that can be backed up. A restore unpacks
// beside it and exchanges the two; what was there stays as ".FOLDER.LABEL". Programs that have the
// old folder open, containers that mount it among them, go on with it until they are restarted. In
// a folder that is a mount point the entries are exchanged (mounted_folder.hpp).

#include <memory>

#include "base/file.hpp"
#include "databases/restorable.hpp"
#include "installer/drivers/data/archive.hpp"

namespace sealift::installer {

// `place` is where it lies once restored, `from` where it is read: data of an earlier release may
// lie in that release still.
std::unique_ptr<databases::Restorable> open_folder(const fs::path& place, const fs::path& from);
inline std::unique_ptr<databases::Restorable> open_folder(const fs::path& place) {
  return open_folder(place, place);
}

// Without what restores have left in it, where it is a mount point.
FolderSize size_of_data(const fs::path& folder);

}  // namespace sealift::installer
