// SPDX-License-Identifier: Apache-2.0
#include "migrations/pause.hpp"

#include "migrations/forbidden.hpp"

namespace sealift::migrations {

namespace {

PausePart part_of(const Statement& statement) {
  if (statement.begins({"commit"}) || statement.begins({"end"})) return PausePart::end;
  if (statement.begins({"begin"})) return PausePart::begin;
  const std::vector<Token>& tokens = statement.tokens;
  const bool sets = statement.begins({"pragma", "foreign_keys"}) && tokens.size() > 2;
  return sets ? PausePart::foreign_keys : PausePart::other;
}

void refuse(Report report, std::size_t line) {
  report.fatal(line, kTransactionControl, "begins or ends a transaction by itself",
               "each run is one transaction; statements that cannot run in one are run outside by "
               "themselves");
}

}  // namespace

bool Pause::takes(PausePart part) {
  const Place before = place_;
  switch (part) {
    case PausePart::end:
      place_ = before == Place::within ? Place::ended : Place::within;
      return before == Place::within;
    case PausePart::foreign_keys:
      if (before != Place::within) place_ = Place::set;
      return before != Place::within;
    case PausePart::begin:
      place_ = Place::within;
      return before == Place::set;
    case PausePart::other:
      place_ = Place::within;
      return false;
  }
  return false;
}

void Boundaries::look(const Statement& statement, const Report& report) {
  const bool is_boundary = standing_of(statement, dialect_) == Standing::boundary;
  if (dialect_ != Dialect::sqlite) {
    if (is_boundary) refuse(report, statement.line);
    return;
  }
  const PausePart part = part_of(statement);
  const bool was_open = pause_.is_open();
  const bool is_taken = pause_.takes(part);
  if (was_open && !is_taken) close();
  if (!is_taken && is_boundary) refuse(report, statement.line);
  if (is_taken && part == PausePart::end) ended_.emplace(Place{report, statement.line});
  if (is_taken && part == PausePart::begin) ended_.reset();
}

void Boundaries::close() {
  if (ended_) refuse(ended_->report, ended_->line);
  ended_.reset();
}

}  // namespace sealift::migrations
