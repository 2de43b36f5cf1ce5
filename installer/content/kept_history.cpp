// SPDX-License-Identifier: Apache-2.0
#include "installer/content/kept_history.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/content/kept_set.hpp"
#include "installer/content/site_content.hpp"

namespace sealift::installer {

namespace {

// Per component; one mistake in a build's settings would name every file.
constexpr std::size_t kMaxWarnings = 5;

}  // namespace

// By the path and not by the component: a component that was renamed goes on serving at the same
// place.
Json kept_settings_for(const Placement& wanted, const release::CarriedAssets& assets,
                       const State& state, const Layout& layout) {
  if (assets.keep_previous == 0) return nullptr;
  std::vector<KeptRelease> before;
  for (auto each = state.revisions.rbegin(); each != state.revisions.rend(); ++each) {
    if (before.size() == assets.keep_previous) break;
    const Placement* stood = each->placement_at(wanted.path);
    if (stood == nullptr || stood->driver != wanted.driver || stood->table == wanted.table)
      continue;
    const bool is_listed = std::any_of(before.begin(), before.end(), [&](const KeptRelease& known) {
      return known.table == stood->table;
    });
    // Without its table nobody can say what it had.
    if (is_listed || !path_exists(table_file(layout, stood->table))) continue;
    before.push_back({.directory = stood->directory, .table = stood->table});
  }
  return to_json(KeptSettings{.assets = assets, .before = before});
}

bool has_kept_at(const State& state, const std::string& path) {
  return std::any_of(state.revisions.begin(), state.revisions.end(), [&](const Revision& each) {
    const Placement* stood = each.placement_at(path);
    return stood != nullptr && kept_of(*stood);
  });
}

std::vector<std::string> kept_warnings(const Placement& wanted, Content& content) {
  std::vector<std::string> warnings;
  const std::optional<KeptSet> set = kept_of(wanted);
  if (!set) return warnings;
  std::size_t count = 0;
  KeptTable table(*set, content, [&](const std::string& path) {
    if (++count > kMaxWarnings) return;
    warnings.push_back(
        format("component {}: {} is immutable, and has other content than in a release before: "
               "browsers that have the old one do not ask again",
               wanted.component, printable(path)));
  });
  blame(Errc::incompatible, "keep_previous", [&] {
    release::FileTableReader reader(table);
    while (reader.next()) {
    }
  });
  if (count > kMaxWarnings) {
    warnings.push_back(format("component {}: and {} more", wanted.component, count - kMaxWarnings));
  }
  return warnings;
}

}  // namespace sealift::installer
