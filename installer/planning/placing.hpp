// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the components of a release go on a site. Error{incompatible} where the site has no such
// place, or one of another sort.

#include <memory>
#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "installer/content/content.hpp"
#include "installer/records/placement.hpp"
#include "migrations/migration_set.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

const release::Target& target_of(const release::ComponentRow& row, const release::Site& site);

Placement placed_images(const release::Component& component, const release::Target& target,
                        const std::string& site);

Placement placed_migrations(const release::Component& component, const release::Site& site);
// Of every component of migrations.
std::vector<Placement> migrations_on(const bundle::Contents& contents, const release::Site& site);
std::shared_ptr<const migrations::MigrationSet> migrations_of(const Placement& placement,
                                                              Content& content);

}  // namespace sealift::installer
