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

Error changed(const release::FileEntry& entry) {
  return Error(Errc::corrupt,
               format("{}: content is not what the file table says", entry.path.str()));
}

// A file of a component that is read after its tree was: it opens the tree for itself.
class FileOfTree : public Source {
 public:
  FileOfTree(std::shared_ptr<Content> content, const std::string& component,
             const std::string& path)
      : content_(std::move(content)), tree_(content_->tree(component)) {
    while (const std::optional<release::FileEntry> entry = tree_->next()) {
      if (entry->path.str() == path) return;
    }
    throw Error(Errc::corrupt, format("{}: is not in the component {} any more", path, component));
  }
  std::size_t read(std::span<char> into) override { return tree_->read(into); }

 private:
  std::shared_ptr<Content> content_;
  std::unique_ptr<TreeStream> tree_;
};

// The content of the entry that a tree is at.
migrations::SqlText held(const release::FileEntry& entry, TreeStream& tree) {
  std::string content(entry.size, '\0');
  std::size_t size = 0;
  while (const std::size_t count = tree.read(std::span(content).subspan(size))) size += count;
  migrations::SqlText text(std::move(content));
  if (size != entry.size || text.digest() != *entry.digest) throw changed(entry);
  return text;
}

// The tree is closed when it returns: while texts are read from another one, this one's would take
// as much memory again.
migrations::SourceFiles files_of(Content& content, const std::string& component) {
  migrations::SourceFiles files;
  const std::shared_ptr<Content> later = content.twin();
  const std::unique_ptr<TreeStream> tree = content.tree(component);
  while (const std::optional<release::FileEntry> entry = tree->next()) {
    if (entry->type != EntryType::file) continue;
    const std::string& path = entry->path.str();
    if (later == nullptr || migrations::is_held(path, entry->size)) {
      files.emplace(path, held(*entry, *tree));
      continue;
    }
    const auto open = [later, component, path]() -> std::unique_ptr<Source> {
      return std::make_unique<FileOfTree>(later, component, path);
    };
    files.emplace(path, migrations::SqlText::Origin{.digest = *entry->digest,
                                                    .size = entry->size,
                                                    .open = open,
                                                    .changed = changed(*entry)});
  }
  return files;
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

migrations::MigrationSet read_migrations(Content& content, const std::string& component,
                                         const DatabaseSettings& settings,
                                         migrations::Texts texts) {
  const migrations::SourceFiles files = files_of(content, component);
  Problems problems;
  migrations::MigrationSet set =
      settings.format == "drizzle"
          ? migrations::read_drizzle(files, problems, texts)
          : migrations::read_sql(files,
                                 settings.dialect == "sqlite" ? migrations::Dialect::sqlite
                                                              : migrations::Dialect::postgresql,
                                 problems, texts);
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
