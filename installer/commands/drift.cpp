// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <map>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/operations/found_drift.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/operations/standing.hpp"
#include "installer/records/flags.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

// What the site has changed of the release's flags, by their names.
std::map<std::string, std::string> changed_flags(const Placement& placement, SiteContent& content) {
  std::map<std::string, std::string> found;
  if (!has_flags(placement)) return found;
  const SiteFlags flags = flags_of(placement);
  if (flags.changes.empty()) return found;
  const release::FlagSet released = content.released_flags(placement.component, flags.environment);
  for (const auto& [name, flag] : released.flags) {
    const auto change = flags.changes.find(name);
    if (change == flags.changes.end()) continue;
    found[name] = format("{}; the release says {}", told(flag, change->second), effect_of(flag));
  }
  return found;
}

void run_drift(const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  const State state = work.state();
  const Drivers& drivers = work.tools().drivers;
  Json list = Json::array();
  std::vector<std::string> components;
  bool is_damaged = false;
  if (const Revision* now = state.current()) {
    SiteContent content = content_of(work.tools(), *now);
    const auto add = [&](const Placement& placement, const Difference& difference) {
      session.out.line(
          format("{}: {}: {}", placement.component, printable(difference.path), text(difference)));
      list.push_back({{"component", placement.component},
                      {"path", difference.path},
                      {"found", difference.found}});
      if (!difference.expected.empty()) list.back()["expected"] = difference.expected;
    };
    for (const Placement& placement : now->placements) {
      const std::size_t before = list.size();
      for (const Difference& difference : differences_of(drivers.named(placement.driver), placement,
                                                         Thoroughness::by_content, content)) {
        add(placement, difference);
        is_damaged = is_damaged || !is_of_database(placement);
      }
      for (const auto& [flag, found] : changed_flags(placement, content)) {
        add(placement, {format("flag {}", flag), found});
      }
      if (list.size() > before) components.push_back(placement.component);
    }
  }
  if (state.unfinished) {
    log::warning(
        "a transaction was cut off: this is compared with the release before it; see: "
        "sealift-installer status");
  }
  if (is_damaged) session.out.line("make it whole with: sealift-installer apply --repair");
  if (list.empty()) session.out.line("everything is as it was installed");
  if (!list.empty()) session.status = cli::kDiffers;
  // Whoever may only read the site leaves no line. A destination that is new is told of this one.
  if (!state.unfinished && ::access(work.installation().layout.audit().c_str(), W_OK) == 0) {
    work.tell_afterwards();
    record_drift(work.tools(), {list, components});
  }
  session.out.json({{"differences", std::move(list)}});
}

}  // namespace

void add_drift(cli::Command& program, const std::string& site) {
  program
      .sub("drift",
           "compare every installed file, link, mode, owner and flag with what was installed")
      .example("sealift-installer drift", "exit with 20 where something differs")
      .example("sealift-installer apply --repair", "repair it")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io}, {{"20", "something differs"}})
      .runs([&site](cli::Session& session) { run_drift(site, session); });
}

}  // namespace sealift::installer
