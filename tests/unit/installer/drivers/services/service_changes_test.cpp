// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/services/service_changes.hpp"

#include <catch2/catch.hpp>

#include "installer/drivers/services/service.hpp"

namespace sealift::installer::service_changes_test {

using release::Change;
using release::FileEntry;

namespace {

FileEntry file(const std::string& path) {
  return {.path = RelPath::parse(path), .digest = Digest::of(path), .target = {}};
}

// What is said of each service when these paths changed in these ways.
ServiceChanges seen(const ServiceGlobs& before, const ServiceGlobs& now,
                    const std::vector<std::pair<Change, std::string>>& paths) {
  ServiceChanges changes;
  ServiceWatch watch(before, now, changes);
  for (const auto& [kind, path] : paths) {
    const FileEntry entry = file(path);
    watch.see(kind, kind == Change::added ? nullptr : &entry,
              kind == Change::removed ? nullptr : &entry);
  }
  return changes;
}

const ServiceGlobs kGlobs = {{"nginx", {"nginx/**"}}, {"app", {"app.env", "app.*", "shared"}}};

}  // namespace

TEST_CASE("service changes: only a file that differs concerns its service") {
  const ServiceChanges same =
      seen(kGlobs, kGlobs, {{Change::same, "nginx/a.conf"}, {Change::same, "app.env"}});
  CHECK(same.at("nginx").count == 0);
  CHECK(same.at("nginx").stood);
  for (const Change kind : {Change::added, Change::changed, Change::removed}) {
    const ServiceChanges changes = seen(kGlobs, kGlobs, {{kind, "nginx/x/y"}, {kind, "other"}});
    CHECK(changes.at("nginx").count == 1);
    CHECK(changes.at("nginx").stood == (kind != Change::added));
    CHECK_FALSE(changes.contains("app"));
  }
}

TEST_CASE("service changes: a file counts once, however many globs match it") {
  CHECK(seen(kGlobs, kGlobs, {{Change::changed, "app.env"}}).at("app").count == 1);
}

TEST_CASE("service changes: what a component said before counts as well as what it says now") {
  CHECK(seen(kGlobs, {}, {{Change::removed, "nginx/a"}}).at("nginx").count == 1);
  CHECK(seen({}, kGlobs, {{Change::added, "nginx/a"}}).at("nginx").count == 1);
  CHECK(seen({}, {}, {{Change::added, "nginx/a"}}).empty());
}

TEST_CASE("service changes: a directory is no file") {
  ServiceChanges changes;
  ServiceWatch watch({}, kGlobs, changes);
  FileEntry folder = file("nginx/sites");
  folder.type = EntryType::directory;
  watch.see(Change::added, nullptr, &folder);
  CHECK(changes.empty());
}

TEST_CASE("service changes: the first files are named, the others counted") {
  const ServiceChanges changes = seen(kGlobs, kGlobs,
                                      {{Change::changed, "nginx/a"},
                                       {Change::added, "nginx/b"},
                                       {Change::removed, "nginx/c"},
                                       {Change::changed, "nginx/d"},
                                       {Change::changed, "nginx/e"}});
  CHECK(text(changes.at("nginx")) == "nginx/a changed, nginx/b added, nginx/c removed and 2 more");
}

TEST_CASE(
    "service steps: every check comes before every reload, and a service without one has none") {
  const std::vector<AffectedService> affected = {
      {"app",
       {.check = {}, .verb = "restart", .command = {"a", "b"}},
       {{"app.env changed"}, 1, true}},
      {"nginx",
       {.check = {"nginx", "-t"}, .verb = "reload", .command = {"nginx", "-s", "reload"}},
       {{"nginx/a added"}, 1, false}}};
  std::vector<std::string> ids;
  for (const Step& step : service_steps(affected)) ids.push_back(step.id);
  CHECK(ids == std::vector<std::string>{"check:nginx", "restart:app", "reload:nginx"});
  CHECK(service_steps(affected)[2].summary == "reload nginx: nginx/a added");
  const Step guard = service_guard(affected);
  CHECK(guard.phase == Phase::activate);
  CHECK(guard.data.at("services")[1].at("step") == "reload:nginx");
  CHECK(guard.data.at("services")[1].at("stood") == false);
}

}  // namespace sealift::installer::service_changes_test
