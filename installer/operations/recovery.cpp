// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/recovery.hpp"

#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/driver/stop.hpp"
#include "installer/operations/ending.hpp"
#include "installer/operations/intake.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/transaction/transaction.hpp"

namespace sealift::installer {

namespace {

// Behind every recovery.
void clean_up(const Tools& tools) {
  Aftermath aftermath;
  aftermath.attempt("reading the state", [&] {
    store_roots_of_current(tools, load_state(tools.installation.layout, tools.clock));
  });
  aftermath.attempt("tidying up", [&] { tidy(tools); });
}

std::uint64_t number_from_json(const Json& details) {
  return details.value("cutOff", std::uint64_t{0});
}

// Once for each transaction, for what was cut off has written nothing of it. The key is not
// `transaction`: by that the log is searched for the line of its end.
void note_cut_off(const Tools& tools, const Journal& journal) {
  const std::uint64_t number = journal.plan().number;
  try {
    for (const AuditEntry& entry : tools.audit().entries()) {
      const bool is_of_it = transaction_of(entry) == number && entry.event == "failed";
      if (is_of_it || (entry.event == "cut-off" && number_from_json(entry.details) == number)) {
        return;
      }
    }
    tools.audit().append("cut-off", {{"cutOff", number},
                                     {"purpose", name(journal.plan().purpose)},
                                     {"version", journal.plan().outcome.version},
                                     {"environment", journal.plan().outcome.environment}});
  } catch (...) {
    log::warning(format("the audit log has no line of it: {}", current_error().message()));
  }
}

}  // namespace

// Under the lock, so what is unfinished was cut off. A stage is undone without asking, since nobody
// has seen anything of it.
State settle(const Tools& tools) {
  remove_incoming(tools.installation.layout);
  State state = load_state(tools.installation.layout, tools.clock);
  close_ended(tools, state);
  if (!state.unfinished) {
    lift_fence(tools);
    store_roots_of_current(tools, state);
    return state;
  }
  const Journal journal = Journal::read(*state.unfinished, tools.clock);
  if (!is_only_staged(journal)) {
    const std::optional<FailedUndo> failed = failed_undo(journal);
    note_cut_off(tools, journal);
    throw Error(
        Errc::needs_operator,
        format("transaction {} ({}) {}", journal.plan().number, name(journal.plan().purpose),
               failed ? format("needs a person: {} could not be taken back", failed->step)
                      : std::string("was cut off after it had begun to switch")),
        failed ? "see what is installed where, and how to continue: sealift-installer status"
               : "return to the release before it with: sealift-installer recover");
  }
  log::warning(format("transaction {} was cut off before anything could be seen; undoing it",
                      journal.plan().number));
  recover(tools, Direction::back);
  return load_state(tools.installation.layout, tools.clock);
}

// Every failure is needs_operator: the transaction is still open, and the same command may be run
// again.
std::optional<Proof> recover(const Tools& tools, Direction direction, const std::string& reason) {
  const Layout& layout = tools.installation.layout;
  Aftermath aftermath;
  aftermath.attempt("removing leftovers of the store", [&] { remove_incoming(layout); });
  const State state = load_state(layout, tools.clock);
  close_ended(tools, state);
  if (!state.unfinished) {
    aftermath.attempt("tidying up", [&] { tidy(tools); });
    lift_fence(tools);
    return std::nullopt;
  }
  const bool is_given_up = direction == Direction::back_with_database;
  Proof proved;
  try {
    Journal journal = Journal::open(*state.unfinished, tools.clock);
    const TransactionLabels labels(journal.plan());
    SiteContent content = content_of(tools, journal.plan().outcome);
    const Drivers& drivers = tools.drivers;
    const StopFlag stop;
    std::optional<SiteContent> former = content_before(tools, state);
    StepIo io{.content = content,
              .former = former ? &*former : nullptr,
              .progress = tools.progress,
              .stop = stop,
              .writes = is_given_up ? Writes::given_up : Writes::kept};
    if (direction != Direction::forward) {
      recover_back(journal, drivers, io);
    } else {
      recover_forward(journal, drivers, io);
    }
    proved = std::move(io.kept);
    proved.insert(proved.end(), io.proved.begin(), io.proved.end());
    Json details = evidence(journal.plan());
    details["direction"] = direction == Direction::forward ? "forward" : "back";
    if (is_given_up) {
      details["restoredDatabase"] = true;
      details["recoverReason"] = printable(reason, 1024);
    }
    follow_up(tools, journal, "recovered", std::move(details));
    clean_up(tools);
    lift_fence_after(tools, journal);
  } catch (...) {
    const Error error = current_error();
    throw Error(Errc::needs_operator, error.message(),
                error.hint().empty() ? "repair the cause, then run: sealift-installer recover"
                                     : error.hint());
  }
  return proved;
}

// Two lines of the audit log, one before and one behind the journal's end: a crash between leaves
// the first.
void end_by_hand(const Tools& tools, Event ending, const std::string& why, const Json& found) {
  const Layout& layout = tools.installation.layout;
  const State state = load_state(layout, tools.clock);
  if (!state.unfinished) throw Error(Errc::internal, "no transaction is open");
  Journal journal = Journal::open(*state.unfinished, tools.clock);
  // Before the journal: whoever reads that it ended finds who said so.
  Json details = evidence(journal.plan());
  details.update(found);
  tools.audit().append("accepting", std::move(details));
  journal.append(ending, {}, Json(why));
  Json recovered = evidence(journal.plan());
  recovered["direction"] = ending == Event::commit ? "accepted new" : "accepted old";
  follow_up(tools, journal, "recovered", std::move(recovered));
  clean_up(tools);
  lift_fence(tools);
}

}  // namespace sealift::installer
