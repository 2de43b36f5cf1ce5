// SPDX-License-Identifier: Apache-2.0
#include "installer/commands/commands.hpp"
#include "installer/session/release.hpp"

namespace sealift::installer {

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
