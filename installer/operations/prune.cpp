// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/prune.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <tuple>

#include "base/format.hpp"
#include "base/log.hpp"
#include "installer/content/kept_set.hpp"
#include "installer/drivers/data/data.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/operations/intake.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/operations/needs.hpp"

namespace sealift::installer {

namespace {

using Numbers = std::set<std::uint64_t>;  // of revisions

// The revisions that stay.
Numbers kept_revisions(const Layout& layout, const State& state, unsigned keep_releases) {
  Numbers keep;
  // With those that it is the same release as.
  const std::function<void(const Revision*)> keep_one = [&](const Revision* revision) {
    if (revision == nullptr || !keep.insert(revision->number).second) return;
    if (revision->restores) keep_one(state.revision(*revision->restores));
    if (revision->changes) keep_one(state.revision(*revision->changes));
  };
  keep_one(state.current());
  keep_one(state.previous());
  if (state.staged) keep_one(&*state.staged);
  for (const PastTransaction& past : state.history) {
    if (!past.ending) keep_one(&past.outcome);  // it may still go either way
  }
  // Newest first, each release once however often it was restored or its flags were changed.
  unsigned left = keep_releases;
  for (auto each = state.revisions.rbegin(); each != state.revisions.rend() && left > 0; ++each) {
    if (keep.contains(each->number) || each->restores || !is_retained(layout, *each)) continue;
    if (each->changes && keep.contains(*each->changes)) continue;
    keep_one(&*each);
    --left;
  }
  return keep;
}

// Revisions of the site's history. One that was undone is in neither list.
struct Sorted {
  std::vector<const Revision*> kept;
  std::vector<const Revision*> going;
};

// Of every release that was ever committed, so that what an earlier pruning could not remove goes
// now.
Sorted sort(const State& state, const Numbers& keep) {
  Sorted sorted;
  for (const PastTransaction& past : state.history) {
    if (keep.contains(past.number)) {
      sorted.kept.push_back(&past.outcome);
    } else if (past.ending == Event::commit) {
      sorted.going.push_back(&past.outcome);
    }
  }
  return sorted;
}

// Names that are no number count as 0, which no revision that is kept has but an adopted one.
void remove_revisions(const Layout& layout, const Numbers& keep) {
  const Dir revisions = Dir::open(layout.revisions());
  for (const Entry& entry : revisions.entries()) {
    if (keep.contains(std::strtoull(entry.name.c_str(), nullptr, 10))) continue;
    revisions.remove_tree(entry.name);
  }
  revisions.sync();
}

// How many directories of releases went.
std::uint64_t remove_releases(const Sorted& sorted, const Needs& needs, const Drivers& drivers) {
  std::uint64_t count = 0;
  for (const Revision* revision : sorted.going) {
    for (const Placement& placement : revision->placements) {
      if (needs.places.contains({placement.path, placement.directory}) ||
          placement.directory.empty() ||
          !path_exists(fs::path(placement.path) / placement.directory)) {
        continue;
      }
      drivers.named(placement.driver).prune(placement);
      ++count;
    }
  }
  return count;
}

// How many went.
std::uint64_t remove_bundles(const Layout& layout, const Needs& needs) {
  std::uint64_t count = 0;
  const Dir store = Dir::open(layout.store());
  for (const Entry& entry : store.entries()) {
    if (needs.bundles.contains(entry.name) || is_incoming(entry.name)) continue;
    store.remove_tree(entry.name);
    ++count;
  }
  store.sync();
  return count;
}

// Gives up the images of revisions that go, unless one that stays has them too. Their folders are
// still there: a revision without one was seen to before.
void release_images(const Sorted& sorted, const Layout& layout, const Drivers& drivers) {
  using Key = std::tuple<std::string, std::string, Digest>;
  const auto key_of = [](const Placement& placement, const PlacedImage& image) {
    return Key{placement.driver, placement.settings.dump(), image.digest};
  };
  std::set<Key> needed;
  for (const Revision* revision : sorted.kept) {
    for (const Placement& placement : revision->placements) {
      for (const PlacedImage& image : placement.images) needed.insert(key_of(placement, image));
    }
  }
  for (const Revision* revision : sorted.going) {
    if (!is_retained(layout, *revision)) continue;
    for (Placement placement : revision->placements) {
      std::erase_if(placement.images, [&](const PlacedImage& image) {
        return needed.contains(key_of(placement, image));
      });
      if (!placement.images.empty()) drivers.named(placement.driver).prune(placement);
    }
  }
}

// Files of earlier releases that were kept reachable and are not to be any more.
void trim_kept(const Tools& tools, const State& state, const Drivers& drivers) {
  const Revision* now = state.current();
  if (now == nullptr) return;
  SiteContent content = content_of(tools, *now);
  std::set<std::string> seen;
  for (const Revision& revision : state.revisions) {
    for (const Placement& placement : revision.placements) {
      if (!kept_of(placement) || !seen.insert(placement.path).second) continue;
      drivers.named(placement.driver).trim(placement, now->placement_at(placement.path), content);
    }
  }
}

void sweep_targets(const Tools& tools, const Sorted& sorted) {
  std::vector<Placement> known;
  for (const Revision* revision : sorted.kept) {
    known.insert(known.end(), revision->placements.begin(), revision->placements.end());
  }
  for (const auto& [name, target] : tools.installation.site.targets) {
    try {
      tools.drivers.named(target.driver).sweep(target, tools.installation.id, known);
    } catch (const Error& error) {
      log::warning(format("target {}: leftovers are not removed: {}", name, error.message()));
    }
  }
}

// Backups of revisions that are kept stay, whatever the rule says.
void prune_backups(const Tools& tools, const Sorted& sorted) {
  if (!path_exists(tools.installation.layout.backups())) return;
  std::vector<std::string> needed;
  for (const Revision* revision : sorted.kept) {
    for (const Placement& placement : revision->placements) {
      needed.push_back(format("{}-{}", placement.target, revision->number));
      for (const auto& [folder, unused] : placement.persist) {
        needed.push_back(format("{}-{}", data_label(placement.target, folder), revision->number));
      }
    }
  }
  Backups(tools.installation.layout, tools.workers)
      .prune(tools.installation.site.keep_backups, tools.clock.now(), needed);
}

}  // namespace

Pruned prune(const Tools& tools, const State& state) {
  const Layout& layout = tools.installation.layout;
  const Numbers keep = kept_revisions(layout, state, tools.installation.site.keep_releases);
  const Sorted sorted = sort(state, keep);
  Needs needs;
  for (const Revision* revision : sorted.kept) needs.add(*revision);
  release_images(sorted, layout, tools.drivers);
  trim_kept(tools, state, tools.drivers);
  remove_revisions(layout, keep);
  Pruned pruned;
  pruned.releases = remove_releases(sorted, needs, tools.drivers);
  pruned.bundles = remove_bundles(layout, needs);
  remove_tables(layout, needs);
  open_target_keys(tools, state);
  sweep_targets(tools, sorted);
  prune_backups(tools, sorted);
  return pruned;
}

}  // namespace sealift::installer
