// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of this repository that tests read, found from where the running program lies
// (SOURCE/build/PRESET/tests): a path that is compiled in would make each clone compile anew what
// another has compiled.

#include "base/file.hpp"

namespace sealift::tests {

inline fs::path source_folder() {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  for (fs::path folder = program; folder.has_relative_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / "schemas/site.schema.json")) return folder;
  }
  throw std::runtime_error(program.string() + " lies in no clone of the repository");
}

}  // namespace sealift::tests
