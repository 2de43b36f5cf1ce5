// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/report.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "bundle/layout.hpp"

namespace sealift::builder {

using bundle::Part;
using bundle::Step;

namespace {

// An item, and the part of the payload that is its own.
struct Place {
  std::uint64_t begin;
  std::uint64_t end;
  std::size_t item;
  bool is_known;  // the base has a file of that name
};

// Files of the payload, and what is left of each blob around them: no byte twice, none left out.
class Items {
 public:
  Items(const DeltaSide& base, const DeltaSide& target) : target_(target) {
    for (const Placed& each : base.outline().files) {
      names_.insert(each.path);
      names_.insert(each.stem);
    }
    add_files();
    add_blobs();
    std::sort(places_.begin(), places_.end(),
              [](const Place& a, const Place& b) { return a.begin < b.begin; });
  }

  // Parts of the payload are asked for in order. `take` gets each item's share of one.
  template <typename Take>
  void each_in(std::uint64_t begin, std::uint64_t end, Take take) {
    while (next_ < places_.size() && places_[next_].end <= begin) ++next_;
    for (std::size_t i = next_; i < places_.size() && places_[i].begin < end; ++i) {
      take(places_[i], std::min(end, places_[i].end) - std::max(begin, places_[i].begin));
    }
  }
  std::vector<ReportedItem> take_items() { return std::move(items_); }
  Share& share_of(const Place& place) { return items_[place.item].share; }

 private:
  void add_files() {
    const auto& outline = target_.outline().files;  // sorted, each place once
    std::vector<std::pair<std::uint64_t, ReportedItem>> found;
    each_file(target_.open().contents(), target_.blobs(),
              [&](const release::Component& component, const release::FileEntry& entry,
                  std::uint64_t offset, std::uint64_t) {
                found.push_back({offset, {component.row.name, entry.path.str(), {}}});
              });
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::size_t next = 0;
    for (const Placed& each : outline) {
      while (found[next].first != each.offset) ++next;
      const bool is_known = names_.contains(each.path) || names_.contains(each.stem);
      places_.push_back({each.offset, each.offset + each.size, items_.size(), is_known});
      items_.push_back(std::move(found[next].second));
    }
  }

  void add_blobs() {
    const bundle::Contents& contents = target_.open().contents();
    std::map<Digest, std::string> owners;
    for (const release::Component& component : contents.components) {
      bundle::Once once;
      for (const auto& blob : bundle::payload_of({component}, once)) {
        owners.emplace(blob.digest, component.row.name);
      }
    }
    const std::size_t files = places_.size();
    std::size_t file = 0;
    const auto& blobs = target_.outline().blobs;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      const Digest& digest = contents.release.payload[i].digest;
      std::uint64_t begin = blobs[i].offset;
      const std::uint64_t end = begin + blobs[i].size;
      for (; file < files && places_[file].begin < end; ++file) {
        add_rest(begin, places_[file].begin);
        begin = places_[file].end;
      }
      add_rest(begin, end);
      items_.push_back({owners[digest], digest.str(), {}});
    }
  }
  // Of the blob whose item comes next.
  void add_rest(std::uint64_t begin, std::uint64_t end) {
    if (begin < end) places_.push_back({begin, end, items_.size(), false});
  }

  const DeltaSide& target_;
  std::unordered_set<std::uint64_t> names_;  // hashes of the base's paths and stems
  std::vector<Place> places_;
  std::vector<ReportedItem> items_;
  std::size_t next_ = 0;
};

// One frame's shares. What its patch takes is divided by the fresh bytes that items have in it.
void add_step(const Step& step, std::uint64_t start, Items& items) {
  const bool has_prefix = std::any_of(step.parts.begin(), step.parts.end(), [](const Part& part) {
    return part.kind == Part::Kind::prefix;
  });
  std::vector<std::pair<Share*, std::uint64_t>> fresh;
  std::uint64_t all_fresh = 0;
  std::uint64_t begin = start;
  for (const Part& part : step.parts) {
    if (part.kind == Part::Kind::prefix) continue;
    const std::uint64_t end = begin + part.range.length;
    items.each_in(begin, end, [&](const Place& place, std::uint64_t bytes) {
      Share& share = items.share_of(place);
      share.content += bytes;
      if (part.kind == Part::Kind::copied) {
        share.shared += bytes;
        return;
      }
      (has_prefix && place.is_known ? share.patched : share.carried) += bytes;
      fresh.emplace_back(&share, bytes);
      all_fresh += bytes;
    });
    begin = end;
  }
  std::uint64_t given = 0;
  std::uint64_t seen = 0;
  for (const auto& [share, bytes] : fresh) {
    seen += bytes;
    const std::uint64_t until = step.patch.size() * seen / all_fresh;
    share->packed += until - given;
    given = until;
  }
}

}  // namespace

Share& Share::operator+=(const Share& other) {
  content += other.content;
  shared += other.shared;
  patched += other.patched;
  carried += other.carried;
  packed += other.packed;
  return *this;
}

UpdateReport report_update(const DeltaBase& base, const DeltaTarget& target, int level,
                           Workers& workers, Progress& progress) {
  Items items(base.side(), target.side());
  std::uint64_t start = 0;
  each_step(base, target.side(), level, workers, progress, [&](const Step& step) {
    add_step(step, start, items);
    start += step.content;
  });
  UpdateReport report;
  report.items = items.take_items();
  for (const ReportedItem& each : report.items) report.total += each.share;
  return report;
}

}  // namespace sealift::builder
