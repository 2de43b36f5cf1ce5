// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a delta bundle of two bundles: same inputs, same bytes, whatever the number of cores.

#include <functional>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "builder/delta/chunk_index.hpp"
#include "builder/delta/likeness.hpp"
#include "builder/delta/outline.hpp"
#include "builder/signing_desk/sums.hpp"
#include "bundle/blobs.hpp"
#include "bundle/delta/base_bundle.hpp"
#include "bundle/delta/step.hpp"
#include "bundle/writer.hpp"

namespace sealift::builder {

// A bundle whose payload is compared with another's, open.
class DeltaSide {
 public:
  // Error{corrupt, incompatible} as BaseBundle says.
  DeltaSide(const fs::path& file, Workers& workers);
  DeltaSide(const DeltaSide&) = delete;
  DeltaSide& operator=(const DeltaSide&) = delete;

  const bundle::BaseBundle& open() const { return open_; }
  const bundle::PayloadBytes& payload() const { return open_.payload(); }
  const PayloadOutline& outline() const { return outline_; }
  const bundle::Blobs& blobs() const { return blobs_; }

 private:
  bundle::BaseBundle open_;
  bundle::Blobs blobs_;
  PayloadOutline outline_;
};

// A base with what is looked up in it; for as many deltas as are made on it.
class DeltaBase {
 public:
  DeltaBase(const fs::path& file, Workers& workers)
      : side_(file, workers), chunks_(side_.payload()) {}
  const DeltaSide& side() const { return side_; }
  const ChunkIndex& chunks() const { return chunks_; }

 private:
  DeltaSide side_;
  ChunkIndex chunks_;
};

// A bundle that deltas are made of, on as many bases as there are.
class DeltaTarget {
 public:
  DeltaTarget(const fs::path& file, Workers& workers) : side_(file, workers), sum_(sum_of(file)) {}
  const DeltaSide& side() const { return side_; }
  // Of the whole file, so that `sealift expand` can prove that it made the same.
  const FileSum& sum() const { return sum_; }

 private:
  DeltaSide side_;
  FileSum sum_;
};

// How each frame of the target's payload is made of the base, in order.
void each_step(const DeltaBase& base, const DeltaSide& target, int level, Workers& workers,
               Progress& progress, const std::function<void(const bundle::Step& step)>& take);

struct WrittenDelta {
  bundle::WrittenFile file;
  std::uint64_t bundle_bytes;  // what would have been carried without it
  std::uint64_t copied;        // bytes of payload that are the base's
};

// Patches are made with `level`, 1 to content::kMaxLevel. Error{incompatible}, and no file, where
// the delta would take more than nine tenths of the bundle.
WrittenDelta write_delta(const fs::path& path, const DeltaBase& base, const DeltaTarget& target,
                         int level, Workers& workers, Progress& progress);

}  // namespace sealift::builder
