// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/placing.hpp"

#include "base/format.hpp"
#include "installer/content/delivered_images.hpp"
#include "installer/content/site_values.hpp"
#include "installer/drivers/databases/database_access.hpp"
#include "installer/drivers/images/image_step.hpp"
#include "installer/planning/drafting.hpp"
#include "release/site_file/allowance.hpp"

namespace sealift::installer {

namespace {

[[noreturn]] void incompatible(const std::string& found, const std::string& hint) {
  throw Error(Errc::incompatible, found, hint);
}

RuntimeQuestion question_of(const Running& running, const Digest& table) {
  const Revision* now = running.state.current();
  return {.component = running.component,
          .target = running.target,
          .site = running.installation.id,
          .before = now == nullptr ? nullptr : now->placement_at(running.target.path),
          .content = running.content,
          .table = table,
          .pins = image_pins(running.contents, running.installation.site),
          .images = compose::known_images(running.contents.components)};
}

}  // namespace

const release::Target& target_of(const release::ComponentRow& row, const release::Site& site) {
  const auto found = site.targets.find(row.target);
  if (found == site.targets.end()) {
    incompatible(format("component {} goes to the target \"{}\", which site.yaml does not have",
                        row.name, row.target),
                 format("add {} to targets in site.yaml", row.target));
  }
  return found->second;
}

Placement placed_tree(const release::Component& component, const release::Target& target,
                      SiteContent& content, Json settings) {
  const SiteContent::Table table = content.keep_table(component);
  Placement placement{.component = component.row.name,
                      .target = component.row.target,
                      .driver = target.driver,
                      .path = target.s3 ? target.s3->place() : target.path,
                      .directory = {},
                      .table = table.digest,
                      .files = table.files,
                      .bytes = table.bytes,
                      .settings = std::move(settings),
                      .services = component.document.services};
  placement.owner = owner_of(placement, target);
  for (const std::string& folder : component.document.persist) {
    placement.persist[folder] = target.owner;
  }
  return placement;
}

Placement placed_observability(const Running& running) {
  Placement placement = placed_tree(running.component, running.target, running.content, nullptr);
  placement.settings =
      running.drivers.named(running.target.driver).settings(question_of(running, placement.table));
  return placement;
}

Placement placed_workload(const Running& running, Problems& problems) {
  const auto& [component, target, content, contents, installation, state, drivers] = running;
  const release::Workload& workload = *component.document.workload;
  if (workload.runtime != target.driver) {
    throw Error(Errc::incompatible,
                format("component {} is for {}, the target {} is one of {}", component.row.name,
                       workload.runtime, component.row.target, target.driver),
                "correct targets in site.yaml");
  }
  Placement placement = placed_tree(component, target, content, nullptr);
  const Driver& driver = drivers.named(target.driver);
  const RuntimeQuestion question = question_of(running, placement.table);
  release::check_allowed({.who = format("component {}", component.row.name),
                          .name = component.row.name,
                          .own = target.path},
                         driver.claims(question), installation.site.allow, problems);
  placement.settings = driver.settings(question);
  for (auto& [folder, user] : driver.data_folders(question)) {
    placement.persist[folder] = user.empty() ? target.owner : user;
  }
  return placement;
}

Placement placed_images(const release::Component& component, const release::Target& target,
                        const std::string& site) {
  return {.component = component.row.name,
          .target = component.row.target,
          .driver = target.driver,
          .path = format("{}:{}", target.driver, component.row.name),
          .directory = {},
          .table = component.manifest.config.digest,
          .files = component.images.size(),
          .bytes = component.document.bytes,
          .images = images_on(component, target),
          .settings = to_json(image_settings(target, site))};
}

Placement placed_migrations(const release::Component& component, const release::Site& site) {
  const std::string& name = component.row.target;
  const auto found = site.databases.find(name);
  if (found == site.databases.end()) {
    incompatible(format("component {} migrates the database \"{}\", which site.yaml does not have",
                        component.row.name, name),
                 format("add {} to databases in site.yaml", name));
  }
  const release::CarriedMigrations& carried = *component.document.migrations;
  if (carried.dialect != found->second.driver) {
    incompatible(format("component {} is for {}, the database {} is one of {}", component.row.name,
                        carried.dialect, name, found->second.driver),
                 "correct databases in site.yaml");
  }
  return {.component = component.row.name,
          .target = name,
          .driver = found->second.driver,
          .path = format("database:{}", name),
          .directory = {},
          .table = component.file_table().digest,
          .files = component.document.files,
          .bytes = component.document.bytes,
          .images = {},
          .settings = to_json(database_settings(name, site, carried))};
}

std::vector<Placement> migrations_on(const bundle::Contents& contents, const release::Site& site) {
  std::vector<Placement> placements;
  for (const release::Component& component : contents.components) {
    if (component.is_migrations()) placements.push_back(placed_migrations(component, site));
  }
  return placements;
}

std::shared_ptr<const migrations::MigrationSet> migrations_of(const Placement& placement,
                                                              Content& content) {
  return std::make_shared<migrations::MigrationSet>(
      read_migrations(content, placement.component, database_settings_of(placement)));
}

}  // namespace sealift::installer
