// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "databases/query.hpp"
#include "installer/drivers/health/probes.hpp"

namespace sealift::installer {

Finding sql_probe(const release::HealthCheck& check, const ProbeSite& site) {
  const auto found = site.site.databases.find(check.at);
  if (found == site.site.databases.end()) {
    return {.verdict = Finding::Verdict::fails,
            .found = format("site.yaml has no database {}", check.at)};
  }
  const release::DatabaseEntry& database = found->second;
  const std::string answer =
      database.driver == "sqlite"
          ? databases::ask_sqlite(database.path, check.query, check.timeout)
          : databases::ask_postgresql({.url = database.url,
                                       .tools = database.tools,
                                       .password_file = database.password_file},
                                      check.query, check.timeout);
  const std::string shown = printable(answer, 160);
  if (check.expect.value && answer != *check.expect.value) {
    return {.verdict = Finding::Verdict::fails,
            .found = format("found \"{}\", expected \"{}\"", shown,
                            printable(*check.expect.value, 160))};
  }
  return {.verdict = Finding::Verdict::holds, .found = format("answered \"{}\"", shown)};
}

}  // namespace sealift::installer
