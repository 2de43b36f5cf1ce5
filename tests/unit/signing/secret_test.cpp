// SPDX-License-Identifier: Apache-2.0
#include "signing/secret.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

namespace sealift::signing::secret_test {

namespace {

// The flags of the mapping that holds `address` (VmFlags of /proc/PID/smaps), a space around each.
std::string flags_of_mapping_at(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream smaps("/proc/self/smaps");
  bool is_wanted = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> begin >> dash >> end && dash == '-') {
      is_wanted = begin <= wanted && wanted < end;
    } else if (is_wanted && line.starts_with("VmFlags: ")) {
      return line.substr(8) + " ";
    }
  }
  return "";
}

}  // namespace

TEST_CASE("secret: its memory goes into no core dump and not to the swap") {
  std::string text = "a passphrase";
  const Secret secret = Secret::taken_from(text);
  CHECK(text.empty());
  CHECK(secret.view() == "a passphrase");
  const std::string flags = flags_of_mapping_at(secret.bytes().data());
  CAPTURE(flags);
  CHECK(flags.find(" dd ") != std::string::npos);
#ifndef __SANITIZE_ADDRESS__  // its mlock() does nothing
  CHECK(flags.find(" lo ") != std::string::npos);
#endif
}

}  // namespace sealift::signing::secret_test
