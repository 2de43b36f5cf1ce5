// SPDX-License-Identifier: Apache-2.0
#include "installer/content/kept_set.hpp"

#include <algorithm>
#include <iterator>

#include "base/format.hpp"

namespace sealift::installer {

using release::FileEntry;

namespace {

constexpr const char* kSettings = "placement.settings";

Json to_json(const std::vector<KeptRelease>& releases) {
  Json value = Json::array();
  for (const KeptRelease& each : releases) {
    value.push_back({{"directory", each.directory}, {"table", each.table.str()}});
  }
  return value;
}

std::vector<KeptRelease> releases_from_json(const Json& value, const std::string& where) {
  std::vector<KeptRelease> releases;
  for (const Json& item : value) {
    Fields fields(item, format("{}[{}]", where, releases.size()));
    const Digest table = fields.digest("table");
    releases.push_back({.directory = fields.text("directory"), .table = table});
    fields.done();
  }
  return releases;
}

bool is_below(const FileEntry& folder, const std::string& path) {
  return path.starts_with(folder.path.str() + "/");
}

}  // namespace

// What the step of the directory driver keeps of a set; settings of placements have another form,
// below.
Json to_json(const KeptSet& set) {
  return {{"serve", release::to_json(set.serving)}, {"releases", to_json(set.releases)}};
}

KeptSet kept_set_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  KeptSet set{.serving = release::serving_from_json(fields.array("serve"), fields.at("serve")),
              .releases = {}};
  set.releases = releases_from_json(fields.array("releases"), fields.at("releases"));
  fields.done();
  return set;
}

Json to_json(const KeptSettings& settings) {
  return {{"keepPrevious", settings.assets.keep_previous},
          {"serve", release::to_json(settings.assets.serving)},
          {"before", to_json(settings.before)}};
}

std::optional<KeptSettings> kept_settings_from_json(const Json& value, const std::string& where) {
  if (!value.is_object() || !value.contains("keepPrevious")) return std::nullopt;
  Fields fields(value, where);
  KeptSettings settings;
  settings.assets.keep_previous = fields.number("keepPrevious");
  settings.assets.serving = release::serving_from_json(fields.array("serve"), fields.at("serve"));
  settings.before = releases_from_json(fields.array("before"), fields.at("before"));
  fields.done();
  return settings;
}

std::optional<release::CarriedAssets> assets_of(const Json& settings) {
  const auto kept = kept_settings_from_json(settings, kSettings);
  return kept ? std::optional(kept->assets) : std::nullopt;
}

std::optional<KeptSet> kept_of(const Json& settings, const std::string& directory,
                               const Digest& table) {
  std::optional<KeptSettings> kept = kept_settings_from_json(settings, kSettings);
  if (!kept) return std::nullopt;
  KeptSet set{.serving = std::move(kept->assets.serving), .releases = {{directory, table}}};
  std::move(kept->before.begin(), kept->before.end(), std::back_inserter(set.releases));
  return set;
}

std::optional<KeptSet> kept_of(const Placement& placement) {
  return kept_of(placement.settings, placement.directory, placement.table);
}

// Where the reading of one release's table stands. Where one of several tables is; all are in the
// same order, so a merge needs the first line of each.
struct KeptTable::Head {
  explicit Head(std::unique_ptr<Source> table) : source(std::move(table)), reader(*source) {
    advance();
  }
  void advance() {
    entry = reader.next();
    if (entry) name = release::tar_entry(*entry).name;
  }

  std::unique_ptr<Source> source;
  release::FileTableReader reader;
  std::optional<FileEntry> entry;
  std::string name;
};

KeptTable::KeptTable(KeptSet set, Content& content, OnConflict on_conflict)
    : set_(std::move(set)), on_conflict_(std::move(on_conflict)) {
  for (const KeptRelease& each : set_.releases) {
    heads_.push_back(std::make_unique<Head>(content.table(each.table)));
  }
}

KeptTable::~KeptTable() = default;

std::size_t KeptTable::read(std::span<char> into) {
  while (begin_ == lines_.size()) {
    lines_.clear();
    begin_ = 0;
    if (!advance()) return 0;
  }
  const std::size_t count = std::min(into.size(), lines_.size() - begin_);
  lines_.copy(into.data(), count, begin_);
  begin_ += count;
  return count;
}

// Takes the next name of all tables; false where none is left. A folder is written when a file in
// it is: the tables have many that hold nothing unchanging. Folders of PATH/kept are everybody's to
// read, whatever mode the releases gave them.
bool KeptTable::advance() {
  const Head* first = nullptr;
  for (const auto& head : heads_) {
    if (head->entry && (first == nullptr || head->name < first->name)) first = head.get();
  }
  if (first == nullptr) return false;
  const std::string name = first->name;
  const FileEntry entry = *first->entry;
  bool agree = true;
  for (const auto& head : heads_) {
    if (!head->entry || head->name != name) continue;
    agree = agree && *head->entry == entry;
    head->advance();
  }
  if (entry.type == EntryType::directory) {
    std::erase_if(waiting_, [&](const FileEntry& each) { return !is_below(each, name); });
    waiting_.push_back(entry);
    waiting_.back().mode = 0755;
  } else if (entry.type == EntryType::file &&
             set_.serving.cache_of(entry.path.str()).is_immutable()) {
    if (agree) {
      add_with_folders(entry);
    } else if (on_conflict_) {
      on_conflict_(entry.path.str());
    }
  }
  return true;
}

void KeptTable::add_with_folders(const FileEntry& file) {
  for (const FileEntry& folder : waiting_) {
    if (is_below(folder, file.path.str())) lines_ += to_line(folder) + "\n";
  }
  waiting_.clear();
  lines_ += to_line(file) + "\n";
}

}  // namespace sealift::installer
