// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bundle file, open for its documents and for any part of its payload.

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "bundle/delta/delta_head.hpp"
#include "bundle/delta/payload_bytes.hpp"
#include "bundle/reader.hpp"

namespace sealift::bundle {

class BaseBundle {
 public:
  // Error{corrupt, incompatible} as read_documents() and PayloadBytes say.
  BaseBundle(const fs::path& file, Workers& workers);

  const fs::path& path() const { return path_; }
  int fd() const { return fd_.get(); }
  const Contents& contents() const { return contents_; }
  const PayloadBytes& payload() const { return payload_; }
  // As the head of a delta names it.
  DeltaHead::Side side() const;

 private:
  fs::path path_;
  Fd fd_;
  Contents contents_;
  PayloadBytes payload_;
};

// Error{incompatible} where the delta was made on another release.
void require_base(const DeltaHead& head, const BaseBundle& base);

// "chanuka 1.0.0 (sha256:...)"
std::string to_text(const DeltaHead::Side& side);

}  // namespace sealift::bundle
