// SPDX-License-Identifier: Apache-2.0
#pragma once

// The data types of SSH (RFC 4251 section 5), as keys and signatures of OpenSSH use them.

#include <cstdint>
#include <string>
#include <string_view>

namespace sealift::signing {

// Reads from front to back. Every failure is Error{corrupt} that names `where`.
class SshReader {
 public:
  SshReader(std::string_view bytes, std::string where) : rest_(bytes), where_(std::move(where)) {}

  std::string_view text();  // "string": a length and so many bytes
  std::uint32_t number();   // "uint32"
  std::uint8_t byte();
  std::string_view take(std::size_t count);
  // Refuses bytes that nobody asked for. Call it last.
  void done() const;
  [[noreturn]] void refuse(std::string_view found_and_expected) const;

 private:
  std::string_view rest_;
  std::string where_;
};

// What SshReader reads, written: big endian.
std::string ssh_number(std::uint32_t value);
std::string ssh_text(std::string_view bytes);

}  // namespace sealift::signing
