// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a look at migrations finds, and the list of rules that it goes by. An id is part of the
// format of release.yaml (a waiver names it): ids are added, never changed.

#include <string>
#include <string_view>
#include <vector>

#include "migrations/migration_set.hpp"

namespace sealift::migrations {

struct Finding {
  enum class Weight {
    fatal,    // never given to a database; a waiver must name the migration
    warning,  // may be waived, also for all migrations
  };
  Weight weight;
  std::string rule;       // "drop-column"
  std::string migration;  // its name
  std::string file;
  std::size_t line;   // of that file, from 1
  std::string found;  // "drops a column of users"
  std::string hint;
};

// The rules that a waiver may name, each with its reason.
struct Rule {
  std::string_view id;
  Finding::Weight weight;
  std::string_view reason;
};
const std::vector<Rule>& rules();

// Of what no runner may be given (forbidden.hpp) and of order.
inline constexpr std::string_view kBackslash = "backslash";
inline constexpr std::string_view kVariable = "variable";
inline constexpr std::string_view kStringForm = "string-form";
inline constexpr std::string_view kCopyFromStdin = "copy-from-stdin";
inline constexpr std::string_view kPragma = "pragma";
inline constexpr std::string_view kPragmaNoEffect = "pragma-without-effect";
inline constexpr std::string_view kOutside = "outside-transaction";
inline constexpr std::string_view kLibsql = "libsql";
inline constexpr std::string_view kLoadExtension = "load-extension";
inline constexpr std::string_view kTransactionControl = "transaction-control";
inline constexpr std::string_view kJournalOrder = "journal-order";
// Of what people regret (regrets.hpp).
inline constexpr std::string_view kDropTable = "drop-table";
inline constexpr std::string_view kDropColumn = "drop-column";
inline constexpr std::string_view kTruncate = "truncate";
inline constexpr std::string_view kRename = "rename";
inline constexpr std::string_view kTypeChange = "type-change";
inline constexpr std::string_view kNotNull = "not-null";
inline constexpr std::string_view kNewNotNull = "new-not-null-column";
inline constexpr std::string_view kIndex = "index-locks-table";
inline constexpr std::string_view kConstraint = "constraint-scans-table";
inline constexpr std::string_view kUnbounded = "unbounded-write";
inline constexpr std::string_view kNewEnumValue = "new-enum-value-used";

// Findings of one statement after the other. Lines are given as they are counted in a chunk of a
// file, and kept as lines of the file.
class Report {
 public:
  // `findings` outlives the report.
  explicit Report(std::vector<Finding>& findings) : findings_(findings) {}

  void begin(const Migration& migration) { migration_ = &migration; }
  // Lines of the file before the chunk that is looked at.
  void skip_lines(std::size_t count) { offset_ = count; }

  void fatal(std::size_t line, std::string_view rule, std::string found, std::string hint);
  void warn(std::size_t line, std::string_view rule, std::string found, std::string hint);

 private:
  void add(Finding::Weight weight, std::size_t line, std::string_view rule, std::string found,
           std::string hint);

  std::vector<Finding>& findings_;
  const Migration* migration_ = nullptr;
  std::size_t offset_ = 0;
};

}  // namespace sealift::migrations
