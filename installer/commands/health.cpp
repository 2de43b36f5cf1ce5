// SPDX-License-Identifier: Apache-2.0
#include "installer/commands/commands.hpp"
#include "installer/session/asked_health.hpp"

namespace sealift::installer {

namespace {

struct HealthOptions {
  bool wait = false;
};

void run_health(const HealthOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const auto last = ask_health(work, options.wait ? Asking::until_stable : Asking::once, session);
  if (!last) {
    session.out.json({{"healthy", true}, {"results", Json::array()}});
    return;
  }
  Json value = to_json(*last);
  value["healthy"] = is_healthy(*last);
  session.out.json(value);
  if (!is_healthy(*last)) session.status = cli::kDiffers;
}

}  // namespace

void add_health(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<HealthOptions>();
  program.sub("health", "ask the health checks of the installed release; changes nothing")
      .flag("--wait", options.wait,
            "give each check the time that the release gives it, and ask for latency too")
      .example("sealift-installer health", "each check once")
      .example("sealift-installer health --wait", "with the patience that the release has")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::io, Errc::interrupted},
          {{"20", "a check does not hold"}})
      .runs([&](cli::Session& session) { run_health(options, site, session); });
}

}  // namespace sealift::installer
