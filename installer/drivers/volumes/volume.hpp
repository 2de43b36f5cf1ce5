// SPDX-License-Identifier: Apache-2.0
#pragma once

// A named volume of a container engine as something that can be backed up: a tar, as the engine
// writes it, that begins with the volume's own folder, "./". Only the engine's own program reads
// and writes it, so it works with engines of other hosts, too, and needs no program in any image.
// A restore makes a new volume: one that holds something is never written over.

#include <memory>
#include <string>
#include <vector>

#include "databases/restorable.hpp"

namespace sealift::installer {

// The driver's word in records of backups; no target of site.yaml has it.
inline constexpr const char* kVolumeDriver = "volume";

struct VolumePlace {
  std::vector<std::string> engine;  // such as {docker, -H, unix:///run/docker.sock}
  std::string project;              // of Compose
  std::string component;            // that the project is of, for the record of a backup
  std::string volume;               // its key below `volumes` of the Compose file
  bool isolated = false;            // a name of the whole host is refused
};

// describe() says under which name the engine has it: where that is not PROJECT_VOLUME, the Compose
// file names it, and it is restored under the same name.
std::unique_ptr<databases::Restorable> open_volume(const VolumePlace& place);

// The component in what describe() said; empty where that is nothing. Error{corrupt}.
std::string component_of_volume(const Json& about);

// "stack:rows": what is backed up, for people and in a backup's record.
std::string volume_name(const std::string& target, const std::string& volume);
// "stack@rows": how its backups' names begin. No name of a database or a folder of data has that.
std::string volume_label(const std::string& target, const std::string& volume);

}  // namespace sealift::installer
