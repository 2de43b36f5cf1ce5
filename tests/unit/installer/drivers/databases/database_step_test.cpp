// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/databases/database_step.hpp"

#include "tests/unit/installer/strict_reading.hpp"

namespace sealift::installer::database_step_test {

using tests::check_strict;
using tests::messages;
using tests::step_with;

namespace {

release::Site some_site(const std::string& driver) {
  release::Site site;
  release::DatabaseEntry entry;
  entry.driver = driver;
  entry.path = "/srv/app.db";
  entry.url = "postgresql://app@db/app";
  entry.tools = {"docker", "exec", "db"};
  site.databases["main"] = entry;
  return site;
}

DatabaseSettings some_settings(const std::string& driver = "sqlite") {
  return database_settings("main", some_site(driver),
                           {.format = "drizzle",
                            .dialect = driver,
                            .transactions = "run",
                            .late = "refused",
                            .rollback = "down",
                            .schema = "",
                            .table = ""});
}

DatabaseSettings read(const Json& value) {
  return database_settings_from_json(value, "settings");
}

DatabaseChange some_change() {
  return {.backup = "main-7",
          .before = {.shape = migrations::Shape::with_name,
                     .rows = {{.hash = "ab", .created_at = -1, .name = "0000_init"},
                              {.hash = "cd", .created_at = 2, .name = {}}}},
          .author = {.transaction = 7, .release = "1.1.0", .digest = "sha256:00", .actor = "anna"},
          .made = Time{1'700'000'000},
          .fenced = true,
          .settings = some_settings()};
}

// The data of a step of that action comes back as it was, and is read strictly.
void check_change(const DatabaseChange& change, const char* action) {
  const Json data = to_json(change);
  CHECK(to_json(database_change_from_json(step_with(data, action))) == data);
  check_strict(data, {"fencedUntilActivate"},
               [&](const Json& other) { database_change_from_json(step_with(other, action)); });
}

}  // namespace

TEST_CASE("databases: settings come back as they were, and each driver has its own keys") {
  const Json sqlite = to_json(some_settings());
  CHECK(sqlite.at("path") == "/srv/app.db");
  CHECK_FALSE(sqlite.contains("url"));
  CHECK(to_json(read(sqlite)) == sqlite);
  check_strict(sqlite, {"foreignKeys"}, read);
  release::Site site = some_site("postgresql");
  site.encrypt_to = {"age1"};
  site.databases.at("main").backup = {.create = {"c"}, .verify = {"v"}, .restore = {"r"}};
  const Json postgresql = to_json(database_settings("main", site, {}));
  CHECK(postgresql.at("tools") == Json({"docker", "exec", "db"}));
  CHECK(to_json(read(postgresql)) == postgresql);
  check_strict(postgresql, {"foreignKeys", "backup"}, read);
}

TEST_CASE("databases: settings of before foreign keys were said stay without them") {
  Json before = to_json(some_settings());
  before.erase("foreignKeys");
  CHECK(to_json(read(before)) == before);
}

TEST_CASE("databases: a number that is too large names its key") {
  Json settings = to_json(some_settings());
  settings["lockTimeout"] = std::uint64_t{1} << 40U;
  CHECK_THAT(messages(tests::error_of([&] { read(settings); })),
             Catch::StartsWith("settings.lockTimeout: found"));
}

TEST_CASE("databases: a backup comes back as it was, and says the space that it needs") {
  BackupStep backup{.backup = "main-7",
                    .server = "SQLite 3",
                    .version = "1.0.0",
                    .made = Time{1'700'000'000},
                    .transaction = 7,
                    .settings = some_settings(),
                    .space = NeededSpace{.path = "/var/backups", .bytes = 5}};
  const Json data = to_json(backup);
  CHECK(to_json(backup_step_from_json(step_with(data))) == data);
  check_strict(data, {"space"}, [](const Json& other) { backup_step_from_json(step_with(other)); });
  CHECK(space_of(step_with(data, kBackup))->bytes == 5);
  CHECK_FALSE(space_of(step_with(data, kMigrate)));
  backup.space.reset();
  CHECK_FALSE(space_of(step_with(to_json(backup), kBackup)));
}

TEST_CASE("databases: a change comes back as it was, whichever it is") {
  DatabaseChange change = some_change();
  change.pending.emplace();
  change.pending->emplace("0001_email", "ef");
  check_change(change, kMigrate);
  CHECK_FALSE(to_json(change).contains("fencedUntilActivate"));
  change.fenced_until_activate = true;
  check_change(change, kMigrate);
  change = some_change();
  change.from = "main-3";
  check_change(change, kRestore);
  change = some_change();
  change.ways = {WayDown{.name = "0001_email", .sql = "DROP", .hash = "ef"}};
  check_change(change, kTakeBack);
}

TEST_CASE("databases: what a database had had is read strictly") {
  DatabaseChange change = some_change();
  change.from = "main-3";
  Json data = to_json(change);
  data["before"]["rows"].at(1)["createdAt"] = "now";
  CHECK(messages(tests::error_of([&] { database_change_from_json(step_with(data, kRestore)); })) ==
        "step.before.rows[1].createdAt: expected a whole number\n");
  data = to_json(change);
  data["before"]["shape"] = "round";
  CHECK(messages(tests::error_of([&] { database_change_from_json(step_with(data, kRestore)); })) ==
        "step.before.shape: found \"round\"\n");
}

}  // namespace sealift::installer::database_step_test
