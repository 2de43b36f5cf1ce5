// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/database_access.hpp"

#include <chrono>

#include "base/format.hpp"
#include "databases/exec_backup.hpp"

namespace sealift::installer {

namespace {

std::unique_ptr<databases::Database> open_plain(const DatabaseSettings& settings,
                                                const fs::path& scratch,
                                                const std::string& session) {
  const databases::Patience patience{.lock = std::chrono::seconds(settings.lock_timeout),
                                     .attempts = settings.lock_attempts,
                                     .statement = std::chrono::seconds(settings.statement_timeout)};
  if (settings.driver == "sqlite") {
    return databases::open_sqlite(settings.path, scratch, patience);
  }
  return databases::open_postgresql(
      {.url = settings.url,
       .tools = settings.tools,
       .password_file = settings.password_file,
       .dumped_by = settings.backup ? databases::DumpedBy::others : databases::DumpedBy::pg_dump},
      session, patience);
}

}  // namespace

std::unique_ptr<databases::Database> open_database(const DatabaseSettings& settings,
                                                   const fs::path& scratch,
                                                   const std::string& session) {
  auto database = open_plain(settings, scratch, session);
  if (!settings.backup) return database;
  return databases::with_backups_by({.database = settings.database,
                                     .create = settings.backup->create,
                                     .verify = settings.backup->verify,
                                     .restore = settings.backup->restore},
                                    std::move(database));
}

std::string session_name(std::uint64_t transaction) {
  return transaction == 0 ? "sealift" : format("sealift/{}", transaction);
}

migrations::MigrationSet read_migrations(TreeStream& tree, const DatabaseSettings& settings) {
  migrations::SourceFiles files;
  std::string buffer(64 * 1024, '\0');
  while (const std::optional<release::FileEntry> entry = tree.next()) {
    if (entry->type != EntryType::file) continue;
    std::string content;
    while (const std::size_t count = tree.read(buffer)) {
      content.append(buffer, 0, count);
      if (content.size() > migrations::kMaxMigrationBytes) break;
    }
    if (content.size() > entry->size || Digest::of(content) != *entry->digest) {
      throw Error(Errc::corrupt,
                  format("{}: content is not what the file table says", entry->path.str()));
    }
    files.emplace(entry->path.str(), std::move(content));
  }
  Problems problems;
  migrations::MigrationSet set =
      settings.format == "drizzle"
          ? migrations::read_drizzle(files, problems)
          : migrations::read_sql(files,
                                 settings.dialect == "sqlite" ? migrations::Dialect::sqlite
                                                              : migrations::Dialect::postgresql,
                                 problems);
  problems.throw_if_any(Errc::invalid_input);
  return set;
}

databases::ForeignKeys foreign_keys(const DatabaseSettings& settings) {
  return settings.foreign_keys == "on" ? databases::ForeignKeys::followed
                                       : databases::ForeignKeys::ignored;
}

bool is_of_database(const Placement& placement) {
  return placement.path.starts_with("database:");
}

migrations::TrackingTable tracking_table(const DatabaseSettings& settings,
                                         const migrations::MigrationSet& set) {
  migrations::TrackingTable table = migrations::usual_table(set.layout, set.dialect);
  if (!settings.schema.empty()) table.schema = settings.schema;
  if (!settings.table.empty()) table.name = settings.table;
  return table;
}

}  // namespace sealift::installer
