// SPDX-License-Identifier: Apache-2.0
#include "installer/session/changing.hpp"

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/private_memory.hpp"
#include "base/startup.hpp"
#include "bundle/report.hpp"
#include "installer/drivers/health/hook.hpp"
#include "installer/drivers/registry.hpp"
#include "installer/events/telling.hpp"
#include "installer/operations/recovery.hpp"
#include "installer/session/plan_line.hpp"
#include "installer/site_archive/restoring.hpp"

namespace sealift::installer {

namespace {
// Room for the longest journal and the audit log, so that an undo can be written down too.
constexpr std::uint64_t kLeastFileSize = 64ULL << 20;
}  // namespace

void add_change_options(cli::Command& command, ChangeOptions& options) {
  command.flag("-y,--yes", options.yes, "do not ask")
      .flag("--dry-run", options.dry_run, "show what would be done, change nothing")
      .option("--reason", options.reason, "TEXT", "kept in the history and the audit log")
      .option("--lock-timeout", options.lock_timeout, "SECONDS",
              "wait this long for another installer (default 0)");
}

void add_expiry_option(cli::Command& command, TrustOptions& options) {
  command.flag("--accept-expired", options.accept_expired,
               "go on although the trust root has expired or the release is too old; audited");
}

void add_set_option(cli::Command& command, std::vector<std::string>& set) {
  command.options("--set", set, "KEY=VALUE",
                  "a value for this time only, before that of site.yaml; never a secret");
}

void add_environment_option(cli::Command& command, bool& change_environment) {
  command.flag("--change-environment", change_environment,
               "to the environment or release name that site.yaml says now; audited");
}

void add_floor_option(cli::Command& command, TrustOptions& options) {
  command.flag("--below-floor", options.below_floor,
               "disaster recovery: take a release older than the current one; needs --reason");
}

namespace {

// Long before a root expires, while there is time to carry a new one.
void warn_about_time(const Layout& layout, const Clock& clock) {
  if (!dir_exists(layout.trust()) || is_empty_dir(layout.trust())) return;
  const signing::Root root = trusted_root(layout);
  const Time now = believed_now(layout, clock);
  if (now > clock.now()) {
    log::warning(format("the clock says {}, but this site has seen {}: it is not believed; set it",
                        to_text(clock.now()), to_text(now)));
  }
  if (const std::string warning = bundle::expiry_warning(root, now); !warning.empty()) {
    log::warning(format("{}; ask the release owner for a newer one", warning));
  }
}

}  // namespace

namespace {

// Before it is waited for.
void say_who_holds(const Layout& layout, std::chrono::seconds longest) {
  if (const auto holder = lock_holder(layout)) {
    log::warning(format("waiting for another installer: {}, at most {}", *holder,
                        cli::duration_text(longest)));
  }
}

}  // namespace

SiteWork::SiteWork(cli::Session& session, const std::string& site)
    : session_(session),
      site_(site),
      installation_(open_installation(Layout::choose(site))),
      workers_(usable_cores()),
      drivers_(all_drivers(installation_.layout, workers_)),
      tools_{.installation = installation_,
             .clock = session.clock,
             .workers = workers_,
             .progress = session.progress,
             .drivers = drivers_} {
  keep_memory_private();
  try {
    warn_about_time(installation_.layout, session.clock);
  } catch (const Error& error) {
    // Whoever needs trust will refuse; the way back needs none.
    log::warning(error.message());
  }
}

void SiteWork::lock(const std::string& command, const ChangeOptions& options) {
  require_file_size(kLeastFileSize);
  const std::chrono::seconds longest(options.lock_timeout.value_or(0));
  if (longest.count() > 0) say_who_holds(installation_.layout, longest);
  lock_.emplace(installation_.layout, command, session_.clock, longest);
  restore_folders(installation_.layout);
  remove_unfinished_files(installation_.layout);
  tell_afterwards();
}

void SiteWork::tell_afterwards() {
  session_.afterwards = telling_of(installation_, site_, session_.clock);
}

void SiteWork::lock_and_settle(const std::string& command, const ChangeOptions& options) {
  lock(command, options);
  refuse_while_restoring(installation_.layout);
  settled_ = settle(tools_);
}

bool SiteWork::agreed(const ChangeOptions& options, const std::string& question) {
  if (options.dry_run) return false;
  return options.yes || lock_->without([&] { return cli::confirm(question); });
}

Request SiteWork::request(Purpose purpose, const ChangeOptions& options) const {
  return {.purpose = purpose,
          .actor = acting_user(),
          .reason = printable(options.reason, 1024),
          .now = session_.clock.now()};
}

Json to_json(const Draft& draft, const Forecast& forecast) {
  Json changes = Json::array();
  for (const ComponentChange& change : draft.changes) {
    changes.push_back({{"component", change.component},
                       {"target", change.target},
                       {"path", change.path},
                       {"added", change.added},
                       {"changed", change.changed},
                       {"removed", change.removed},
                       {"same", change.same},
                       {"newBytes", change.new_bytes}});
  }
  Json value = {{"plan", to_json(draft.plan)}, {"changes", std::move(changes)},
                {"warnings", draft.warnings},  {"details", draft.details},
                {"flags", draft.flags},        {"set", draft.set},
                {"drift", draft.drift},        {"siteChanges", to_json(draft.site_changes)}};
  value.update(to_json(forecast));
  return value;
}

void show_drift(const Draft& draft) {
  for (const std::string& line : draft.drift) log::warning(line);
  if (draft.drift.empty()) return;
  log::warning(
      "the installed release is not as it was installed; repair it with: sealift-installer apply "
      "--repair");
}

void show(const Draft& draft, const Forecast& forecast, const std::string& notes,
          cli::Session& session) {
  cli::Output& out = session.out;
  for (const std::string& warning : draft.warnings) log::warning(warning);
  show_drift(draft);
  const Revision& outcome = draft.plan.outcome;
  out.line(format("{} {} {}", name(draft.plan.purpose), outcome.release, outcome.title()));
  for (const SiteChange& change : draft.site_changes) out.line(text(change));
  for (const auto& [key, value] : draft.set) {
    out.line(format("with --set {}={}", key, printable(release::scalar_text(value))));
  }
  out.line();
  std::vector<std::vector<std::string>> rows = {
      {"COMPONENT", "ADDED", "CHANGED", "REMOVED", "SAME", "TO WRITE", "PATH"}};
  for (const ComponentChange& change : draft.changes) {
    rows.push_back({change.component, std::to_string(change.added), std::to_string(change.changed),
                    std::to_string(change.removed), std::to_string(change.same),
                    cli::size_text(change.new_bytes), change.path});
  }
  out.table(rows);
  out.line();
  for (std::size_t i = 0; i < draft.plan.steps.size(); ++i) {
    const Step& step = draft.plan.steps[i];
    out.line(format("{:>3}. {:<9} {}", i + 1, name(step.phase), step.summary));
  }
  for (const RenderedHook& hook : draft.last_hooks()) {
    out.line(format("     then      {}", summary(hook)));
  }
  out.line(draft.plan.steps.empty() ? "nothing to do"
           : draft.details.empty()  ? "a failure undoes every step"
                                   : "a failure undoes every step, and of databases what follows:");
  for (const std::string& line : draft.details) out.line(format("  {}", line));
  if (!draft.flags.empty()) out.line();
  for (const std::string& line : draft.flags) out.line(printable(line, 1024));
  if (!notes.empty()) {
    out.line();
    out.notes(printable_lines(notes));
  }
  out.line();
  out.line(out.in(cli::Tone::heading, plan_line(totals_of(draft), forecast)));
}

}  // namespace sealift::installer
