// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether characters that stand at the place of a hash, as somebody else says, look like one.

#include <string>
#include <string_view>

namespace sealift::builder {

// 8 to 64 letters, digits, '-' and '_' that are no words, number, size or date. Much weaker than
// release::has_hashed_name(): words such as md5Hash1 pass, so never ask it of a name alone.
bool could_be_hash(std::string_view token);

// A UUID is no hash: what it names may change.
bool has_uuid(std::string_view path);

}  // namespace sealift::builder
