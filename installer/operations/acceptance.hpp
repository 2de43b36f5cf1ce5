// SPDX-License-Identifier: Apache-2.0
#pragma once

// The way out where neither `recover` nor `recover --forward` gets on: a person repairs the site by
// hand, and says which release it now is. What can be verified is, what differs or cannot be asked
// is named, and all of it is audited; nothing but the journal is changed.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "installer/operations/tools.hpp"

namespace sealift::installer {

enum class Side {
  before,   // the release that stood before the transaction; "old"
  outcome,  // the one that it leads to; "new"
};
std::string_view name(Side side);
// Error{usage} for another word than "old" and "new".
Side side_named(const std::string& word);

struct Acceptance {
  Side side;                            // that the person chose
  std::uint64_t transaction;            // its number
  std::string title;                    // of the release, e.g. "1.0.0 (0123456789ab)"
  std::vector<std::string> verified;    // placements that are as they were installed
  std::vector<std::string> differs;     // what is otherwise
  std::vector<std::string> unverified;  // what could not be asked

  bool is_complete() const { return differs.empty() && unverified.empty(); }
};

// Looks at a transaction that has not ended, changing nothing; nothing where there is none.
// Compares every placement of that side by content.
std::optional<Acceptance> examine(const Tools& tools, Side side);

// Ends that transaction: the site stands on the chosen release from now on.
void accept(const Tools& tools, const Acceptance& acceptance, const std::string& reason);

Json to_json(const Acceptance& acceptance);

}  // namespace sealift::installer
