// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known about a migration before it runs: what no runner may be given, what cannot be part
// of a transaction, and what people regret. This is the one list of checks: the builder asks it of
// every release, the installer of what is pending. A waiver silences what people regret, with a
// reason that is recorded. Of what no runner may be given it says that every database has had it:
// the builder takes it then, and the installer still refuses to run it.

#include <string_view>
#include <vector>

#include "migrations/findings.hpp"
#include "migrations/forbidden.hpp"
#include "migrations/migration_set.hpp"

namespace sealift::migrations {

// What one transaction spans.
enum class Span { run, file };
// As release.yaml and manifests spell it: "run", "file".
Span span_named(std::string_view word);

// Looks at `pending`, a run of migrations of `set` in their order. A table that the run itself
// makes is empty, so nothing that is done to it is slow or loses anything.
std::vector<Finding> lint(const MigrationSet& set, const std::vector<const Migration*>& pending,
                          Span span);

// Looks at every migration of `set`. How many of them a site has had is not known: each finds the
// tables of those before it full, and may be in one transaction with all of them.
std::vector<Finding> lint_all(const MigrationSet& set, Span span);

// Migrations that drizzle-orm 0.x never runs where it has run the one before them, because their
// times in the journal do not rise. On an empty database it runs them all.
std::vector<Finding> lint_order(const MigrationSet& set);

}  // namespace sealift::migrations
