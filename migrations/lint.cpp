// SPDX-License-Identifier: Apache-2.0
#include "migrations/lint.hpp"

#include "base/format.hpp"
#include "migrations/pause.hpp"
#include "migrations/regrets.hpp"

namespace sealift::migrations {

namespace {

// One run after the other is looked at.
class Linter {
 public:
  Linter(const MigrationSet& set, Span span, std::vector<Finding>& findings)
      : set_(set), span_(span), report_(findings), regrets_(set.dialect) {}

  // The tables of the migrations before this one may have rows by now.
  void fill_tables() { regrets_.forget_new_tables(); }

  void look(const Migration& migration) {
    report_.begin(migration);
    if (span_ == Span::file) regrets_.forget_new_values();
    Boundaries boundaries(set_.dialect);
    set_.each_chunk(migration, [&](const Chunk& chunk) {
      report_.skip_lines(chunk.line - 1);
      each_statement(chunk.text, set_.dialect, [&](const Statement& statement) {
        find_forbidden(statement, set_.dialect, report_);
        boundaries.look(statement, report_);
        regrets_.look(statement, report_);
      });
    });
    boundaries.close();
  }

 private:
  const MigrationSet& set_;
  Span span_;
  Report report_;
  Regrets regrets_;
};

}  // namespace

Span span_named(std::string_view word) {
  return word == "file" ? Span::file : Span::run;
}

std::vector<Finding> lint(const MigrationSet& set, const std::vector<const Migration*>& pending,
                          Span span) {
  std::vector<Finding> findings;
  Linter linter(set, span, findings);
  for (const Migration* migration : pending) {
    if (!migration->is_baseline()) linter.look(*migration);
  }
  return findings;
}

std::vector<Finding> lint_all(const MigrationSet& set, Span span) {
  std::vector<Finding> findings;
  Linter linter(set, span, findings);
  for (const Migration& migration : set.migrations) {
    if (migration.is_baseline()) continue;
    linter.fill_tables();
    linter.look(migration);
  }
  return findings;
}

// Only the journal of 0.x can be out of order: 1.x sorts by name, plain SQL by number.
std::vector<Finding> lint_order(const MigrationSet& set) {
  std::vector<Finding> findings;
  if (set.layout != Layout::drizzle_0) return findings;
  const Migration* newest = nullptr;
  for (const Migration& each : set.migrations) {
    if (newest != nullptr && each.when <= newest->when) {
      findings.push_back(
          {.weight = Finding::Weight::fatal,
           .rule = std::string(kJournalOrder),
           .migration = each.name,
           .file = std::string(kJournal),
           .line = each.journal_line,
           .found = format("{} is dated {}, not after {} before it ({}): drizzle-orm never runs it "
                           "on a database that has that one",
                           each.name, each.when, newest->name, newest->when),
           .hint = "late: applied runs it also where later ones were applied"});
    } else {
      newest = &each;
    }
  }
  return findings;
}

}  // namespace sealift::migrations
