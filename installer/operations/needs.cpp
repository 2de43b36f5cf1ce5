// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/needs.hpp"

#include "base/file.hpp"
#include "installer/content/kept_set.hpp"

namespace sealift::installer {

namespace {

std::string table_name(const Digest& digest) {
  return digest.hex() + ".jsonl";
}

}  // namespace

void Needs::add(const Revision& revision) {
  bundles.insert(revision.bundle);
  for (const Placement& placement : revision.placements) {
    places.insert({placement.path, placement.directory});
    tables.insert(table_name(placement.table));
    const std::optional<KeptSet> kept = kept_of(placement);
    if (!kept) continue;
    for (const KeptRelease& each : kept->releases) tables.insert(table_name(each.table));
  }
}

Needs needs_of_history(const State& state) {
  Needs needs;
  for (const PastTransaction& past : state.history) needs.add(past.outcome);
  for (const Revision& revision : state.revisions) needs.add(revision);
  return needs;
}

void remove_tables(const Layout& layout, const Needs& needs) {
  const Dir tables = Dir::open(layout.tables());
  for (const Entry& entry : tables.entries()) {
    if (!needs.tables.contains(entry.name)) tables.remove_tree(entry.name);
  }
}

}  // namespace sealift::installer
