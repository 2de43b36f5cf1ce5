// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which files PATH/kept holds beside a release: the files that never change (cache class immutable)
// of that release and of some before it, so that a page that is still open finds its scripts after
// a switch in either direction. A path that two of these releases fill differently is not kept:
// what is served of it is what the current release has.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "installer/content/content.hpp"
#include "installer/records/placement.hpp"
#include "release/documents/carried_assets.hpp"

namespace sealift::installer {

struct KeptRelease {
  std::string directory;  // below PATH; may be gone already
  Digest table;
  friend bool operator==(const KeptRelease&, const KeptRelease&) = default;
};

struct KeptSet {
  release::Serving serving;           // that of the release that stands; holds for all
  std::vector<KeptRelease> releases;  // that one first, then the ones before it, newest first
  friend bool operator==(const KeptSet&, const KeptSet&) = default;
};

Json to_json(const KeptSet& set);
KeptSet kept_set_from_json(const Json& value, const std::string& where);

// The settings of a placement that keeps files.
struct KeptSettings {
  release::CarriedAssets assets;    // what its component says
  std::vector<KeptRelease> before;  // newest first
  friend bool operator==(const KeptSettings&, const KeptSettings&) = default;
};

Json to_json(const KeptSettings& settings);
// Nothing where settings are those of something else. Strict; Error{corrupt}.
std::optional<KeptSettings> kept_settings_from_json(const Json& value, const std::string& where);
// What the component of a placement says; nothing where it keeps nothing.
std::optional<release::CarriedAssets> assets_of(const Json& settings);
// The set of a tree that stands, or shall stand, in `directory`; nothing where nothing is kept.
std::optional<KeptSet> kept_of(const Json& settings, const std::string& directory,
                               const Digest& table);
std::optional<KeptSet> kept_of(const Placement& placement);

// The file table of PATH/kept, merged from those of its releases. Memory does not grow with them.
class KeptTable : public Source {
 public:
  using OnConflict = std::function<void(const std::string& path)>;
  // `on_conflict` hears of each path that is left out.
  KeptTable(KeptSet set, Content& content, OnConflict on_conflict = {});
  ~KeptTable() override;
  std::size_t read(std::span<char> into) override;

 private:
  struct Head;
  bool advance();
  void add_with_folders(const release::FileEntry& file);

  KeptSet set_;
  OnConflict on_conflict_;
  std::vector<std::unique_ptr<Head>> heads_;
  std::vector<release::FileEntry> waiting_;  // folders that nothing is in yet
  std::string lines_;
  std::size_t begin_ = 0;
};

}  // namespace sealift::installer
