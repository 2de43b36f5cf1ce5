// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site tells the release desk of itself: `sealift-installer --json init` prints it, the desk
// compares it by a second way and files it in the project: environments/sites/NAME.json, under the
// name that people know the site by.

#include <map>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::release {

struct RegistrationCard {
  std::string site;  // its id
  std::string release;
  std::string environment;
  std::string key;        // the id of the key that the site signs with
  std::string recipient;  // "age1...", whom secrets are sealed for

  friend bool operator==(const RegistrationCard&, const RegistrationCard&) = default;
};

inline constexpr std::size_t kMaxCardBytes = 64 << 10;

Json to_json(const RegistrationCard& card);
// Error{invalid_input} for anything else than a card; what else `init` says beside it is passed
// over. `name` is for messages.
RegistrationCard parse_card(std::string_view text, const std::string& name);

// Where the card of a site is filed, below the folder of release.yaml.
fs::path card_file(const fs::path& project, const std::string& site_name);
// Those that are filed, by the site's name; none where the project has none. Error{invalid_input}
// for a file that is no card, and for two cards of one site.
std::map<std::string, RegistrationCard> filed_cards(const fs::path& project);

}  // namespace sealift::release
