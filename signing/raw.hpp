// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of a text as the libraries of cryptography take and give them.

#include <string>
#include <string_view>

namespace sealift::signing {

// The pointer is as good as the text that it is of.
inline const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

inline unsigned char* raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

inline std::string as_text(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace sealift::signing
