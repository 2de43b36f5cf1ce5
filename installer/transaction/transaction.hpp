// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a plan so that the site ends on the new revision or on the old one
// (docs/install-protocol.md).

#include <optional>
#include <string>

#include "installer/driver/driver.hpp"
#include "installer/records/journal.hpp"

namespace sealift::installer {

// Attempts to end one transaction, of which each may be cut off by a crash; then a person must
// look.
inline constexpr std::size_t kMaxRecoveries = 10;

// Applies every step, then commits; steps of `stage` that have nothing in common run beside each
// other. Whatever a step throws is that step's failure. When one fails, or a person interrupts,
// everything is undone, newest first, and Error{target_failed} or Error{interrupted} says so. When
// an undo fails, or a record of the journal is in doubt: Error{needs_operator}, and the journal
// stays open. What happens next is decided from the journal, never from the error:
// journal.ending() says how it ended. After a return the commit is on the disk.
void run_transaction(Journal& journal, const Drivers& drivers, StepIo& io);

// Applies every step, so that each is seen to work, and then undoes all of them: the site is as it
// was, whether it returns or throws. What fails throws as run_transaction() does.
void rehearse_transaction(Journal& journal, const Drivers& drivers, StepIo& io);

// Ends a transaction that was cut off: undoes whatever was begun. Idempotent, and may itself be cut
// off at any point. Does nothing to one that has ended. Anything that fails is
// Error{needs_operator}: the transaction is still open.
void recover_back(Journal& journal, const Drivers& drivers, StepIo& io);

// The other way out: checks what was begun, applies what is missing, commits. As recover_back().
void recover_forward(Journal& journal, const Drivers& drivers, StepIo& io);

// A step that could not be taken back.
struct FailedUndo {
  std::string step;   // its id
  std::string why;    // what the undo threw
  std::string cause;  // what the transaction went back for; empty where nobody knows any more
  Time time;          // of the last attempt
};
// Nothing where it was a crash that cut the transaction off.
std::optional<FailedUndo> failed_undo(const Journal& journal);

// True where neither data nor what is served has begun to change: such leftovers are undone without
// asking. A fence that was closed is opened by that.
bool is_only_staged(const Journal& journal);

}  // namespace sealift::installer
