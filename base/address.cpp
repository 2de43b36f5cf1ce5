// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace sealift {

std::string without_login(std::string_view address) {
  const std::size_t scheme = address.find("://");
  if (scheme == address.npos) return std::string(address);
  const std::size_t begin = scheme + 3;
  const std::size_t at = address.rfind('@');
  if (at == address.npos || at < begin) return std::string(address);
  // "user@" in front of the host, or "user:" with a password that has a slash.
  const std::size_t host = std::min(address.find_first_of("/?#", begin), address.size());
  const bool is_login = address.substr(begin, host - begin).find_first_of(":@") != address.npos;
  if (!is_login) return std::string(address);
  return format("{}...{}", address.substr(0, begin), address.substr(at));
}

}  // namespace sealift
