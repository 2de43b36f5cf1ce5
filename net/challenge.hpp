// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a registry asks for in WWW-Authenticate (RFC 9110, 11.6.1).

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sealift::net {

struct Challenge {
  std::string scheme;                             // in lower case
  std::map<std::string, std::string> parameters;  // names in lower case

  // All of one header, in its order. What cannot be read is passed over. A header may hold several,
  // with commas between them and between parameters.
  static std::vector<Challenge> parse(std::string_view header);
};

}  // namespace sealift::net
