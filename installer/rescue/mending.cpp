// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/mending.hpp"

#include <sys/stat.h>

#include "base/format.hpp"
#include "installer/operations/damage.hpp"
#include "installer/operations/prune.hpp"

namespace sealift::installer {

namespace {

// Whoever could read a key may have it: the mode is mended, and that is said.
void add_keys(const Layout& layout, std::vector<Mend>& mends) {
  for (const fs::path& file : open_keys(layout)) {
    mends.push_back(
        {format("chmod 600 {}; if somebody has read it, make another", file.string()), [file] {
           if (::chmod(file.c_str(), 0600) != 0) throw_errno(file.string(), "chmod");
         }});
  }
}

bool has_sound_summary(const Layout& layout) {
  try {
    check_summary(layout);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void add_summary(const SiteWork& work, std::vector<Mend>& mends) {
  const Layout& layout = work.installation().layout;
  if (has_sound_summary(layout)) return;
  mends.push_back({format("write {} again, from the journals", layout.summary().string()),
                   [&work, layout] { write_summary(layout, work.state()); }});
}

// What acts that were cut off have left in stores under names of ours, and no release needs. What
// lies in folders a person looks at first.
void add_leftovers(const SiteWork& work, std::vector<Mend>& mends) {
  const Installation& installation = work.installation();
  const State state = work.state();
  const std::vector<Placement> known = retained_placements(installation.layout, state);
  std::size_t count = 0;
  for (const auto& [name, target] : installation.site.targets) {
    if (!target.path.empty()) continue;
    try {
      count += work.tools()
                   .drivers.named(target.driver)
                   .leftovers(target, installation.id, known)
                   .size();
    } catch (const Error&) {
      continue;  // doctor says what is wrong with that store
    }
  }
  if (count == 0) return;
  mends.push_back({format("remove {} that no release needs", cli::count_text(count, "leftover")),
                   [&work, state] { prune(work.tools(), state); }});
}

}  // namespace

std::vector<Mend> mends_of(const SiteWork& work) {
  std::vector<Mend> mends;
  add_keys(work.installation().layout, mends);
  add_summary(work, mends);
  add_leftovers(work, mends);
  return mends;
}

}  // namespace sealift::installer
