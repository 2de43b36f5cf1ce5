// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a registry asks for in WWW-Authenticate (RFC 9110, 11.6.1).

#include <map>
#include <string>
#include <string_view>

namespace sealift::net {

struct Challenge {
  std::string scheme;                             // in lower case
  std::map<std::string, std::string> parameters;  // names in lower case

  // Of several in one header, the first. One that cannot be read has no scheme.
  static Challenge parse(std::string_view header);
};

}  // namespace sealift::net
