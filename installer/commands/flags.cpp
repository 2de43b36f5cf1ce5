// SPDX-License-Identifier: Apache-2.0
#include "installer/records/flags.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/commands/commands.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/planner.hpp"
#include "installer/session/changing.hpp"
#include "release/text/schema.hpp"

namespace sealift::installer {

namespace {

using release::Flag;
using release::FlagSet;

struct FlagsOptions {
  std::string flag;
  std::string variant;
  std::vector<std::string> flags;
  bool disable = false;
  bool keep_rules = false;
  bool all = false;
  ChangeOptions change;
};

// The flags of the current release, and what the site has changed of them.
struct Standing {
  const Placement* placement;
  SiteContent content;
  SiteFlags site;
  FlagSet released;
};

Standing current_flags(const Tools& tools, const State& state) {
  const Revision* now = state.current();
  const Placement* placement = now == nullptr ? nullptr : now->flags_placement();
  if (placement == nullptr) {
    throw Error(Errc::incompatible,
                now == nullptr ? "no release is installed, so there are no flags"
                               : format("{} has no flags on this site", now->title()),
                "flags come with a release that has a component of the kind flags");
  }
  SiteContent content = content_of(tools, *now);
  SiteFlags site = flags_of(*placement);
  FlagSet released = content.released_flags(placement->component, site.environment);
  return {.placement = placement,
          .content = std::move(content),
          .site = std::move(site),
          .released = std::move(released)};
}

template <typename Map>
std::vector<std::string> flag_names(const Map& map) {
  std::vector<std::string> names;
  names.reserve(map.size());
  for (const auto& [name, unused] : map) names.push_back(name);
  return names;
}

const Flag& flag_named(const std::string& name, const FlagSet& set) {
  const auto found = set.flags.find(name);
  if (found != set.flags.end()) return found->second;
  const std::string near = nearest(name, flag_names(set.flags));
  throw Error(
      Errc::usage, format("the release has no flag \"{}\"", printable(name, 80)),
      near.empty() ? "see: sealift-installer flags list" : format("did you mean \"{}\"?", near));
}

void check_variant(const std::string& variant, const Flag& flag) {
  if (flag.variants.contains(variant)) return;
  const std::vector<std::string> known = flag_names(flag.variants);
  const std::string near = nearest(variant, known);
  throw Error(Errc::usage, format("the flag has no variant \"{}\"", printable(variant, 80)),
              near.empty() ? format("variants are: {}", joined(known))
                           : format("did you mean \"{}\"?", near));
}

Json to_json(const std::string& name, const Flag& flag, const FlagChange* change) {
  const Flag now = change == nullptr ? flag : changed(flag, *change);
  Json value = {{"flag", name},
                {"type", flag.type()},
                {"variant", now.default_variant},
                {"enabled", now.state == release::FlagState::enabled},
                {"rules", !now.targeting.is_null()},
                {"variants", flag_names(flag.variants)},
                {"from", change == nullptr ? "release" : "site"},
                {"effect", effect_of(now)},
                {"released", effect_of(flag)},
                {"nextRelease", release::name(flag.next_release)},
                {"meaning", flag.meaning}};
  if (change != nullptr) {
    value["by"] = change->actor;
    value["at"] = to_text(change->at);
    value["reason"] = change->reason;
  }
  return value;
}

void list(const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const State state = work.state();
  const Standing flags = current_flags(work.tools(), state);
  std::vector<std::vector<std::string>> rows = {
      {"FLAG", "HOLDS", "FROM", "VARIANTS", "NEXT RELEASE", "MEANING"}};
  Json values = Json::array();
  for (const auto& [name, flag] : flags.released.flags) {
    const auto found = flags.site.changes.find(name);
    const FlagChange* change = found == flags.site.changes.end() ? nullptr : &found->second;
    rows.push_back({name, effect_of(change == nullptr ? flag : changed(flag, *change)),
                    change == nullptr ? "release" : "site", joined(flag_names(flag.variants)),
                    std::string(release::name(flag.next_release)), printable(flag.meaning, 400)});
    values.push_back(to_json(name, flag, change));
  }
  session.out.table(rows);
  if (!flags.site.changes.empty()) session.out.line();
  for (const auto& [name, change] : flags.site.changes) {
    const Flag& flag = flag_named(name, flags.released);
    session.out.line(
        format("{}: {}; the release says {}", name, told(flag, change), effect_of(flag)));
  }
  session.out.json(values);
}

// What the audit log says: each flag that changes, and what it was and becomes.
Json evidence_of_flags(const Standing& flags, const FlagChanges& before, const FlagChanges& after) {
  Json list = Json::array();
  const auto effect = [](const Flag& flag, const std::string& name, const FlagChanges& changes) {
    const auto change = changes.find(name);
    return effect_of(change == changes.end() ? flag : changed(flag, change->second));
  };
  for (const auto& [name, flag] : flags.released.flags) {
    const auto was = before.find(name);
    const auto is = after.find(name);
    const bool same =
        was == before.end() ? is == after.end() : is != after.end() && was->second == is->second;
    if (same) continue;
    list.push_back({{"flag", name},
                    {"from", effect(flag, name, before)},
                    {"to", effect(flag, name, after)},
                    {"by", is == after.end() ? "release" : "site"}});
  }
  return list;
}

// Carries out what `edit` does to the site's changes.
template <typename Edit>
void change(const FlagsOptions& options, const std::string& command, const std::string& site,
            cli::Session& session, Edit&& edit) {
  SiteWork work(session, site);
  work.lock_and_settle(command, options.change);
  const SignalGuard signals;
  const Tools& tools = work.tools();
  const State state = work.state();
  Standing flags = current_flags(tools, state);
  refuse_site_changes(*state.current(), work.installation().site, kChangeEnvironment);
  const FlagChanges before = flags.site.changes;
  const Request request = work.request(Purpose::flags, options.change);
  edit(flags, request);
  if (flags.site.changes.size() > kMaxFlagChanges) {
    throw Error(Errc::incompatible,
                format("the site would have changed more than {} flags", kMaxFlagChanges),
                "reset some, or ask for a release that says what they shall be");
  }
  if (flags.site.changes == before) {
    session.out.line("the flags are set so already; nothing was changed");
    session.out.json({{"result", "unchanged"}});
    return;
  }
  const Drivers& drivers = tools.drivers;
  Draft draft = plan_flags(flags.site, flags.content, work.installation(), state, drivers, request);
  const Json list = evidence_of_flags(flags, before, flags.site.changes);
  draft.evidence = {{"flags", list}};
  const Forecast forecast = work.forecast(draft, state);
  show(draft, forecast, "", session);
  if (options.change.dry_run) session.out.json(to_json(draft, forecast));
  if (!work.agreed(options.change, "change it?")) return;
  carry_out(tools, draft, flags.content, flags.content.values(), {});
  session.effect = cli::Effect::changed;
  session.out.line();
  session.out.line(format("changed (revision {}); applications read it from {}/current/{}",
                          draft.plan.number, flags.placement->path, kFlagsFile));
  session.out.json({{"result", "changed"}, {"revision", draft.plan.number}, {"flags", list}});
}

void set(const FlagsOptions& options, const std::string& site, cli::Session& session) {
  if (options.disable != options.variant.empty()) {
    throw Error(Errc::usage,
                options.disable ? "found a variant and --disable, expected one of them"
                                : "found no variant",
                "sealift-installer flags set FLAG VARIANT, or FLAG --disable");
  }
  change(options, "flags set", site, session, [&](Standing& flags, const Request& request) {
    const Flag& flag = flag_named(options.flag, flags.released);
    if (!options.disable) check_variant(options.variant, flag);
    const FlagChange wanted{.variant = options.variant,
                            .targeting = options.keep_rules ? Targeting::kept : Targeting::dropped,
                            .next_release = flag.next_release,
                            .actor = request.actor,
                            .reason = printable(request.reason, 200),
                            .at = request.now};
    const auto known = flags.site.changes.emplace(options.flag, wanted).first;
    const bool is_so_already =
        known->second.variant == wanted.variant && known->second.targeting == wanted.targeting;
    if (!is_so_already) known->second = wanted;
  });
}

void reset(const FlagsOptions& options, const std::string& site, cli::Session& session) {
  if (options.all != options.flags.empty()) {
    throw Error(Errc::usage,
                options.all ? "found flags and --all, expected one of them" : "found no flag",
                "sealift-installer flags reset FLAG, or --all");
  }
  change(options, "flags reset", site, session, [&](Standing& flags, const Request&) {
    if (options.all) flags.site.changes.clear();
    for (const std::string& name : options.flags) {
      flag_named(name, flags.released);
      flags.site.changes.erase(name);
    }
  });
}

}  // namespace

void add_flags(cli::Command& program, const std::string& site) {
  cli::Command flags =
      program.sub("flags", "show and change the feature flags of the current release");
  flags.example("sealift-installer flags list", "every flag and who set it").fails_with({});
  auto& options = cli::make_options<FlagsOptions>();
  const std::vector<Errc> failures = {Errc::untrusted,      Errc::corrupt,    Errc::incompatible,
                                      Errc::busy,           Errc::io,         Errc::target_failed,
                                      Errc::needs_operator, Errc::interrupted};
  flags.sub("list", "list every flag, its variant and who decides it")
      .example("sealift-installer flags list --json", "for a program")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&site](cli::Session& session) { list(site, session); });
  cli::Command setting =
      flags.sub("set", "change a flag on this site, as a transaction of its own; needs no bundle");
  setting.argument("FLAG", options.flag, "its name", cli::Presence::required)
      .argument("VARIANT", options.variant, "one of its variants, which then holds for everyone",
                cli::Presence::optional)
      .flag("--keep-rules", options.keep_rules,
            "only where the rules of the release decide nothing")
      .flag("--disable", options.disable, "applications use what their code says");
  add_change_options(setting, options.change);
  setting
      .example("sealift-installer flags set new-checkout on --reason \"pilot\"",
               "one variant for everyone")
      .example("sealift-installer flags set new-checkout on --keep-rules",
               "only where no rule decides")
      .fails_with(failures)
      .runs([&](cli::Session& session) { set(options, site, session); });
  cli::Command resetting = flags.sub("reset", "return flags to what the release says");
  resetting.arguments("FLAG", options.flags, "their names", cli::Presence::optional)
      .flag("--all", options.all, "every flag that this site has changed");
  add_change_options(resetting, options.change);
  resetting
      .example("sealift-installer flags reset new-checkout", "what the release says holds again")
      .example("sealift-installer flags reset --all --yes", "for every flag")
      .fails_with(failures)
      .runs([&](cli::Session& session) { reset(options, site, session); });
}

}  // namespace sealift::installer
