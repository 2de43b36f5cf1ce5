// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/carry_out.hpp"

#include "base/log.hpp"
#include "installer/driver/stop.hpp"
#include "installer/drivers/health/hook.hpp"
#include "installer/operations/ending.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/space.hpp"
#include "installer/records/overrides.hpp"
#include "installer/transaction/transaction.hpp"

namespace sealift::installer {

namespace {

// Those behind the commit. The release stands whatever they do.
void run_last_hooks(const Tools& tools, const Draft& draft) {
  for (const RenderedHook& hook : draft.last_hooks()) {
    try {
      run_hook(hook.run, tools.installation.layout, draft.plan.number);
    } catch (...) {
      const Error error = current_error();
      log::warning(format("{}; the release stands", error.message()));
      audit_failure(tools, "hook-failed",
                    {{"transaction", draft.plan.number}, {"hook", hook.run.check.name}}, error);
    }
  }
}

// Where there is no journal nothing was begun, and nothing is kept for it.
Journal begin_journal(const Tools& tools, const Draft& draft) {
  const Layout& layout = tools.installation.layout;
  try {
    return Journal::create(layout.journal(), draft.plan, tools.clock);
  } catch (...) {
    const Error error = current_error();
    Aftermath aftermath;
    aftermath.attempt("removing what was kept for the release", [&] {
      if (path_exists(Journal::file_of(layout.journal(), draft.plan.number))) return;
      remove_revision(layout, draft.plan.number);
    });
    throw error;
  }
}

}  // namespace

// Whatever the new revision needs is on the disk before the journal says that it was begun. The
// fence is opened before the last hooks, which may take their time.
void carry_out(const Tools& tools, const Draft& draft, Content& content,
               const release::Values& values, const std::vector<signing::Root>& newer_roots) {
  const Layout& layout = tools.installation.layout;
  const TransactionLabels labels(draft.plan);
  check_space(draft);
  keep_revision(tools, draft.plan.number, values, draft.health);
  keep_overrides(layout, draft.plan.number, draft.set);
  const Drivers& drivers = tools.drivers;
  const StopFlag stop;
  std::optional<SiteContent> former = content_before(tools, load_state(layout, tools.clock));
  StepIo io{.content = content,
            .former = former ? &*former : nullptr,
            .progress = tools.progress,
            .stop = stop,
            .writes = Writes::kept_by_fence};
  std::uint64_t bytes = 0;
  for (const ComponentChange& change : draft.changes) bytes += change.new_bytes;
  Json details = evidence(draft.plan);
  details.update(draft.evidence);
  Journal journal = begin_journal(tools, draft);
  tools.progress.begin(name(draft.plan.purpose), bytes);
  const bool is_rehearsal = draft.ends == Ends::taken_back;
  try {
    if (is_rehearsal) {
      rehearse_transaction(journal, drivers, io);
    } else {
      run_transaction(journal, drivers, io);
    }
  } catch (const Error& error) {
    tools.progress.end();
    if (journal.ending()) {
      details["code"] = name(error.code());
      details["message"] = error.message();
      follow_up(tools, journal, "failed", std::move(details));
    } else {
      audit_failure(tools, "failed", std::move(details), error);
    }
    throw;
  }
  tools.progress.end();
  follow_up(tools, journal, is_rehearsal ? "rehearsed" : std::string(name(draft.plan.purpose)),
            std::move(details));
  if (is_rehearsal) return;
  Aftermath aftermath;
  aftermath.attempt("keeping the newer roots",
                    [&] { store_roots(layout, newer_roots, tools.audit()); });
  aftermath.attempt("tidying up", [&] { tidy(tools); });
  lift_fence_after(tools, journal);
  run_last_hooks(tools, draft);
}

}  // namespace sealift::installer
