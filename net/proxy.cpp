// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/format.hpp"
#include "signing/base64.hpp"

namespace sealift::net {

namespace {

// NO_PROXY: names, of which each stands for what ends with it too; "*" for all. Networks
// (10.0.0.0/8) are not understood: a name or an address has to be written out.
bool goes_straight(const Url& url) {
  const char* list = variable({"no_proxy", "NO_PROXY"});
  std::string_view rest = list == nullptr ? "" : list;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name == "*" || name == url.host || name == url.authority()) return true;
    if (name.starts_with('.')) name.remove_prefix(1);
    if (!name.empty() && url.host.ends_with(format(".{}", name))) return true;
  }
  return false;
}

}  // namespace

// One that is set and empty counts as not set, as for curl.
const char* variable(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return nullptr;
}

// A proxy is spoken to over HTTP where its address does not say otherwise.
std::optional<Proxy> proxy_for(const Url& url) {
  if (url.is_loopback() || goes_straight(url)) return std::nullopt;
  const char* text = url.secure ? variable({"https_proxy", "HTTPS_PROXY"})
                                : variable({"http_proxy", "HTTP_PROXY"});
  if (text == nullptr) return std::nullopt;
  std::string address = text;
  Proxy proxy;
  const std::size_t scheme = address.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  if (const std::size_t at = address.rfind('@'); at != std::string::npos && at > start) {
    proxy.authorization =
        "Basic " + signing::to_base64(percent_decoded(address.substr(start, at - start)));
    address.erase(start, at + 1 - start);
  }
  proxy.url = Url::parse(scheme == std::string::npos ? "http://" + address : address);
  return proxy;
}

}  // namespace sealift::net
