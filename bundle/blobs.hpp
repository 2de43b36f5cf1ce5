// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random access to the payload of an open bundle. Where a blob stands follows from the
// documents; every source compares size and digest at its end, so a file that changed since it was
// verified is noticed.

#include <map>
#include <memory>
#include <string>

#include "base/random_access.hpp"
#include "bundle/reader.hpp"

namespace sealift::bundle {

class Blobs {
 public:
  // `file` and `workers` must outlive this, and this its sources. Error{corrupt} for a file that is
  // longer or shorter than what `contents` say.
  Blobs(const RandomAccess& file, std::string name, const Contents& contents, Workers& workers);

  // Error{internal} for a blob that the contents do not list. For any number of threads at a time,
  // each with its source. Opening reads nothing yet.
  std::unique_ptr<Source> open(const Digest& digest) const;

 private:
  struct Place {
    std::uint64_t offset;  // in the tar
    std::uint64_t size;
  };
  const RandomAccess& file_;
  std::string name_;
  Workers& workers_;
  std::vector<content::Frame> frames_;  // empty: a plain tar
  std::map<Digest, Place> places_;
};

}  // namespace sealift::bundle
