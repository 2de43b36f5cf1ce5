// SPDX-License-Identifier: Apache-2.0
#pragma once

// Addresses of HTTP servers (RFC 3986, as far as registries use it).

#include <string>
#include <string_view>

namespace sealift::net {

struct Url {
  bool secure = true;  // https
  std::string host;    // without brackets
  std::string port;    // as a number; never empty after parse()
  std::string target;  // path and query, begins with '/'

  // Error{invalid_input} for anything but http:// and https:// addresses; one with a user name is
  // refused, because addresses are printed.
  static Url parse(std::string_view text);
  // A Location, which may be relative to this.
  Url resolve(std::string_view location) const;
  // Appends parameters, "a=1&b=2", encoded as they shall be, to what the query has already.
  void add_query(std::string_view parameters);
  // "registry.site:5000"; without a port that is the usual one.
  std::string authority() const;
  // Without the query, which may hold a secret.
  std::string shown() const;
  bool is_loopback() const;
};

// "%40" is "@" (RFC 3986, 2.1); what is no such triplet stays.
std::string percent_decoded(std::string_view text);
// Every byte but letters, digits, "-._~" (RFC 3986, 2.3) and those of `kept` as %XX.
std::string percent_encoded(std::string_view text, std::string_view kept = {});

}  // namespace sealift::net
