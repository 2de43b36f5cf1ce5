// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bech32 (BIP 173) of 32 bytes, as age writes keys: without its limit of 90 characters, in lower
// case. A key that is mistyped in up to four characters is never taken for another.

#include <string>
#include <string_view>

namespace sealift::signing {

// `prefix` is what stands before the "1": "age", "AGE-SECRET-KEY-".
std::string to_bech32(std::string_view prefix, std::string_view bytes);
// The 32 bytes; empty where the text is none, has another prefix or letters of upper case.
std::string from_bech32(std::string_view text, std::string_view prefix);

}  // namespace sealift::signing
