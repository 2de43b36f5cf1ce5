// SPDX-License-Identifier: Apache-2.0
#pragma once

// site.json: who a site is, and what the release owner is told of it.

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "installer/site/layout.hpp"

namespace sealift::installer {

struct Card {
  std::string id;
  std::string created;
  std::string key;             // id of its key
  std::string recipient = {};  // of age; not part of site.json
};

Card read_card(const Layout& layout);

// A new site's; its keys are missing yet.
Card new_card(const Clock& clock);

// Makes those keys that are missing, and last the file that makes it a site: what was cut off is
// simply done again. Fills in what the card says of them.
void make_site(const Layout& layout, const Clock& clock, Card& card);

// The line of the audit log behind which a log is that of another site: its former one was lost,
// and an archive of it was restored.
inline constexpr std::string_view kRestoredEvent = "site-restored";
struct SiteMove {
  std::string former;   // id of the site that the archive is of
  std::string site;     // id of the site that it became
  std::string key;      // id of the key that it has from then on
  std::string archive;  // its id
  std::string file;     // its name
  Time made;            // when the archive was made
};
Json to_json(const SiteMove& move);
// Strict; Error{corrupt}.
SiteMove site_move_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
