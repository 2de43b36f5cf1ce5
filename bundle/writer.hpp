// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes a bundle file (docs/bundle-format.md), whole and durable or not at all.

#include <string>
#include <vector>

#include "base/file.hpp"
#include "bundle/layout.hpp"
#include "bundle/spool.hpp"

namespace sealift::bundle {

// A release with everything but its payload's bytes.
struct SealedRelease {
  content::Descriptor descriptor;                // D
  std::vector<Document> graph;                   // D's bytes and every document below it, in order
  std::vector<content::Descriptor> payload;      // in order
  std::vector<content::Descriptor> images = {};  // as index.json lists them
  std::string docker_table = {};                 // empty: no images
};

// Builds the graph from its parts: `notes` may be empty.
SealedRelease seal(const release::ReleaseDocument& document, const std::string& notes,
                   const std::vector<release::Component>& components);

// What a file became: its digest is not D, which is the release's. What `sha256sum` says of it.
struct WrittenFile {
  Digest digest;
  std::uint64_t bytes;
};

WrittenFile write_bundle(const fs::path& path, const SealedRelease& release,
                         std::vector<Referrer> referrers, const Spool& payload, Workers& workers,
                         Packing packing);

// Where the documents of an existing bundle end: what follows is copied byte for byte.
struct PayloadPart {
  std::uint64_t offset;                // in the file
  std::vector<content::Frame> frames;  // of the payload; empty in a plain tar
  std::uint64_t size;                  // in the file, without the last two frames
};

// The bundle `from` under the name `path` with other referrers; D and every payload byte stay.
// `compression` is what the bundle records of its payload.
WrittenFile rewrite_referrers(const fs::path& path, const RandomAccess& from,
                              const PayloadPart& payload, const SealedRelease& release,
                              std::vector<Referrer> referrers, Workers& workers,
                              const std::string& compression);

}  // namespace sealift::bundle
