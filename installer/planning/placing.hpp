// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the components of a release go on a site. Error{incompatible} where the site has no such
// place, or one of another sort.

#include <memory>
#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "installer/content/site_content.hpp"
#include "installer/driver/driver.hpp"
#include "installer/records/placement.hpp"
#include "installer/records/state.hpp"
#include "installer/site/installation.hpp"
#include "migrations/migration_set.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

const release::Target& target_of(const release::ComponentRow& row, const release::Site& site);

// A tree of files as it is on this site; its table is kept.
Placement placed_tree(const release::Component& component, const release::Target& target,
                      SiteContent& content, Json settings);

// A component that runs, and all that decides how.
struct Running {
  const release::Component& component;
  const release::Target& target;
  SiteContent& content;
  const bundle::Contents& contents;
  const Installation& installation;
  const State& state;
  const Drivers& drivers;
};
// What it claims and the site does not allow is added to `problems`.
Placement placed_workload(const Running& running, Problems& problems);
// One of observability, whose target may be a service that keeps what its files describe.
Placement placed_observability(const Running& running);

// `site` is the site's id: stores keep images of several sites apart by it.
Placement placed_images(const release::Component& component, const release::Target& target,
                        const std::string& site);

// Its path is "database:NAME", since a database outlives the component that migrates it.
Placement placed_migrations(const release::Component& component, const release::Site& site);
// Of every component of migrations.
std::vector<Placement> migrations_on(const bundle::Contents& contents, const release::Site& site);
// Read from the component's tree; shared by the wish, the plan and what is shown of it.
std::shared_ptr<const migrations::MigrationSet> migrations_of(const Placement& placement,
                                                              Content& content);

}  // namespace sealift::installer
