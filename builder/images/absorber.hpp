// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes the blobs of images into the spool. Each is read once: hashed, kept, and looked into on the
// way, because a layer's content is needed for two more questions: is it what the configuration
// says it is, and does it hold what no image should. Several threads may take blobs at once.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "bundle/spool.hpp"

namespace sealift::builder {

// A file of a layer that somebody should know of. Whether that is a mistake, the rules of
// release.yaml say.
struct RemarkableFile {
  enum class Why { setuid, secret };
  Why why;
  std::string path;
};

struct BlobFacts {
  std::uint64_t size;  // of the blob as it came, in bytes
  Digest diff_id;      // of its content, unpacked
  std::vector<RemarkableFile> files;
};

class Absorber {
 public:
  Absorber(bundle::Spool& spool, Progress& progress) : spool_(spool), progress_(progress) {}

  // Reads `blob` to its end. `where` starts the message of the Error{invalid_input} for one that
  // cannot be unpacked.
  Digest take(Source& blob, const std::string& where);
  bool holds(const Digest& digest) const {
    const std::lock_guard guard(mutex_);
    return facts_.contains(digest);
  }
  // Of a blob that was taken. The reference stays good: nothing is ever removed.
  const BlobFacts& facts(const Digest& digest) const {
    const std::lock_guard guard(mutex_);
    return facts_.at(digest);
  }
  // A blob that is a document.
  std::string bytes(const Digest& digest) const { return spool_.bytes(digest); }

 private:
  class Kept;

  bundle::Spool& spool_;
  mutable std::mutex mutex_;  // of what follows
  Progress& progress_;
  std::map<Digest, BlobFacts> facts_;
};

}  // namespace sealift::builder
