// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "installer/commands/commands.hpp"
#include "installer/session/release.hpp"

namespace sealift::installer {

namespace {

// Where a plan file is given, what it was made with.
ReleaseOptions as_planned(ReleaseOptions options) {
  if (options.bundle.size() != 1 || dir_exists(options.bundle.front())) return options;
  options.planned = read_plan_file(options.bundle.front());
  if (!options.planned) return options;
  if (!options.set.empty() || options.repair) {
    throw Error(Errc::usage, "found --set or --repair beside a plan file, which says it all",
                "make a new one: sealift-installer plan BUNDLE --output FILE");
  }
  options.bundle = options.planned->bundle;
  options.set = options.planned->set;
  options.trust = options.planned->trust;
  options.change_environment = options.planned->change_environment;
  return options;
}

}  // namespace

void add_apply(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<ReleaseOptions>();
  cli::Command command = program.sub(
      "apply", "apply a bundle as one transaction; a failure leaves the site as it was");
  command.arguments(
      "BUNDLE", options.bundle,
      "the bundle file, volumes of it or their folder, or what `plan --output` wrote (default: the "
      "one that was staged; with "
      "--repair the installed one)",
      cli::Presence::optional);
  add_change_options(command, options.change);
  add_expiry_option(command, options.trust);
  add_floor_option(command, options.trust);
  add_set_option(command, options.set);
  command.flag("--now", options.now,
               "outside of the maintenance windows of site.yaml as well; audited, needs --reason");
  command.flag(
      "--repair", options.repair,
      "make the installed release whole: every file, link, mode, image, unit and container");
  add_environment_option(command, options.change_environment);
  command.example("sealift-installer apply shop-1.1.0.bundle.tar.zst", "show the plan, ask, apply")
      .example("sealift-installer apply shop-1.1.0.bundle.tar.zst --yes --reason \"CHG-1042\"",
               "without a question, from a script")
      .example("sealift-installer apply shop.plan --yes", "the plan that was looked at, or none")
      .example("sealift-installer apply --repair", "repair what drifted from the installed release")
      .reads("DOCKER_HOST", "where the engine of containers is")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::busy,
           Errc::io, Errc::target_failed, Errc::needs_operator, Errc::interrupted},
          {{"7", "or the maintenance windows of site.yaml are closed"}})
      .runs([&](cli::Session& session) {
        const Json said = bring(Purpose::apply, as_planned(options), site, session);
        if (!said.is_null()) session.out.json(said);
      });
}

void add_stage(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<ReleaseOptions>();
  cli::Command command = program.sub("stage", "do the invisible part of apply ahead of time",
                                     "Users see nothing of it; a later `apply` takes less time.");
  command.arguments("BUNDLE", options.bundle, "the bundle file, or volumes of it or their folder",
                    cli::Presence::required);
  add_change_options(command, options.change);
  add_expiry_option(command, options.trust);
  add_floor_option(command, options.trust);
  add_set_option(command, options.set);
  command
      .example("sealift-installer stage shop-1.1.0.bundle.tar.zst --yes",
               "unpack files and load images")
      .example("sealift-installer apply --yes", "then, in the maintenance window")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible,
                   Errc::busy, Errc::io, Errc::target_failed, Errc::needs_operator,
                   Errc::interrupted})
      .runs([&](cli::Session& session) {
        const Json said = bring(Purpose::stage, options, site, session);
        if (!said.is_null()) session.out.json(said);
      });
}

}  // namespace sealift::installer
