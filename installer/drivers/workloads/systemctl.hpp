// SPDX-License-Identifier: Apache-2.0
#pragma once

// systemd, spoken to through its own program.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/process.hpp"
#include "installer/drivers/runtime/runtime.hpp"

namespace sealift::installer {

struct UnitState {
  std::string name;
  std::string load;       // "loaded", "not-found", "masked", ...
  std::string active;     // "active", "activating", "inactive", "failed", ...
  std::string sub;        // "running", "auto-restart", "dead", ...
  std::string result;     // "success", "exit-code", "timeout", ...
  std::string type;       // of a service: "simple", "oneshot", ...
  std::string status;     // exit status of its main process, as systemd says it
  bool has_run = false;   // its main process was started since the host was
  unsigned restarts = 0;  // by itself
};

// What is wrong with a unit that shall run.
Complaint judge(const UnitState& unit);

class Systemctl {
 public:
  // `command` is what site.yaml says, such as {systemctl, --user}; `timeout` is of each call.
  Systemctl(std::vector<std::string> command, std::chrono::seconds timeout);

  // `verb` of units; without any, nothing happens and it is well. Error{target_failed} where the
  // program cannot be run.
  Outcome call(const std::string& verb, const std::vector<std::string>& units) const;
  // The same; Error{target_failed} where it does not end well.
  void demand(const std::string& verb, const std::vector<std::string>& units) const;
  void reload() const;
  // Every verb that it is called with and that takes units, for whom rights are given; and what
  // `show -p` is asked.
  static const std::vector<std::string>& verbs();
  static std::string_view properties();
  // In the order of `units`.
  std::vector<UnitState> show(const std::vector<std::string>& units) const;
  // Those of `units` that do not start by themselves when the host does, though they could.
  std::vector<std::string> not_enabled(const std::vector<std::string>& units) const;
  // What a unit said last, on one line; empty where the journal does not tell.
  std::string last_words(const std::string& unit) const;
  // systemd-analyze, for the same instance of systemd.
  std::optional<Outcome> verify(const std::vector<std::string>& files) const;

 private:
  bool is_of_user() const;
  Outcome demand_answer(std::vector<std::string> arguments) const;

  std::vector<std::string> command_;
  std::chrono::seconds timeout_;
};

}  // namespace sealift::installer
