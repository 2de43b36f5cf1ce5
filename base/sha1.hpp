// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-1 (FIPS 180-4), by which Sentry names what it is sent. It proves nothing any more: what is
// stored, signed or installed is named by base/digest.hpp.

#include <string>
#include <string_view>

namespace sealift {

// 40 lower-case hexadecimal digits.
std::string sha1_hex(std::string_view bytes);

}  // namespace sealift
