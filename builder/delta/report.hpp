// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the bytes of an update are: of each file and each blob of a newer bundle, how much an older
// one has already, and what the rest takes in a delta.

#include <cstdint>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "builder/delta/delta_writer.hpp"

namespace sealift::builder {

// All in bytes, with headers and padding. What is not shared is patched where the base has a file
// of that name, or of that name but for a hash, and carried where it has none.
struct Share {
  std::uint64_t content = 0;  // shared, patched and carried together
  std::uint64_t shared = 0;
  std::uint64_t patched = 0;
  std::uint64_t carried = 0;
  // In the delta: of its frame, whose fresh bytes are compressed together, the part that it has of
  // these.
  std::uint64_t packed = 0;

  Share& operator+=(const Share& other);
};

struct ReportedItem {
  std::string component;
  std::string name;  // path of a file; of a blob its digest: a layer, or what of a tree is no file
  Share share;
};

struct UpdateReport {
  std::vector<ReportedItem> items;  // in the order of the payload
  Share total;
};

// `level` as of a delta, whose work this does without writing one.
UpdateReport report_update(const DeltaBase& base, const DeltaTarget& target, int level,
                           Workers& workers, Progress& progress);

}  // namespace sealift::builder
