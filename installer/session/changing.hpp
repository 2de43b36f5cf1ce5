// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the commands that change a site share: the lock, the question, the way a plan is shown.

#include <optional>
#include <string>

#include "cli/program.hpp"
#include "installer/operations/tools.hpp"
#include "installer/planning/draft.hpp"
#include "installer/planning/requirements.hpp"
#include "installer/records/state.hpp"
#include "installer/session/forecast.hpp"
#include "installer/site/lock.hpp"

namespace sealift::installer {

struct ChangeOptions {
  bool yes = false;                 // nobody is asked
  bool dry_run = false;             // the plan is shown, and nothing changed
  std::string reason;               // for the audit log; some options demand one
  std::optional<int> lock_timeout;  // seconds; nothing: not at all
};

// What an operator may accept that a site would refuse; each is audited.
struct TrustOptions {
  bool accept_expired = false;
  bool below_floor = false;

  bundle::Expiry expiry() const {
    return accept_expired ? bundle::Expiry::accepted : bundle::Expiry::refused;
  }
  Floor floor() const { return below_floor ? Floor::waived : Floor::kept; }
};

// Adds --accept-expired.
void add_expiry_option(cli::Command& command, TrustOptions& options);
// Adds --below-floor.
void add_floor_option(cli::Command& command, TrustOptions& options);

// Adds --change-environment.
void add_environment_option(cli::Command& command, bool& change_environment);

// Adds --set.
void add_set_option(cli::Command& command, std::vector<std::string>& set);

// Adds --yes, --dry-run, --reason and --lock-timeout.
void add_change_options(cli::Command& command, ChangeOptions& options);

// A command at work on a site: opened, and locked where it changes it.
class SiteWork {
 public:
  // `site` is what --site said.
  SiteWork(cli::Session& session, const std::string& site);
  // Locks the site and settles what an earlier command left behind.
  void lock_and_settle(const std::string& command, const ChangeOptions& options);
  // Locks only: for `recover`.
  void lock(const std::string& command, const ChangeOptions& options);

  const Tools& tools() const { return tools_; }
  const Installation& installation() const { return installation_; }
  // True where the plan may be carried out: not a dry run, and the person said yes. While the
  // person is asked, others may have the site; Error{busy} where one had it.
  bool agreed(const ChangeOptions& options, const std::string& question);
  bool is_locked() const { return lock_ && lock_->is_held(); }
  // Has the destinations of site.yaml told, behind the end of the command, what it adds to the
  // audit log; every command that locks the site does.
  void tell_afterwards();
  // As lock_and_settle() found it: nobody else can change it. Without that, as it is now.
  State state() const {
    return settled_ ? *settled_ : load_state(installation_.layout, session_.clock);
  }
  // How long that may take, by what others took, and when the site may be changed.
  Forecast forecast(const Draft& draft, const State& state) const {
    return forecast_of(draft, state, maintenance_of(installation_, session_.clock));
  }
  // By the user who runs this, at this moment.
  Request request(Purpose purpose, const ChangeOptions& options) const;

 private:
  cli::Session& session_;
  std::string site_;  // what --site said
  Installation installation_;
  Workers workers_;
  Drivers drivers_;  // made once: what they learn of their places lasts for the command
  Tools tools_;
  std::optional<SiteLock> lock_;
  std::optional<State> settled_;
};

// Warns of drift, with the command that repairs it.
void show_drift(const Draft& draft);

// The plan for people (or with --json), and its warnings.
void show(const Draft& draft, const Forecast& forecast, const std::string& notes,
          cli::Session& session);
// What `plan --json` prints.
Json to_json(const Draft& draft, const Forecast& forecast);

}  // namespace sealift::installer
