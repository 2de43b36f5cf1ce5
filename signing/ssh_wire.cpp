// SPDX-License-Identifier: Apache-2.0
#include "signing/ssh_wire.hpp"

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::signing {

std::string_view SshReader::take(std::size_t count) {
  if (rest_.size() < count) {
    refuse(format("found {} bytes more, expected {}", rest_.size(), count));
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint8_t SshReader::byte() {
  return static_cast<std::uint8_t>(take(1).front());
}

std::uint32_t SshReader::number() {
  std::uint32_t value = 0;
  for (const char c : take(4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string_view SshReader::text() {
  return take(number());
}

void SshReader::done() const {
  if (!rest_.empty()) refuse(format("found {} bytes behind the end", rest_.size()));
}

void SshReader::refuse(std::string_view found_and_expected) const {
  throw Error(Errc::corrupt, format("{}: {}", where_, found_and_expected));
}

std::string ssh_number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string ssh_text(std::string_view bytes) {
  return ssh_number(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}

}  // namespace sealift::signing
