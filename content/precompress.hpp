// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files compressed once, when a release is built, so that a web server sends them as they are:
// gzip (RFC 1952) and brotli (RFC 7932), each at its highest level. The bytes depend on nothing but
// the content and the library's version: no time, name or operating system stands in them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::content {

// In the order of their suffixes.
enum class Encoding { brotli, gzip };

inline constexpr std::string_view kBrotliSuffix = ".br";
inline constexpr std::string_view kGzipSuffix = ".gz";

// ".br", ".gz": what the name of a compressed file ends with beside that of the file itself.
std::string_view suffix_of(Encoding encoding);
// `name` without the suffix of an encoding; empty where it has none.
std::string_view without_suffix(std::string_view name);

// Whole, in memory: who calls it bounds the size.
std::string encode(Encoding encoding, std::string_view bytes);
// True where sending the smaller file is worth a second one: at least 5 % and 64 bytes less.
bool pays(std::size_t before, std::size_t after);

}  // namespace sealift::content
