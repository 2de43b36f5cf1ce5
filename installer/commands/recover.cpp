// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "installer/commands/commands.hpp"
#include "installer/operations/acceptance.hpp"
#include "installer/operations/recovery.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

struct RecoverOptions {
  bool forward = false;
  bool back = false;
  bool restore_database = false;
  std::string accept;
  ChangeOptions change;
};

void check(const RecoverOptions& options) {
  const bool is_accepting = !options.accept.empty();
  const bool is_back = options.back || options.restore_database;
  if (static_cast<int>(options.forward) + static_cast<int>(is_back) +
          static_cast<int>(is_accepting) >
      1) {
    throw Error(Errc::usage,
                "--forward, --accept and the way back (--back, --restore-database) contradict each "
                "other",
                "give one of them");
  }
  if (options.restore_database && options.change.reason.empty()) {
    throw Error(Errc::usage, "--restore-database without --reason",
                "what was written since the backup goes: say why with --reason TEXT");
  }
  if (!is_accepting) return;
  side_named(options.accept);
  if (options.change.reason.empty()) {
    throw Error(Errc::usage, "--accept without --reason",
                "say what was repaired by hand: --reason TEXT");
  }
}

void report_recovery(bool recovered, const State& state, const Json& more, cli::Session& session) {
  const std::string stands = title_of(state.current());
  session.out.line(recovered ? format("recovered; installed on this site: {}", stands)
                             : format("nothing to recover; installed on this site: {}", stands));
  Json value = {{"recovered", recovered},
                {"version", state.current() == nullptr ? Json() : Json(state.current()->version)}};
  value.update(more);
  session.out.json(value);
}

void show_list(const std::string& title, const std::vector<std::string>& lines,
               cli::Session& session) {
  if (lines.empty()) return;
  session.out.line(title);
  for (const std::string& line : lines) session.out.line(format("  {}", line));
}

// Whoever accepts what differs, or what nobody could ask, says so once more.
bool is_agreed(const Acceptance& acceptance, const ChangeOptions& change, SiteWork& work) {
  if (acceptance.is_complete()) return true;
  const std::string found =
      format("{} differ from {}, {} cannot be verified", acceptance.differs.size(),
             acceptance.title, acceptance.unverified.size());
  return while_doing(found, [&] { return work.agreed(change, format("{}: accept it?", found)); });
}

// Where the person thinks better of it, the transaction stays open, and the status says so.
void accept_by_hand(const RecoverOptions& options, SiteWork& work, cli::Session& session) {
  const std::optional<Acceptance> acceptance = examine(work.tools(), side_named(options.accept));
  if (!acceptance) {
    recover(work.tools(), Direction::back);
    report_recovery(false, work.state(), Json::object(), session);
    return;
  }
  session.out.line(format("transaction {} shall end on the {} release: {}", acceptance->transaction,
                          name(acceptance->side), acceptance->title));
  show_list("verified:", acceptance->verified, session);
  show_list("differs:", acceptance->differs, session);
  show_list("cannot be verified:", acceptance->unverified, session);
  if (!is_agreed(*acceptance, options.change, work)) {
    session.status = exit_status(Errc::needs_operator);
    return;
  }
  accept(work.tools(), *acceptance, options.change.reason);
  session.effect = cli::Effect::changed;
  report_recovery(true, work.state(), to_json(*acceptance), session);
}

void run_recover(const RecoverOptions& options, const std::string& site, cli::Session& session) {
  check(options);
  SiteWork work(session, site);
  work.lock("recover", options.change);
  const SignalGuard signals;
  if (!options.accept.empty()) {
    accept_by_hand(options, work, session);
    return;
  }
  const Direction direction = options.forward            ? Direction::forward
                              : options.restore_database ? Direction::back_with_database
                                                         : Direction::back;
  const std::optional<Proof> proof = recover(work.tools(), direction, options.change.reason);
  session.effect = cli::Effect::changed;
  for (const std::string& line : proof.value_or(Proof())) session.out.line(line);
  report_recovery(proof.has_value(), work.state(), Json::object(), session);
}

}  // namespace

void add_recover(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<RecoverOptions>();
  program
      .sub("recover",
           "end a transaction that was cut off by a crash: back to the old release by default")
      .flag("--back", options.back, "back to the old release, as without it")
      .flag("--forward", options.forward, "go on to the new release instead")
      .flag("--restore-database", options.restore_database,
            "restore migrated databases from their backups: everything written after the backup is "
            "lost")
      .option("--accept", options.accept, "old|new",
              "after a repair by hand: that release is installed now; needs --reason")
      .flag("-y,--yes", options.change.yes, "with --accept: do not ask about what differs")
      .option("--reason", options.change.reason, "TEXT", "kept in the audit log")
      .option("--lock-timeout", options.change.lock_timeout, "SECONDS",
              "wait this long for another installer (default 0)")
      .example("sealift-installer recover", "undo what the crash cut off")
      .example("sealift-installer recover --forward", "finish it instead")
      .example("sealift-installer recover --accept new --reason \"moved by hand\"",
               "after a repair by hand")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::busy, Errc::io, Errc::needs_operator})
      .runs([&](cli::Session& session) { run_recover(options, site, session); });
}

}  // namespace sealift::installer
