// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "installer/commands/changing.hpp"
#include "installer/commands/commands.hpp"

namespace sealift::installer {

namespace {

struct Options {
  bool forward = false;
  bool restore_database = false;
  ChangeOptions change;
};

void work(const Options& options, const std::string& site, cli::Session& session) {
  SiteWork work(session, site);
  work.lock("recover", options.change);
  const SignalGuard signals;
  if (options.restore_database && (options.forward || options.change.reason.empty())) {
    throw Error(Errc::usage,
                options.forward ? "--forward and --restore-database contradict each other"
                                : "--restore-database without --reason",
                "what was written since the backup goes: say why with --reason TEXT");
  }
  const Direction direction = options.forward            ? Direction::forward
                              : options.restore_database ? Direction::back_with_database
                                                         : Direction::back;
  const bool recovered = recover(work.tools(), direction, options.change.reason);
  const State state = work.state();
  const std::string stands =
      state.current() == nullptr ? "nothing was applied yet" : state.current()->title();
  session.out.line(recovered ? format("recovered; this site stands on: {}", stands)
                             : format("nothing to recover; this site stands on: {}", stands));
  session.out.json(
      {{"recovered", recovered},
       {"version", state.current() == nullptr ? Json() : Json(state.current()->version)}});
}

}  // namespace

void add_recover(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<Options>();
  program
      .sub("recover",
           "end a transaction that was cut off by a crash: back to the old release by default")
      .flag("--forward", options.forward, "go on to the new release instead")
      .flag("--restore-database", options.restore_database,
            "restore migrated databases from their backups: what was written since goes")
      .option("--reason", options.change.reason, "TEXT", "kept in the audit log")
      .option("--lock-timeout", options.change.lock_timeout, "SECONDS",
              "wait this long for another installer (default 0)")
      .fails_with({Errc::corrupt, Errc::busy, Errc::io, Errc::needs_operator})
      .runs([&](cli::Session& session) { work(options, site, session); });
}

}  // namespace sealift::installer
