// SPDX-License-Identifier: Apache-2.0
#include "installer/session/typed_hex.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

std::string typed_hex(const std::string& option, const std::string& typed,
                      const std::string& hint) {
  std::string digits = lower(typed);
  std::erase_if(digits,
                [](char c) { return std::string_view(" \t:-").find(c) != std::string::npos; });
  if (digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string::npos) {
    return digits;
  }
  throw Error(Errc::usage,
              format("{} \"{}\", expected 64 hex digits, with or without blanks", option,
                     printable(typed, 100)),
              hint);
}

}  // namespace sealift::installer
