// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Descriptor is the only way to ask for content: what it is, which bytes, how many (OCI image
// specification 1.1, descriptor.md; of its optional fields we write artifactType and annotations).

#include <cstdint>
#include <map>
#include <string>

#include "base/digest.hpp"
#include "base/json.hpp"

namespace sealift::content {

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size;
  std::string artifact_type;  // empty: absent
  std::map<std::string, std::string> annotations;

  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

// A document and its bytes. Small enough for memory, and compared with its descriptor by whoever
// made it.
struct Document {
  Descriptor descriptor;
  std::string bytes;
};

// The descriptor of `bytes`.
Descriptor describe(std::string_view media_type, std::string_view bytes);

Json to_json(const Descriptor& descriptor);
// Strict; `where` starts the message of the Error{corrupt}.
Descriptor descriptor_from_json(const Json& value, const std::string& where);

// OCI's empty content "{}", which stands where a manifest has no config or layer of its own.
inline constexpr std::string_view kEmptyContent = "{}";
Descriptor empty_descriptor();

}  // namespace sealift::content
