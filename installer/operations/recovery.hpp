// SPDX-License-Identifier: Apache-2.0
#pragma once

// The end of a transaction that was cut off. The lock of the site is held.

#include <optional>
#include <string>
#include <vector>

#include "installer/operations/tools.hpp"
#include "installer/records/journal.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

// Brings the site to a state in which something new may begin: leftovers of `stage` are undone
// without asking; for anything later Error{needs_operator} says what to run. Returns the state that
// it leaves.
State settle(const Tools& tools);

// Which of the two releases the site ends on.
enum class Direction {
  back,
  back_with_database,  // giving up what was written to databases since their backups
  forward
};
// What a recovery has left in place, and what it has made sure of, for people.
using Proof = std::vector<std::string>;
// Ends a transaction that was cut off; nothing where there is none.
std::optional<Proof> recover(const Tools& tools, Direction direction,
                             const std::string& reason = {});

// Ends a transaction that was cut off as a person says: `ending` is commit or abort. Nothing on the
// targets is changed; `found` is audited.
void end_by_hand(const Tools& tools, Event ending, const std::string& why, const Json& found);

}  // namespace sealift::installer
