// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/obstacles.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "migrations/lint.hpp"

namespace sealift::installer {

using migrations::AppliedRow;
using migrations::Comparison;
using migrations::Migration;
using migrations::MigrationSet;

namespace {

// As a shell takes it.
std::string quoted_name(const std::string& name) {
  return name.find(' ') == name.npos ? name : format("\"{}\"", name);
}

}  // namespace

std::string what_is(const AppliedRow& row) {
  return row.name ? printable(*row.name, 128)
                  : format("hash {}...", printable(row.hash.substr(0, 12), 12));
}

void check_comparison(const Comparison& found, const std::string& database,
                      const std::string& late) {
  Problems problems;
  for (const migrations::Drift& drift : found.drifted) {
    problems.add(format("{}: was applied to the database {} from other text: it has the hash {}, "
                        "the release holds {}",
                        drift.migration->file, database, printable(drift.hash, 64),
                        drift.migration->hash.hex()),
                 format("a migration that was applied is never edited: release the change as a new "
                        "one; where both mean the same: sealift-installer migrations repair BUNDLE "
                        "{} {} --reason TEXT",
                        database, quoted_name(drift.migration->name)));
  }
  for (const migrations::Drift& each : found.other_line_ends) {
    log::detail(format("{}: was applied to the database {} with other line ends",
                       each.migration->file, database));
  }
  // After a rollback of the code the database may be ahead of a release: then nothing is to do.
  const bool is_ahead = found.pending.empty() && found.drifted.empty();
  for (const AppliedRow& row : found.unknown) {
    if (is_ahead) {
      log::warning(format("the database {} is ahead of this release: it has had {}", database,
                          what_is(row)));
      continue;
    }
    problems.add(format("the database {} has had a migration that the release does not know: {}",
                        database, what_is(row)),
                 "carry a release that has it");
  }
  for (const Migration* each : found.late) {
    if (late == "applied") break;
    problems.add(format("{}: is older than a migration that the database {} has had already",
                        each->file, database),
                 "drizzle-orm 0.x would pass over it: let the release say late: applied; or, where "
                 "the database has it already: sealift-installer migrations baseline");
  }
  problems.throw_if_any(Errc::incompatible);
}

void check_statements(const MigrationSet& set, const std::vector<const Migration*>& pending) {
  Problems problems;
  for (const migrations::Finding& finding : migrations::lint(set, pending, migrations::Span::run)) {
    if (finding.weight != migrations::Finding::Weight::fatal) continue;
    problems.add(format("{}:{}: {}", finding.file, finding.line, finding.found),
                 format("{}; where the database has it already: sealift-installer migrations "
                        "baseline BUNDLE DATABASE {} --reason TEXT",
                        finding.hint, quoted_name(finding.migration)));
  }
  problems.throw_if_any(Errc::incompatible);
}

}  // namespace sealift::installer
