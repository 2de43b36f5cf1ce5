// SPDX-License-Identifier: Apache-2.0
#pragma once

// Base64 of RFC 4648 section 4, with padding, no white space, one spelling per value.

#include <string>
#include <string_view>

namespace sealift::signing {

std::string to_base64(std::string_view bytes);
// In lines of `columns`, each ended: the body of PEM (RFC 7468) and of OpenSSH's armour.
std::string to_base64_lines(std::string_view bytes, std::size_t columns);
// Throws Error{corrupt} for anything that to_base64() would not write. Bits that encode nothing
// must be zero, so two texts are never the same bytes.
std::string from_base64(std::string_view text);

}  // namespace sealift::signing
