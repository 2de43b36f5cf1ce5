// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/database_step.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

using migrations::Applied;
using migrations::AppliedRow;
using migrations::Shape;

constexpr std::array kShapes = {std::pair(Shape::missing, "missing"),
                                std::pair(Shape::unnamed, "unnamed"),
                                std::pair(Shape::with_name, "with-name")};

Json to_json(const Applied& applied) {
  Json rows = Json::array();
  for (const AppliedRow& row : applied.rows) {
    Json value = {{"hash", row.hash}, {"createdAt", row.created_at}};
    if (row.name) value["name"] = *row.name;
    rows.push_back(std::move(value));
  }
  const auto shape = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const auto& each) { return each.first == applied.shape; });
  return {{"shape", shape->second}, {"rows", std::move(rows)}};
}

Applied applied_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const std::string word = fields.text("shape");
  const auto shape = std::find_if(kShapes.begin(), kShapes.end(),
                                  [&](const auto& each) { return each.second == word; });
  if (shape == kShapes.end()) fields.refuse("shape", format("found \"{}\"", printable(word, 40)));
  Applied applied{.shape = shape->first, .rows = {}};
  for (const Json& item : fields.array("rows")) {
    Fields row(item, format("{}[{}]", fields.at("rows"), applied.rows.size()));
    const Json& created = row.value("createdAt");
    if (!created.is_number_integer()) row.refuse("createdAt", "expected a whole number");
    applied.rows.push_back({.hash = row.text("hash"),
                            .created_at = created.get<std::int64_t>(),
                            .name = row.text_if("name")});
    row.done();
  }
  fields.done();
  return applied;
}

release::BackupTool backup_tool_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  release::BackupTool tool{.create = fields.texts("create"),
                           .verify = fields.texts("verify"),
                           .restore = fields.texts("restore")};
  fields.done();
  return tool;
}

databases::Author author_from_json(const Json& value, const std::string& where,
                                   std::uint64_t transaction) {
  Fields fields(value, where);
  databases::Author author{.transaction = transaction,
                           .release = fields.text("release"),
                           .digest = fields.text("digest"),
                           .actor = fields.text("actor")};
  fields.done();
  return author;
}

std::vector<WayDown> ways_from_json(const Json& list, const std::string& where) {
  std::vector<WayDown> ways;
  for (const Json& item : list) {
    Fields way(item, format("{}[{}]", where, ways.size()));
    ways.push_back({.name = way.text("name"), .sql = way.text("sql"), .hash = way.text("hash")});
    way.done();
  }
  return ways;
}

}  // namespace

DatabaseSettings database_settings(const std::string& name, const release::Site& site,
                                   const release::CarriedMigrations& carried) {
  const release::DatabaseEntry& entry = site.databases.at(name);
  DatabaseSettings settings{.database = name,
                            .driver = entry.driver,
                            .lock_timeout = entry.lock_timeout,
                            .lock_attempts = entry.lock_attempts,
                            .statement_timeout = entry.statement_timeout,
                            .format = carried.format,
                            .dialect = carried.dialect,
                            .transactions = carried.transactions,
                            .late = carried.late,
                            .rollback = carried.rollback,
                            .foreign_keys = carried.foreign_keys,
                            .schema = carried.schema,
                            .table = carried.table,
                            .encrypt_to = site.encrypt_to,
                            .backup = entry.backup,
                            .path = {},
                            .url = {},
                            .tools = {},
                            .password_file = {}};
  if (entry.driver == "sqlite") {
    settings.path = entry.path;
  } else {
    settings.url = entry.url;
    settings.tools = entry.tools;
    settings.password_file = entry.password_file;
  }
  return settings;
}

Json to_json(const DatabaseSettings& settings) {
  Json value = {{"database", settings.database},
                {"driver", settings.driver},
                {"lockTimeout", settings.lock_timeout},
                {"lockAttempts", settings.lock_attempts},
                {"statementTimeout", settings.statement_timeout},
                {"format", settings.format},
                {"dialect", settings.dialect},
                {"transactions", settings.transactions},
                {"late", settings.late},
                {"rollback", settings.rollback},
                {"schema", settings.schema},
                {"table", settings.table}};
  if (!settings.foreign_keys.empty()) value["foreignKeys"] = settings.foreign_keys;
  value["encryptTo"] = settings.encrypt_to ? Json(*settings.encrypt_to) : Json();
  if (settings.backup) {
    value["backup"] = {{"create", settings.backup->create},
                       {"verify", settings.backup->verify},
                       {"restore", settings.backup->restore}};
  }
  if (settings.driver == "sqlite") {
    value["path"] = settings.path;
  } else {
    value["url"] = settings.url;
    value["tools"] = settings.tools;
    value["passwordFile"] = settings.password_file;
  }
  return value;
}

