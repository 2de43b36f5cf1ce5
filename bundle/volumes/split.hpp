// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cuts a file into volumes. The same file and the same options give the same bytes, whoever makes
// them and whenever, so that single volumes can be made again.

#include <optional>
#include <vector>

#include "base/file.hpp"
#include "base/progress.hpp"
#include "bundle/volumes/volume_header.hpp"

namespace sealift::bundle {

struct SplitOptions {
  std::uint64_t volume_bytes = kUsualVolume - kMaxHeaderBytes;  // content of one
  unsigned parity = 0;                                          // how many volumes of parity
  std::optional<NamedRelease> release = {};
  Numbers only = {};  // empty: all
};

struct Volumes {
  VolumeTable table;
  Numbers written;
};

// Writes them into `folder`, each whole and durable, replacing what has their names.
// Error{invalid_input} for an empty file, Error{usage} where it would be more than 255 volumes or
// `only` names others, Error{busy} where the file changes meanwhile.
Volumes split(const fs::path& file, const SplitOptions& options, const fs::path& folder,
              Progress& progress);

}  // namespace sealift::bundle
