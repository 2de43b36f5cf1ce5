// SPDX-License-Identifier: Apache-2.0
#include "databases/query.hpp"

#include <sqlite3.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "databases/psql.hpp"
#include "databases/sqlite_connection.hpp"

namespace sealift::databases {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kQueryLongestAnswer = 64U << 10;  // bytes
constexpr int kStepsBetween = 10'000;                   // of SQLite's machine, from look to look

struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};

[[noreturn]] void refuse(const std::string& what, const std::string& said) {
  throw Error(Errc::target_failed, format("{}: {}", what, printable(said, 400)));
}

int is_late(void* deadline) {
  return std::chrono::steady_clock::now() > *static_cast<const SteadyTime*>(deadline) ? 1 : 0;
}

}  // namespace

std::string ask_postgresql(const PostgresqlPlace& place, const std::string& query,
                           std::chrono::milliseconds limit) {
  const Psql psql(place, "sealift/health");
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limit);
  Command command = psql.program(
      {format("PGCONNECT_TIMEOUT={}", std::max<std::int64_t>(2, seconds.count())), "psql", "-X",
       "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-d", place.url});
  command.input = format("SET statement_timeout = {};\nBEGIN READ ONLY;\n{}ROLLBACK;\n",
                         limit.count(), handed_over(query));
  command.timeout = seconds;
  command.output_limit = kQueryLongestAnswer;
  const std::optional<Outcome> outcome = run(command);
  if (!outcome) refuse(psql.database(), format("{} was not found", command.arguments.front()));
  if (outcome->status != 0) {
    std::string said = outcome->error_output;
    while (said.ends_with('\n')) said.pop_back();
    refuse(psql.database(), said);
  }
  // Columns stand between "|"; a row is a line.
  return outcome->output.substr(0, outcome->output.find_first_of("|\n"));
}

std::string ask_sqlite(const fs::path& file, const std::string& query,
                       std::chrono::milliseconds limit) {
  // Asked before it is opened, for a pipe would wait for its writer.
  if (const auto found = status_of(file); found && !S_ISREG(found->st_mode)) {
    refuse(file.string(), format("is {}, expected a file", kind_of(*found)));
  }
  sqlite3* opened = nullptr;
  const int status = ::sqlite3_open_v2(
      within_real_folder(file).c_str(), &opened,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE, nullptr);
  const SqliteHandle connection(opened);
  const auto said = [&] { return std::string(opened == nullptr ? "" : ::sqlite3_errmsg(opened)); };
  if (status != SQLITE_OK) refuse(file.string(), "cannot be opened: " + said());
  guard_connection(opened);
  SteadyTime deadline = std::chrono::steady_clock::now() + limit;
  ::sqlite3_busy_timeout(opened, static_cast<int>(limit.count()));
  ::sqlite3_progress_handler(opened, kStepsBetween, is_late, &deadline);
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  if (::sqlite3_prepare_v2(opened, query.c_str(), static_cast<int>(query.size()), &prepared,
                           &rest) != SQLITE_OK) {
    refuse(file.string(), said());
  }
  const std::unique_ptr<sqlite3_stmt, CloseStatement> statement(prepared);
  if (prepared == nullptr ||
      std::string_view(rest).find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    refuse(file.string(), "expected one statement");
  }
  const int step = ::sqlite3_step(prepared);
  if (step == SQLITE_DONE) return "";
  if (step == SQLITE_INTERRUPT) refuse(file.string(), "gave no answer in time");
  if (step != SQLITE_ROW) refuse(file.string(), said());
  const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(prepared, 0));
  const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(prepared, 0));
  return text == nullptr ? "" : std::string(text, std::min(size, kQueryLongestAnswer));
}

}  // namespace sealift::databases