DatabaseSettings database_settings_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  DatabaseSettings settings{.database = fields.text("database"),
                            .driver = fields.text("driver"),
                            .lock_timeout = fields.count("lockTimeout"),
                            .lock_attempts = fields.count("lockAttempts"),
                            .statement_timeout = fields.count("statementTimeout"),
                            .format = fields.text("format"),
                            .dialect = fields.text("dialect"),
                            .transactions = fields.text("transactions"),
                            .late = fields.text("late"),
                            .rollback = fields.text("rollback"),
                            .foreign_keys = fields.text_if("foreignKeys").value_or(""),
                            .schema = fields.text("schema"),
                            .table = fields.text("table"),
                            .encrypt_to = {},
                            .backup = {},
                            .path = {},
                            .url = {},
                            .tools = {},
                            .password_file = {}};
  if (!fields.value("encryptTo").is_null()) settings.encrypt_to = fields.texts("encryptTo");
  if (const Json* backup = fields.value_if("backup")) {
    settings.backup = backup_tool_from_json(*backup, fields.at("backup"));
  }
  if (settings.driver == "sqlite") {
    settings.path = fields.text("path");
  } else {
    settings.url = fields.text("url");
    settings.tools = fields.texts("tools");
    settings.password_file = fields.text("passwordFile");
  }
  fields.done();
  return settings;
}

DatabaseSettings database_settings_of(const Placement& placement) {
  return database_settings_from_json(placement.settings,
                                     format("placement {}: settings", placement.component));
}

Json to_json(const NeededSpace& space) {
  return {{"path", space.path}, {"bytes", space.bytes}};
}

NeededSpace needed_space_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  NeededSpace space{.path = fields.text("path"), .bytes = fields.number("bytes")};
  fields.done();
  return space;
}

Json to_json(const BackupStep& step) {
  Json value = {{"backup", step.backup},           {"server", step.server},
                {"version", step.version},         {"made", to_text(step.made)},
                {"transaction", step.transaction}, {"settings", to_json(step.settings)}};
  if (step.space) value["space"] = to_json(*step.space);
  return value;
}

BackupStep backup_step_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  BackupStep backup{
      .backup = fields.text("backup"),
      .server = fields.text("server"),
      .version = fields.text("version"),
      .made = fields.time("made"),
      .transaction = fields.number("transaction"),
      .settings = database_settings_from_json(fields.object("settings"), fields.at("settings")),
      .space = {}};
  if (const Json* found = fields.value_if("space")) {
    backup.space = needed_space_from_json(*found, fields.at("space"));
  }
  fields.done();
  return backup;
}

std::optional<NeededSpace> space_of(const Step& step) {
  return step.action == kBackup ? backup_step_from_json(step).space : std::nullopt;
}

Json to_json(const DatabaseChange& change) {
  Json value = {{"backup", change.backup},
                {"before", to_json(change.before)},
                {"transaction", change.author.transaction},
                {"author",
                 {{"release", change.author.release},
                  {"digest", change.author.digest},
                  {"actor", change.author.actor}}},
                {"made", to_text(change.made)},
                {"fenced", change.fenced},
                {"settings", to_json(change.settings)}};
  if (change.fenced_until_activate) value["fencedUntilActivate"] = true;
  if (change.pending) value["pending"] = *change.pending;
  if (change.from) value["from"] = *change.from;
  if (change.ways) {
    Json ways = Json::array();
    for (const WayDown& way : *change.ways) {
      ways.push_back({{"name", way.name}, {"sql", way.sql}, {"hash", way.hash}});
    }
    value["ways"] = std::move(ways);
  }
  return value;
}

DatabaseChange database_change_from_json(const Step& step) {
  Fields fields(step.data, step.id);
  const std::uint64_t transaction = fields.number("transaction");
  DatabaseChange change{
      .backup = fields.text("backup"),
      .before = applied_from_json(fields.object("before"), fields.at("before")),
      .author = author_from_json(fields.object("author"), fields.at("author"), transaction),
      .made = fields.time("made"),
      .fenced = fields.flag("fenced"),
      .settings = database_settings_from_json(fields.object("settings"), fields.at("settings"))};
  if (fields.value_if("fencedUntilActivate") != nullptr) {
    change.fenced_until_activate = fields.flag("fencedUntilActivate");
  }
  if (step.action == kMigrate) {
    change.pending = texts_by_key(fields.object("pending"), fields.at("pending"));
  } else if (step.action == kRestore) {
    change.from = fields.text("from");
  } else if (step.action == kTakeBack) {
    change.ways = ways_from_json(fields.array("ways"), fields.at("ways"));
  }
  fields.done();
  return change;
}

}  // namespace sealift::installer
