// SPDX-License-Identifier: Apache-2.0
#pragma once

// What follows the end of a transaction, whoever ended it and how. Nothing here can change that
// end: what fails is said, and the next command does it.

#include <string_view>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/log_form.hpp"
#include "installer/operations/tools.hpp"
#include "installer/records/journal.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

// Attempts each of several things, whatever becomes of the others.
class Aftermath {
 public:
  template <typename Work>
  void attempt(std::string_view what, Work work) {
    try {
      work();
    } catch (...) {
      is_complete_ = false;
      log::warning(
          format("{} failed, the next command tries again: {}", what, current_error().message()));
    }
  }
  bool is_complete() const { return is_complete_; }

 private:
  bool is_complete_ = true;
};

// What log lines in the form of JSON say of a transaction, while this lives.
class TransactionLabels {
 public:
  explicit TransactionLabels(const Plan& plan);

 private:
  log::Label transaction_;
  log::Label release_;
  log::Label version_;
};

// What the audit log says of a transaction.
Json evidence(const Plan& plan);

// A line in the audit log, then the journal is closed. One that stays unclosed is how the next
// command knows that this is left to it.
void follow_up(const Tools& tools, Journal& journal, const std::string& event, Json details);
// The same for transactions that have ended without it: a crash, or a disk that was full, came
// between.
void close_ended(const Tools& tools, const State& state);

// Users come back once a transaction has ended, whoever ended it. Error{needs_operator}.
void lift_fence(const Tools& tools);
// Only where that transaction has closed it.
void lift_fence_after(const Tools& tools, const Journal& journal);

// The summary for people, and prune().
void tidy(const Tools& tools);
// Keeps the roots that the current release brought, where a crash came between its commit and that.
void store_roots_of_current(const Tools& tools, const State& state);

}  // namespace sealift::installer
