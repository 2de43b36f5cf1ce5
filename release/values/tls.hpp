// SPDX-License-Identifier: Apache-2.0
#pragma once

// Certificates of a site, as site.yaml names them. Templates learn where the files are, as
// {{tls.NAME.certificate}} and {{tls.NAME.key}}; what is in them never leaves the site.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "release/values/environment.hpp"

namespace sealift::release {

struct TlsEntry {
  std::string certificate;         // a PEM file: the server's first, then who signed it
  std::string key;                 // a PEM file
  std::string ca;                  // a PEM file of anchors; empty: the chain stands for itself
  std::vector<std::string> hosts;  // names and addresses that it must be good for
  unsigned warn_days = 30;         // before it expires
};

// The NAME in "tls.NAME.certificate" or "tls.NAME.key"; empty for any other name of a value.
std::string_view tls_name(std::string_view value_name);

// What templates see.
Values tls_values(const std::map<std::string, TlsEntry>& tls);

}  // namespace sealift::release
