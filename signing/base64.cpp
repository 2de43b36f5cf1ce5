// SPDX-License-Identifier: Apache-2.0
#include "signing/base64.hpp"

#include <sodium.h>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::signing {

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // its terminating NUL
  return text;
}

std::string to_base64_lines(std::string_view bytes, std::size_t columns) {
  const std::string body = to_base64(bytes);
  std::string lines;
  for (std::size_t at = 0; at < body.size(); at += columns) {
    lines += body.substr(at, columns) + "\n";
  }
  return lines;
}

std::string from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const int failure =
      sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
  bytes.resize(size);
  if (failure != 0 || to_base64(bytes) != text) {
    throw Error(Errc::corrupt, format("found \"{}\", expected base64", printable(text, 60)));
  }
  return bytes;
}

}  // namespace sealift::signing
