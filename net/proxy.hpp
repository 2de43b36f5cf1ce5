// SPDX-License-Identifier: Apache-2.0
#pragma once

// The proxy that the environment names, as curl and container engines read it: HTTP_PROXY,
// HTTPS_PROXY and NO_PROXY, each in lower case too, which counts first.

#include <initializer_list>
#include <optional>
#include <string>

#include "net/url.hpp"

namespace sealift::net {

// The first of these variables of the environment that is not empty; null without any.
const char* variable(std::initializer_list<const char*> names);

struct Proxy {
  Url url;
  std::string authorization;  // of the header Proxy-Authorization; empty: none
};

// Nothing for the machine itself and for what NO_PROXY lists: the way is straight.
// Error{invalid_input} for a proxy that is no address. A user name and a password in the proxy's
// address become its authorization.
std::optional<Proxy> proxy_for(const Url& url);

}  // namespace sealift::net
