// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/ending.hpp"

#include "base/file.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/operations/fenced.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/operations/prune.hpp"
#include "installer/site/site_key.hpp"

namespace sealift::installer {

namespace {

// The commands of the fence may need secrets of the release that stands now.
void let_users_in(const Tools& tools) {
  try {
    const State state = load_state(tools.installation.layout, tools.clock);
    const Revision* now = state.current();
    SiteContent content = content_of(tools, now != nullptr ? *now : Revision{});
    open_all(tools.installation.layout, content);
  } catch (...) {
    throw Error(Errc::needs_operator,
                format("the transaction has ended, but users are still kept out: {}",
                       current_error().message()),
                "repair the cause, then run: sealift-installer recover");
  }
}

// What an ended transaction's line in the audit log is called.
std::string event_of(const Journal& journal) {
  return journal.ending() == Event::commit ? std::string(name(journal.plan().purpose)) : "failed";
}

// What the log says up to here is the site's from now on. A site that has lost its key goes on:
// `status` and `audit verify` say so.
void sign_audit_log(const Tools& tools) {
  try {
    tools.audit().checkpoint(SiteKey::read(tools.installation.layout), tools.installation.id);
  } catch (...) {
    log::warning(format("the audit log was not signed: {}", current_error().message()));
  }
}

// Behind every end: `add_line` adds the audit log's line, then the journal is closed. A journal
// that stays unclosed is how the next command knows that this is left to it.
template <typename AddLine>
void close_after(const Tools& tools, Journal& journal, AddLine add_line) {
  Aftermath aftermath;
  aftermath.attempt("adding a line to the audit log", add_line);
  sign_audit_log(tools);
  if (journal.ending() == Event::abort) {
    aftermath.attempt("removing what was kept for the release",
                      [&] { remove_revision(tools.installation.layout, journal.plan().number); });
  }
  if (aftermath.is_complete()) aftermath.attempt("closing the journal", [&] { journal.close(); });
}

}  // namespace

TransactionLabels::TransactionLabels(const Plan& plan)
    : transaction_("transaction", std::to_string(plan.number), log::Reach::program),
      release_("release", plan.outcome.release, log::Reach::program),
      version_("version", plan.outcome.version, log::Reach::program) {}

Json evidence(const Plan& plan) {
  const Revision& outcome = plan.outcome;
  Json value = {{"transaction", plan.number},
                {"purpose", name(plan.purpose)},
                {"version", outcome.version},
                {"environment", outcome.environment},
                {"reason", plan.reason}};
  if (outcome.digest) value["digest"] = outcome.digest->str();
  return value;
}

void follow_up(const Tools& tools, Journal& journal, const std::string& event, Json details) {
  close_after(tools, journal, [&] { tools.audit().append(event, std::move(details)); });
}

// Their last record is made durable first, for it may have been read from memory alone.
void close_ended(const Tools& tools, const State& state) {
  for (const fs::path& file : state.unclosed) {
    Journal journal = Journal::open(file, tools.clock);
    close_after(tools, journal, [&] {
      // A crash may have come between the line and the closing: one line is enough.
      if (tools.audit().tells_of(journal.plan().number)) return;
      Json details = evidence(journal.plan());
      details["late"] = true;
      tools.audit().append(event_of(journal), std::move(details));
    });
  }
}

// Asked of the file, not of journals: whoever closed it, nobody is working now.
void lift_fence(const Tools& tools) {
  if (is_fence_closed(tools.installation.layout)) let_users_in(tools);
}

// Where the transaction was taken back, the undo of the step that closed the fence has opened it.
void lift_fence_after(const Tools& tools, const Journal& journal) {
  if (journal.ending() == Event::commit) lift_fence(tools);
}

// The state is read anew: what was just committed counts.
void tidy(const Tools& tools) {
  const State state = load_state(tools.installation.layout, tools.clock);
  write_summary(tools.installation.layout, state);
  prune(tools, state);
}

void store_roots_of_current(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  if (state.current() == nullptr || state.current()->bundle.empty()) return;
  const fs::path file = layout.store() / state.current()->bundle;
  if (!path_exists(file)) return;  // `status` names it
  try {
    store_roots(layout,
                bundle::judge_confined(*bundle::open_medium({file.string()}), tools.trust()).newer,
                tools.audit());
  } catch (...) {
    log::warning(
        format("cannot read the roots of the current release: {}", current_error().message()));
  }
}

}  // namespace sealift::installer
