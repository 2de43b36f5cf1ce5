// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/prune.hpp"
#include "base/format.hpp"
#include "installer/commands/commands.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

void add_prune(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<ChangeOptions>();
  program.sub("prune", "remove releases that the retention rule does not keep")
      .option("--lock-timeout", options.lock_timeout, "SECONDS",
              "wait this long for another installer (default 0)")
      .example("sealift-installer prune", "now, instead of at the next apply")
      .fails_with({Errc::untrusted, Errc::busy, Errc::io, Errc::needs_operator})
      .runs([&](cli::Session& session) {
        SiteWork work(session, site);
        work.lock_and_settle("prune", options);
        const Pruned pruned = prune(work.tools(), work.state());
        session.effect = cli::Effect::changed;
        session.out.line(format("removed {} and {}",
                                cli::count_text(pruned.releases, "unpacked release"),
                                cli::count_text(pruned.bundles, "bundle")));
        session.out.json({{"releases", pruned.releases}, {"bundles", pruned.bundles}});
      });
}

}  // namespace sealift::installer
