// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site tells the release desk of itself: `sealift-installer --json init` prints it, the desk
// compares it by a second way and files it.

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::release {

struct RegistrationCard {
  std::string site;  // its id
  std::string release;
  std::string environment;
  std::string key;        // the id of the key that the site signs with
  std::string recipient;  // "age1...", whom secrets are sealed for
};

Json to_json(const RegistrationCard& card);
// Error{invalid_input} for anything else than a card; what else `init` says beside it is passed
// over. `name` is for messages.
RegistrationCard parse_card(std::string_view text, const std::string& name);

}  // namespace sealift::release
