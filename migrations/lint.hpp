// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known about a migration before it runs: what no runner may be given, what cannot be part
// of a transaction, and what people regret. A waiver silences the last, with a reason that is
// recorded; never the first.

#include <string>
#include <string_view>
#include <vector>

#include "migrations/migration_set.hpp"

namespace sealift::migrations {

// How a statement stands to transactions.
enum class Standing {
  inside,    // may be part of one
  outside,   // the database refuses it within one
  boundary,  // begins or ends one
};
Standing standing_of(const Statement& statement, Dialect dialect);

struct Finding {
  enum class Weight {
    fatal,    // never given to a database
    warning,  // may be waived
  };
  Weight weight;
  std::string rule;       // "drop-column"
  std::string migration;  // its name
  std::string file;
  std::size_t line;
  std::string found;
  std::string hint;
};

// The rules that a waiver may name, each with its reason.
struct Rule {
  std::string_view id;
  std::string_view reason;
};
const std::vector<Rule>& rules();

// Looks at `pending`, a run of migrations of `set` in their order. A table that the run itself
// makes is empty, so nothing that is done to it is slow or loses anything.
std::vector<Finding> lint(const MigrationSet& set, const std::vector<const Migration*>& pending);

}  // namespace sealift::migrations
