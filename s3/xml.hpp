// SPDX-License-Identifier: Apache-2.0
#pragma once

// XML as stores and CDNs answer with it (XML 1.0, without document types): elements and text.
// Attributes, comments and instructions are passed over. What comes is a server's: sizes and depth
// are bounded, and no entity but the five of XML and numbered characters is known.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::s3 {

inline constexpr std::size_t kMaxXmlBytes = 8U << 20;
inline constexpr std::size_t kMaxXmlDepth = 16;
inline constexpr std::size_t kMaxXmlElements = 100'000;

struct Element {
  std::string name;  // without a prefix
  std::string text;  // what stands directly in it
  std::vector<Element> children = {};

  // The first child of that name; null where there is none.
  const Element* child(std::string_view name) const;
  // Its text; empty where there is none.
  std::string text_of(std::string_view name) const;
};

// The one element of a document. Error{corrupt} that names `where` for anything else.
Element parse_xml(std::string_view document, const std::string& where);
// Text as it stands between two tags.
std::string xml_escaped(std::string_view text);

}  // namespace sealift::s3
