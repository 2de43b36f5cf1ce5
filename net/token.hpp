// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secrets that become part of a request: keys of an API, bearer tokens.

#include <string>
#include <string_view>

namespace sealift::net {

// The token in a file or a sealed value, without blanks and line ends around it. Anything inside
// but visible characters of ASCII would end a header or an address early: Error{invalid_input},
// which names `where` it was and never repeats it.
std::string token_in(std::string_view secret, const std::string& where);

}  // namespace sealift::net
