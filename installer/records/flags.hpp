// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site's operator has changed of the release's feature flags. It stands in the placement of
// the component that carries them, so it is derived from the journals like everything that stands
// on a site, and a rollback brings it back as it was.

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "installer/records/placement.hpp"
#include "release/flags/flags.hpp"

namespace sealift::installer {

// The one file in the target of a component of flags.
inline constexpr const char* kFlagsFile = "flags.json";
inline constexpr std::size_t kMaxFlagChanges = 512;

enum class Targeting { dropped, kept };

struct FlagChange {
  std::string variant;                       // empty: the flag is disabled
  Targeting targeting = Targeting::dropped;  // dropped: the variant holds for everyone
  // As the release says that it was made on.
  release::NextRelease next_release = release::NextRelease::keep;
  std::string actor;
  std::string reason;
  Time at;

  friend bool operator==(const FlagChange&, const FlagChange&) = default;
};

using FlagChanges = std::map<std::string, FlagChange>;

struct SiteFlags {
  std::string environment;
  FlagChanges changes;
};

// What a placement of flags keeps in its settings.
Json to_settings(const SiteFlags& flags);
// Nothing where settings are those of something else. Error{corrupt}.
std::optional<SiteFlags> site_flags_from_json(const Json& settings, const std::string& where);
bool has_flags(const Placement& placement);
// Error{corrupt}.
SiteFlags flags_of(const Placement& placement);

// What the site has changed where these flags stand; nothing where there are none (null).
FlagChanges changes_of(const Placement* placement);

// The flag as applications see it. Error{corrupt} where it has no such variant.
release::Flag changed(release::Flag flag, const FlagChange& change);
release::FlagSet changed(release::FlagSet set, const FlagChanges& changes);

// "on for everyone", "on where its rules decide nothing", "disabled".
std::string effect_of(const release::Flag& flag);
// "off for everyone, by anna at 2026-11-25 10:00:00: too slow"
std::string told(const release::Flag& flag, const FlagChange& change);

// What becomes of a site's changes when another release comes. A change stays only where both
// releases say keep and the flag still has the variant.
struct CarriedFlags {
  FlagChanges kept;
  std::vector<std::string> lines;     // what is kept and what is reset
  std::vector<std::string> warnings;  // what cannot be kept
};
CarriedFlags carry_over(const FlagChanges& changes, const release::FlagSet& next);

// What differs between two sets of changes: a line for each flag.
std::vector<std::string> compare(const FlagChanges& before, const FlagChanges& after);

}  // namespace sealift::installer
