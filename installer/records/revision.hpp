// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Revision is what one transaction makes of a site: a release, and where its components are
// installed. A plan leads to one, and the journals of committed plans hold the site's history.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "installer/records/placement.hpp"

namespace sealift::installer {

// What a site has before its first release, and after an uninstall; for people.
inline constexpr std::string_view kNoRelease = "no release";

// One thing that stood on the site: the outcome of a committed transaction.
struct Revision {
  std::uint64_t number = 0;  // of its transaction; never used twice
  std::string release;       // the release's name
  std::string version;
  std::optional<Digest> digest;  // D; nothing for what was adopted
  std::string environment;       // that its values are of
  std::string bundle;            // file in the store; empty for what was adopted
  std::vector<Placement> placements;
  std::optional<std::uint64_t> parent;    // the revision that stood before
  std::optional<std::uint64_t> restores;  // of a rollback: whose placements these are
  // Of a change of flags: the revision whose release it changes. Parent and restores are that
  // one's, so that a rollback leads to the release before.
  std::optional<std::uint64_t> changes = {};

  // "1.1.0 (0123456789ab)"
  std::string title() const;
  // Where the feature flags stand; null where there are none.
  const Placement* flags_placement() const;
  // What stood at the path of a target.
  const Placement* placement_at(const std::string& path) const;

  friend bool operator==(const Revision&, const Revision&) = default;
};

// Its title, for people; null: no release stands.
std::string title_of(const Revision* revision);

Json to_json(const Revision& revision);
// Strict; Error{corrupt}.
Revision revision_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
