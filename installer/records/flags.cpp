// SPDX-License-Identifier: Apache-2.0
#include "installer/records/flags.hpp"

#include <set>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

using release::Flag;
using release::FlagSet;
using release::FlagState;
using release::NextRelease;

namespace {

// Keys are those of the journals of all versions: a change here needs a reader of the old ones.
Json to_json(const FlagChange& change) {
  return {{"variant", change.variant},
          {"keepRules", change.targeting == Targeting::kept},
          {"nextRelease", name(change.next_release)},
          {"actor", change.actor},
          {"reason", change.reason},
          {"at", to_text(change.at)}};
}

FlagChange change_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const std::string next = fields.text("nextRelease");
  if (next != name(NextRelease::keep) && next != name(NextRelease::reset)) {
    fields.refuse("nextRelease", format("found \"{}\"", printable(next, 40)));
  }
  FlagChange change{
      .variant = fields.text("variant"),
      .targeting = fields.flag("keepRules") ? Targeting::kept : Targeting::dropped,
      .next_release = next == name(NextRelease::keep) ? NextRelease::keep : NextRelease::reset,
      .actor = fields.text("actor"),
      .reason = fields.text("reason"),
      .at = fields.time("at")};
  fields.done();
  return change;
}

std::string made_by(const FlagChange& change) {
  return format("by {} at {}{}{}", printable(change.actor, 64), to_local_text(change.at),
                change.reason.empty() ? "" : ": ", printable(change.reason, 200));
}

// What a change asks for, where the flag itself is not at hand.
std::string wish_of(const FlagChange& change) {
  if (change.variant.empty()) return "disabled";
  return format(
      "{} {}", change.variant,
      change.targeting == Targeting::kept ? "where its rules decide nothing" : "for everyone");
}

// Every flag can be disabled.
bool has_variant(const Flag& flag, const FlagChange& change) {
  return change.variant.empty() || flag.variants.contains(change.variant);
}

}  // namespace

// Below one key, by which settings of flags are told from those of assets and targets.
Json to_settings(const SiteFlags& flags) {
  Json changes = Json::object();
  for (const auto& [flag, change] : flags.changes) changes[flag] = to_json(change);
  return {{"flags", {{"environment", flags.environment}, {"changes", std::move(changes)}}}};
}

std::optional<SiteFlags> site_flags_from_json(const Json& settings, const std::string& where) {
  if (!settings.is_object() || !settings.contains("flags")) return std::nullopt;
  Fields fields(settings.at("flags"), where);
  SiteFlags flags{.environment = fields.text("environment"), .changes = {}};
  for (const auto& [flag, change] : fields.object("changes").items()) {
    flags.changes[flag] =
        change_from_json(change, format("{}.{}", fields.at("changes"), printable(flag, 80)));
  }
  fields.done();
  return flags;
}

bool has_flags(const Placement& placement) {
  return site_flags_from_json(placement.settings, placement.component).has_value();
}

SiteFlags flags_of(const Placement& placement) {
  const std::string where = format("flags of the component {}", placement.component);
  const auto flags = site_flags_from_json(placement.settings, where);
  if (!flags) throw Error(Errc::corrupt, format("{}: missing", where));
  return *flags;
}

FlagChanges changes_of(const Placement* placement) {
  return placement == nullptr ? FlagChanges{} : flags_of(*placement).changes;
}

// The planner has dropped changes that the release cannot take, so one that is met here came from a
// damaged journal.
Flag changed(Flag flag, const FlagChange& change) {
  if (!has_variant(flag, change)) {
    throw Error(Errc::corrupt,
                format("the site's changes name the variant \"{}\", which the flag does not have",
                       printable(change.variant, 80)));
  }
  if (change.variant.empty()) {
    flag.state = FlagState::disabled;
    return flag;
  }
  flag.state = FlagState::enabled;
  flag.default_variant = change.variant;
  if (change.targeting == Targeting::dropped) flag.targeting = nullptr;
  return flag;
}

FlagSet changed(FlagSet set, const FlagChanges& changes) {
  for (const auto& [name, change] : changes) {
    const auto flag = set.flags.find(name);
    if (flag == set.flags.end()) {
      throw Error(Errc::corrupt,
                  format("the site's changes name the flag \"{}\", which the release does not have",
                         printable(name, 80)));
    }
    flag->second = changed(std::move(flag->second), change);
  }
  return set;
}

std::string effect_of(const Flag& flag) {
  if (flag.state == FlagState::disabled) return "disabled";
  return format("{} {}", flag.default_variant,
                flag.targeting.is_null() ? "for everyone" : "where its rules decide nothing");
}

std::string told(const Flag& flag, const FlagChange& change) {
  return format("{}, {}", effect_of(changed(flag, change)), made_by(change));
}

// A reset is what both sides may ask for and is told as news; a change that cannot be kept is a
// warning, since nobody asked for it.
CarriedFlags carry_over(const FlagChanges& changes, const FlagSet& next) {
  CarriedFlags carried;
  for (const auto& [name, change] : changes) {
    const std::string was = format("{} ({})", wish_of(change), made_by(change));
    const auto found = next.flags.find(name);
    if (found == next.flags.end()) {
      carried.warnings.push_back(
          format("flag {}: this release does not have it; the site's change goes: {}", name, was));
      continue;
    }
    const Flag& flag = found->second;
    if (!has_variant(flag, change)) {
      carried.warnings.push_back(
          format("flag {}: this release has no variant \"{}\"; the site's change goes: {}; {} from "
                 "now on",
                 name, printable(change.variant, 80), was, effect_of(flag)));
    } else if (change.next_release == NextRelease::reset ||
               flag.next_release == NextRelease::reset) {
      carried.lines.push_back(
          format("flag {}: reset to {}; the site had it {}", name, effect_of(flag), was));
    } else {
      carried.lines.push_back(
          format("flag {}: kept {}; the release says {}", name, was, effect_of(flag)));
      carried.kept[name] = change;
    }
  }
  return carried;
}

// Who made a change and when is no difference.
std::vector<std::string> compare(const FlagChanges& before, const FlagChanges& after) {
  std::set<std::string> names;
  for (const auto& [name, unused] : before) names.insert(name);
  for (const auto& [name, unused] : after) names.insert(name);
  const auto said = [](const FlagChanges& changes, const std::string& name) {
    const auto change = changes.find(name);
    return change == changes.end() ? "as its release says" : wish_of(change->second);
  };
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    const std::string then = said(before, name);
    const std::string now = said(after, name);
    if (then != now) lines.push_back(format("flag {}: {}, before {}", name, now, then));
  }
  return lines;
}

}  // namespace sealift::installer
