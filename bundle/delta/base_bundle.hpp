// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bundle file, open for its documents and for any part of its payload.

#include "base/parallel.hpp"
#include "base/random_access.hpp"
#include "bundle/delta/delta_head.hpp"
#include "bundle/delta/payload_bytes.hpp"
#include "bundle/reader.hpp"

namespace sealift::bundle {

class BaseBundle {
 public:
  // Error{corrupt, incompatible} as read_documents() and PayloadBytes say.
  BaseBundle(const fs::path& file, Workers& workers);

  const fs::path& path() const { return path_; }
  const RandomAccess& file() const { return file_; }
  const Contents& contents() const { return contents_; }
  const PayloadBytes& payload() const { return payload_; }

 private:
  fs::path path_;
  FileAccess file_;
  Contents contents_;
  PayloadBytes payload_;
};

// Error{incompatible} where the delta was made on another release.
void require_base(const DeltaHead& head, const BaseBundle& base);

}  // namespace sealift::bundle
