// SPDX-License-Identifier: Apache-2.0
#include "net/token.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::net {

std::string token_in(std::string_view secret, const std::string& where) {
  const std::string_view token = trimmed(secret, " \t\r\n");
  if (token.empty()) {
    throw Error(Errc::invalid_input, format("{}: is empty, expected a token", where));
  }
  if (std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; })) {
    return std::string(token);
  }
  throw Error(Errc::invalid_input,
              format("{}: found blanks, several lines or letters with accents, expected a token of "
                     "one line",
                     where),
              "write the token alone into it");
}

}  // namespace sealift::net
