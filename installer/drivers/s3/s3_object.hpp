// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of a release as objects: what a store is told of each, and how it comes there. A file
// that never changes is put under its public name when the release is staged. Any other is held:
// it lies beside the release until that is activated, and is then copied to its public name. In one
// bucket a path is held by all releases that have it, or by none.

#include <map>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "net/http.hpp"
#include "release/documents/serving.hpp"
#include "s3/bucket.hpp"

namespace sealift::installer {

struct S3Object {
  Digest digest;
  std::uint64_t size = 0;
  std::string type = {};
  std::string cache = {};
  std::string encoding = {};  // "br", "gzip"; empty: as it is
  bool held = false;
  std::string etag = {};  // that the store gave it; empty: it is not known to be there

  // What the store is told with the content.
  net::Headers headers() const;
  // Whether users see the same of both.
  bool looks_like(const S3Object& other) const;
  // Whether the store says the same of what is there.
  bool is(const s3::Head& head) const;
};

// By path in the component.
using S3Objects = std::map<std::string, S3Object>;

// Of a file table. Error{incompatible} for links, and for names that are ours.
S3Objects objects_of(Source& table, const release::Serving& serving);

// What a release has in the bucket, as it is kept there: one line of canonical JSON for each
// object, sorted by path.
std::string to_inventory(const S3Objects& objects);
// Strict; Error{corrupt}.
S3Objects objects_from_inventory(std::string_view text, const std::string& where);

// In which order held files come to their public names: what refers to others comes behind them.
enum class Turn { others, entries, index };
Turn turn_of(std::string_view path);

}  // namespace sealift::installer
