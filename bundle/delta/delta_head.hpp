// SPDX-License-Identifier: Apache-2.0
#pragma once

// A delta bundle: a bundle written as what it has that a base has not (docs/delta.md). It carries
// no authority: what it gives is a bundle file like any other and is verified as one.
//
//   delta  = magic, u32 length of head, head, documents, step for each frame of the payload
//   magic  = "sealift delta 1\n"
//   head   = canonical JSON, at most 64 KiB
//   documents = the first frames of the bundle file, byte for byte
//   step   = u32 bytes of content, u32 count of parts,
//            (u8 kind, u64 offset, u32 length) for each (step.hpp), u32 length of the patch, and
//            the patch (content/frames.hpp)
//
// Offsets are of parts of the base's payload: of its tar, counted from the end of its documents, so
// they stay right when approvals are added to the base. Numbers have the least byte first.

#include <cstdint>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/stream.hpp"
#include "bundle/volumes/named_release.hpp"
#include "content/frames.hpp"

namespace sealift::bundle {

inline constexpr std::string_view kDeltaMagic = "sealift delta 1\n";

struct DeltaHead {
  NamedRelease base;
  NamedRelease bundle;
  std::string compression;  // of the bundle, as compressor_name() says it
  std::uint64_t bytes = 0;  // of the bundle file
  Digest file;              // SHA-256 of the bundle file
  std::vector<content::Frame> documents;
  std::uint32_t steps = 0;
};

// True where `first`, at least as long as the magic, begins a delta of any version.
bool is_delta(std::string_view first);

// Magic and head, as a file begins with them.
std::string to_text(const DeltaHead& head);

// Reads magic and head. Error{corrupt}; Error{incompatible} for a newer form.
DeltaHead read_delta_head(Source& delta, const std::string& name);

}  // namespace sealift::bundle
