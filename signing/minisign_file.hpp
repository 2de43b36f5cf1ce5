// SPDX-License-Identifier: Apache-2.0
#pragma once

// The small text files of minisign 0.11 (src/minisign.h): an untrusted comment, then base64.
// Every failure is Error{corrupt}; the caller says which file it was.

#include <array>
#include <string>
#include <string_view>

namespace sealift::signing {

inline constexpr std::size_t kMaxKeyFile = 4096;
// Random, and no part of the key: it says which of several to try.
inline constexpr std::size_t kKeyNumberBytes = 8;
inline constexpr std::size_t kMinisignPublicBytes = 2 + kKeyNumberBytes + 32;
inline constexpr std::string_view kMinisignComment = "untrusted comment: ";

// At most 1024 bytes and no control character.
void check_key_comment(std::string_view comment);

// The second line of a file of two, decoded.
std::string minisign_payload(std::string_view text);

bool is_minisign_secret_key(std::string_view text);

// The 32 bytes of a public-key file.
std::string minisign_public_key(std::string_view text);

}  // namespace sealift::signing
