// SPDX-License-Identifier: Apache-2.0
#include "databases/postgresql_failure.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "databases/postgresql_script.hpp"

namespace sealift::databases {

using migrations::Migration;

void check_program(const Outcome& outcome, std::string_view program, Errc code) {
  if (outcome.status == 0) return;
  std::string said = outcome.error_output;
  std::replace(said.begin(), said.end(), '\n', ' ');
  throw Error(code,
              format("{} ended with status {}: {}", program, outcome.status, printable(said, 600)));
}

void fail_run(const std::string& database, const Run& run, const Refusal& refusal) {
  const std::string& mark = refusal.mark;
  if (mark == kAtLock) {
    throw Error(Errc::busy,
                format("the database {}: another run of migrations holds the lock", database),
                "wait until it has ended; application_name of its session says which it is");
  }
  if (mark == kAtState) {
    throw Error(
        Errc::target_failed,
        format("the database {}: others have migrated it since the plan was made", database),
        "plan again");
  }
  if (mark == kAtProgress) {
    throw Error(Errc::target_failed,
                format("the database {}: a migration that was begun and not ended has other text "
                       "now",
                       database),
                "carry a release that has it as it was; the table sealift.progress says how far "
                "it came");
  }
  if (mark == kAtPooler) {
    throw Error(
        Errc::incompatible,
        format("the database {}: a proxy between gives each transaction another session", database),
        "let url name the server itself, not a pooler");
  }
  const std::string state = refusal.state.empty() ? "" : format(" (SQLSTATE {})", refusal.state);
  const std::size_t space = mark.find(' ');
  if (space == mark.npos) {
    throw Error(Errc::target_failed,
                format("the database {}: {}{}", database, refusal.message, state));
  }
  const Migration& migration = *run.pending.at(std::stoul(mark));
  const std::size_t line =
      std::stoul(mark.substr(space)) + (refusal.line == 0 ? 0 : refusal.line - 1);
  const std::string stays =
      can_be_inside(run.set, migration)
          ? ""
          : "; what is before it in this file is done and stays, the next run continues here";
  constexpr std::string_view kUnsafeNewEnumValue = "55P04";
  throw Error(Errc::target_failed,
              format("{}:{}: {}{}{}", migration.file, line, refusal.message, state, stays),
              refusal.state == kUnsafeNewEnumValue
                  ? "a value that was added to an enumeration can be used in the next transaction: "
                    "let the release say transactions: file"
                  : "");
}

}  // namespace sealift::databases
