// SPDX-License-Identifier: Apache-2.0
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/backups.hpp"
#include "installer/commands/changing.hpp"
#include "installer/commands/commands.hpp"
#include "installer/drivers/database.hpp"

namespace sealift::installer {

namespace {

using migrations::Comparison;
using migrations::Migration;

struct Row {
  std::string database;
  std::string migration;
  std::string state;
};

std::vector<Row> rows_of(const Placement& placement, Content& content, const fs::path& scratch) {
  const std::unique_ptr<TreeStream> tree = content.tree(placement.component);
  const migrations::MigrationSet set = read_migrations(*tree, placement.settings);
  const auto database = open_database(placement.settings, scratch, session_name(0));
  const Comparison found = compare(set, database->applied(tracking_table(placement.settings, set)));
  std::vector<Row> rows;
  for (const Migration& migration : set.migrations) {
    std::string state = "pending";
    for (const Migration* each : found.applied) {
      if (each == &migration) state = "applied";
    }
    for (const Migration* each : found.late) {
      if (each == &migration) state = "passed over: a later one is applied";
    }
    for (const migrations::Drift& each : found.drifted) {
      if (each.migration == &migration) state = "applied from other text";
    }
    rows.push_back({placement.target, migration.name, std::move(state)});
  }
  for (const migrations::AppliedRow& row : found.unknown) {
    rows.push_back({placement.target, row.name.value_or(row.hash.substr(0, 12)),
                    "applied, not of this release"});
  }
  return rows;
}

void status(const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const Tools& tools = work.tools();
  const State state = work.state();
  const Backups backups(tools.installation.layout.backups(), tools.workers);
  std::vector<std::vector<std::string>> table = {{"DATABASE", "MIGRATION", "STATE"}};
  Json list = Json::array();
  if (const Revision* now = state.current()) {
    SiteContent content = content_of(tools, *now);
    for (const Placement& placement : now->placements) {
      if (!placement.path.starts_with("database:")) continue;
      for (const Row& row : rows_of(placement, content, backups.folder())) {
        table.push_back({row.database, printable(row.migration, 128), row.state});
        list.push_back(
            {{"database", row.database}, {"migration", row.migration}, {"state", row.state}});
        if (row.state != "applied") session.status = cli::kDiffers;
      }
    }
  }
  session.out.table(table);
  session.out.json(list);
}

}  // namespace

void add_migrations(cli::Command& program, const std::string& site) {
  cli::Command migrations = program.sub("migrations", "what this site's databases have had");
  migrations.fails_with({});
  migrations.sub("status", "each migration of the current release, and whether it is applied")
      .fails_with({Errc::corrupt, Errc::incompatible, Errc::io},
                  "20   something is not as the release has it")
      .runs([&site](cli::Session& session) { status(site, session); });
}

}  // namespace sealift::installer
