// SPDX-License-Identifier: Apache-2.0
#include "databases/postgresql_dumping.hpp"

#include <cstdlib>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "databases/quote.hpp"

namespace sealift::databases {

namespace {

void check_client(const Psql& psql, const std::string& program, unsigned server,
                  Problems& problems) {
  const std::optional<Outcome> outcome = sealift::run(psql.program({program, "--version"}));
  // "pg_dump (PostgreSQL) 15.18 (Debian ...)"
  const std::string said = outcome ? outcome->output : "";
  const std::size_t at = said.find(") ");
  const auto version =
      static_cast<unsigned>(at == said.npos ? 0 : std::atoi(said.c_str() + at + 2));
  if (version == 0) {
    problems.add(format("{} was not found", program),
                 "install PostgreSQL's client programs, or set tools of this database");
  } else if (version < server) {
    problems.add(format("{} is of version {}, the server of {}", program, version, server),
                 "a client must not be older than the server");
  }
}

}  // namespace

void check_dumpable(const Psql& psql, const ServerFacts& found, Problems& problems) {
  const std::string& role = found.role;
  if (!found.unreadable.empty()) {
    problems.add(
        format("the role {} may not read {} and so not back it up", role,
               printable(joined(found.unreadable), 400)),
        format("GRANT USAGE on their schemas and SELECT on them to {}, or let it be a member of "
               "pg_read_all_data",
               sql_name(role)));
  }
  if (!found.guarded.empty()) {
    const std::string tables = printable(joined(found.guarded), 400);
    problems.add(format("the role {} may see only some rows of {} (row level security), so that "
                        "pg_dump refuses to back it up",
                        role, tables),
                 format("ALTER ROLE {} BYPASSRLS, as a superuser; or, where the role owns the "
                        "table: ALTER TABLE NAME NO FORCE ROW LEVEL SECURITY",
                        sql_name(role)));
  }
  check_client(psql, "pg_dump", found.number / 10000, problems);
}

}  // namespace sealift::databases
