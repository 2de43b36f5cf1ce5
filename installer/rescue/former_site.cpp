// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/former_site.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/records/overrides.hpp"

namespace sealift::installer {

Layout former_layout(const Layout& layout, const std::string& id) {
  Layout former = layout;
  former.state = layout.state / format("former-{}", id);
  return former;
}

void set_history_aside(const Layout& layout, const std::string& id) {
  const Layout former = former_layout(layout, id);
  make_dirs(former.state, 0700);
  const Dir from = Dir::open(layout.state);
  const Dir to = Dir::open(former.state);
  for (const fs::path& each : {layout.journal(), layout.revisions(), layout.tables()}) {
    const std::string name = each.filename().string();
    if (from.stat(name)) {
      from.rename(name, (former.state.filename() / name).string());
    }
  }
  // Both are derived from what has gone.
  for (const fs::path& each : {layout.summary(), layout.health()}) {
    from.remove_tree(each.filename().string());
  }
  make_dirs(layout.journal());
  to.sync();
  from.sync();
}

Brought changes_of_former(const Layout& former, const State& state) {
  const Revision& last = *state.current();
  return {.set = kept_overrides(former, last), .flags = changes_of(last.flags_placement())};
}

}  // namespace sealift::installer
