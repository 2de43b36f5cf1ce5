// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/hashed_assets.hpp"

#include <algorithm>
#include <array>

#include "base/format.hpp"
#include "base/log.hpp"
#include "builder/kinds/bundler_manifest.hpp"
#include "builder/kinds/hash_token.hpp"
#include "content/precompress.hpp"

namespace sealift::builder {

namespace {

using release::has_hashed_name;
using release::ServeRule;
using release::Serving;

constexpr std::size_t kShort = 8;   // a hash of Vite, Rollup and esbuild
constexpr std::size_t kWhole = 16;  // a name that is nothing but a hash
constexpr std::string_view kSeparators = "-._";
// Also where they are not part of the component, in these places.
constexpr std::array<std::string_view, 5> kManifests = {".vite/manifest.json", "manifest.json",
                                                        "asset-manifest.json", "stats.json",
                                                        "webpack-stats.json"};

// With its slash; empty for a file at the top.
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash + 1);
}

// Where in a path a hash is.
struct Place {
  std::size_t begin;
  std::size_t end;
  std::string_view of(const std::string& path) const {
    return std::string_view(path).substr(begin, end - begin);
  }
};

// The ends of the stem of a name: before its last ending, and before its last two. For names such
// as main.3f9a1c2e.chunk.js and main.3f9a1c2e.js.map.
std::vector<std::size_t> stem_ends(const std::string& path) {
  std::vector<std::size_t> ends;
  const std::size_t begin = folder_of(path).size();
  for (std::size_t dot = path.rfind('.'); dot != path.npos && dot > begin && ends.size() < 2;
       dot = path.rfind('.', dot - 1)) {
    ends.push_back(dot);
  }
  return ends;
}

// The last eight characters of a stem, behind a separator. There must be something before the
// separator: a name that is all hash is another case.
std::optional<Place> short_hash(const std::string& path, std::size_t end) {
  const std::size_t begin = folder_of(path).size();
  if (end < begin + kShort + 2) return std::nullopt;
  if (kSeparators.find(path[end - kShort - 1]) == kSeparators.npos) return std::nullopt;
  return Place{.begin = end - kShort, .end = end};
}

// Where a hash may stand in a file that a manifest names.
std::vector<Place> places_of(const std::string& path, const std::string& name) {
  std::vector<Place> places;
  const std::size_t begin = folder_of(path).size();
  for (const std::size_t end : stem_ends(path)) {
    const std::string_view stem = std::string_view(path).substr(begin, end - begin);
    if (stem == name) break;
    const bool is_named = !name.empty() && stem.starts_with(name) &&
                          kSeparators.find(stem[name.size()]) != kSeparators.npos;
    if (is_named) places.push_back({.begin = begin + name.size() + 1, .end = end});
    if (const auto place = short_hash(path, end)) places.push_back(*place);
    const std::size_t separator = stem.find_last_of("-.");
    if (separator != stem.npos) {
      places.push_back({.begin = begin + separator + 1, .end = end});
    } else if (stem.size() >= kWhole) {
      places.push_back({.begin = begin, .end = end});
    }
  }
  return places;
}

// A file that is wrongly taken for immutable is served stale for a year, one that is overlooked is
// only asked for again: in doubt nothing is proven.
class Search {
 public:
  Search(const std::set<std::string>& files, const Serving& said, const ReadSource& read)
      : files_(files), said_(said), read_(read) {
    for (const ServeRule& rule : said.rules()) globs_.emplace_back(rule.match);
  }

  // In the order of their certainty: what is proven first keeps its proof, and later rules add to
  // it.
  HashedAssets run() {
    add_folders();
    add_manifests();
    add_neighbours();
    add_maps();
    return {.serving = Serving(rules()), .found = std::move(found_)};
  }

 private:
  // The rule of release.yaml that decides; null: none.
  const ServeRule* rule_for(const std::string& path) const {
    for (std::size_t i = 0; i < globs_.size(); ++i) {
      if (globs_[i].matches(path)) return &said_.rules()[i];
    }
    return nullptr;
  }

  // Not decided by release.yaml, nor immutable by its name.
  bool is_open(const std::string& path) const {
    const ServeRule* rule = rule_for(path);
    return (rule == nullptr || !rule->cache) && !has_hashed_name(path) && !accepted_.contains(path);
  }

  // `pattern` would name the file and its like; whether it may, group_of() decides when all are
  // known.
  void accept(const std::string& path, const std::string& proof, const std::string& pattern) {
    if (!is_open(path)) return;
    accepted_.insert(path);
    found_[proof].push_back(path);
    patterns_.emplace(path, pattern);
  }

  void accept_folder(const std::string& folder) {
    for (const std::string& path : files_) {
      if (path.starts_with(folder)) accept(path, folder + "**", folder + "**");
    }
  }

  // Next serves all of its folder `static` as immutable, and so does SvelteKit its `immutable`. By
  // files that only these two frameworks write; what lies in the folders has names of any form.
  void add_folders() {
    for (const std::string& path : files_) {
      if (path.ends_with("/_buildManifest.js")) {
        const std::string build = folder_of(path);
        const std::string folder = folder_of(build.substr(0, build.size() - 1));
        if (folder == "static/" || folder.ends_with("/static/")) accept_folder(folder);
      }
      if (path == "_app/version.json" || path.ends_with("/_app/version.json")) {
        accept_folder(folder_of(path) + "immutable/");
      }
    }
  }

  // The pattern keeps the folder, the separator, the length of the hash and the ending.
  void accept_at(const std::string& path, const Place& place, const std::string& proof) {
    const std::string folder = folder_of(path);
    const std::string before =
        place.begin > folder.size() ? "*" + path.substr(place.begin - 1, 1) : std::string();
    accept(path, proof,
           folder + before + std::string(place.end - place.begin, '?') + path.substr(place.end));
  }

  // Wherever a manifest lies: bundlers write one for each of their outputs.
  void add_manifests() {
    std::set<std::string> manifests(kManifests.begin(), kManifests.end());
    for (const std::string& path : files_) {
      const std::string name = path.substr(folder_of(path).size());
      if (std::find(kManifests.begin(), kManifests.end(), name) != kManifests.end()) {
        manifests.insert(path);
      }
    }
    for (const std::string& manifest : manifests) {
      const std::optional<std::string> text = read_(manifest);
      if (!text) continue;
      for (const BundledFile& each : read_bundler_manifest(*text)) add_bundled(manifest, each);
    }
  }

  // The file of the component that a manifest means: it writes a path below its own folder, below
  // the root, or a URL.
  std::optional<std::string> resolved(const std::string& manifest, std::string file) const {
    if (const std::size_t scheme = file.find("://"); scheme != file.npos) {
      file.erase(0, file.find('/', scheme + 3));
    }
    file.erase(std::min(file.find_first_of("?#"), file.size()));
    file.erase(0, file.find_first_not_of("./"));
    const std::string folder = folder_of(manifest);
    const std::string base =
        folder.ends_with(".vite/") ? folder.substr(0, folder.size() - 6) : folder;
    while (!file.empty()) {
      for (const std::string& path : {base + file, file}) {
        if (files_.contains(path)) return path;
      }
      const std::size_t slash = file.find('/');
      file.erase(0, slash == file.npos ? file.size() : slash + 1);
    }
    return std::nullopt;
  }

  // The first place that could be a hash decides; a manifest alone proves nothing of a plain name.
  void add_bundled(const std::string& manifest, const BundledFile& bundled) {
    const std::optional<std::string> path = resolved(manifest, bundled.file);
    if (!path || has_uuid(*path)) return;
    for (const Place& place : places_of(*path, bundled.name)) {
      if (!could_be_hash(place.of(*path))) continue;
      accept_at(*path, place, manifest);
      return;
    }
  }

  // Folders of which every file has a name such as Vite makes, and many are certain.
  void add_neighbours() {
    std::map<std::string, std::vector<std::string>> folders;
    for (const std::string& path : files_) {
      if (content::without_suffix(path).empty()) folders[folder_of(path)].push_back(path);
    }
    for (const auto& [folder, paths] : folders) {
      if (folder.empty()) continue;
      std::size_t certain = 0;
      std::map<std::string, Place> places;
      const bool are_alike = std::all_of(paths.begin(), paths.end(), [&](const std::string& path) {
        if (has_hashed_name(path)) return ++certain > 0;
        for (const std::size_t end : stem_ends(path)) {
          const std::optional<Place> place = short_hash(path, end);
          if (place && path[place->begin - 1] == '-') return places.emplace(path, *place).second;
        }
        return false;
      });
      if (!are_alike || certain == 0 || certain * 4 < paths.size()) continue;
      for (const auto& [path, place] : places) {
        if (!has_uuid(path) && could_be_hash(place.of(path))) {
          accept_at(path, place, "the names beside them");
        }
      }
    }
  }

  // Source maps of files that never change; the names of webpack's have an ending too many. A map
  // changes with its file, and is asked for as seldom.
  void add_maps() {
    constexpr std::string_view kMap = ".map";
    for (const std::string& path : files_) {
      if (!path.ends_with(kMap)) continue;
      const std::string original = path.substr(0, path.size() - kMap.size());
      if (!files_.contains(original)) continue;
      const auto known = patterns_.find(original);
      if (known != patterns_.end()) {
        accept(path, "the files that they map", known->second + std::string(kMap));
      } else if (has_hashed_name(original)) {
        for (const Place& place : places_of(original, "")) {
          if (could_be_hash(place.of(original))) accept_at(path, place, "the files that they map");
        }
      }
    }
  }

  // A pattern that is immutable but for a few files, or a single file.
  struct Group {
    std::string pattern;
    std::set<std::string> exceptions = {};
    std::size_t meant = 1;
  };

  // Nothing where a pattern cannot stand for the files that it was made of: it matches more others
  // than files that never change, or files that release.yaml has another rule for.
  std::optional<Group> group_of(const std::string& pattern, const ServeRule* rule) const {
    if (!can_be_pattern(pattern)) return std::nullopt;
    const release::Glob glob(pattern);
    Group group{.pattern = pattern, .exceptions = {}, .meant = 0};
    for (const std::string& path : files_) {
      if (!glob.matches(path)) continue;
      if (rule_for(path) != rule) return std::nullopt;
      if (accepted_.contains(path) || has_hashed_name(path)) {
        ++group.meant;
      } else if (!is_plain(path)) {
        return std::nullopt;
      } else {
        group.exceptions.insert(path);
      }
    }
    if (group.exceptions.size() >= group.meant) return std::nullopt;
    return group;
  }

  // Whether a path, as a pattern, matches itself alone. A rule of release.yaml has patterns alone,
  // so a name with a wildcard in it could mean others.
  static bool is_plain(const std::string& path) {
    return path.find_first_of("*?") == path.npos && can_be_pattern(path);
  }

  static bool can_be_pattern(const std::string& pattern) {
    try {
      release::check_serve_pattern(pattern);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  // The rule of release.yaml that a file has, which then says only its type -> what comes before.
  std::map<const ServeRule*, std::vector<Group>> groups() const {
    std::map<const ServeRule*, std::vector<Group>> groups;
    std::map<std::pair<const ServeRule*, std::string>, bool> known;
    for (const auto& [path, pattern] : patterns_) {
      const ServeRule* rule = rule_for(path);
      const auto [fits, is_new] = known.try_emplace({rule, pattern}, false);
      if (is_new) {
        if (auto group = group_of(pattern, rule)) {
          groups[rule].push_back(std::move(*group));
          fits->second = true;
        }
      }
      if (!fits->second && is_plain(path)) groups[rule].push_back({.pattern = path});
    }
    for (auto& [rule, list] : groups) {
      std::stable_sort(list.begin(), list.end(),
                       [](const Group& a, const Group& b) { return a.meant > b.meant; });
    }
    return groups;
  }

  std::vector<ServeRule> rules() const {
    using release::CacheClass;
    std::map<const ServeRule*, std::vector<Group>> found = groups();
    std::vector<ServeRule> rules;
    std::size_t room = release::kMaxServeRules - said_.rules().size();
    std::size_t dropped = 0;
    const auto add = [&](const ServeRule* rule) {
      const std::string type = rule == nullptr ? "" : rule->type;
      for (const Group& group : found[rule]) {
        // A pattern without its exceptions would be wrong.
        if (group.exceptions.size() + 1 > room) {
          dropped += group.meant;
          continue;
        }
        room -= group.exceptions.size() + 1;
        for (const std::string& path : group.exceptions) {
          rules.push_back({.match = path, .type = type, .cache = CacheClass::no_cache()});
        }
        rules.push_back({.match = group.pattern, .type = type, .cache = CacheClass::immutable()});
      }
    };
    for (const ServeRule& rule : said_.rules()) {
      add(&rule);
      rules.push_back(rule);
    }
    add(nullptr);
    if (dropped > 0) {
      log::warning(
          format("serve: a component has room for {} rules; {} files that never change as "
                 "their bundler says are asked for again: say a pattern for them, such as "
                 "assets/**",
                 release::kMaxServeRules, dropped));
    }
    return rules;
  }

  const std::set<std::string>& files_;
  const Serving& said_;
  const ReadSource& read_;
  std::vector<release::Glob> globs_;  // of the rules
  std::set<std::string> accepted_;
  std::map<std::string, std::string> patterns_;  // path -> the pattern that would name its like
  std::map<std::string, std::vector<std::string>> found_;
};

}  // namespace

HashedAssets find_hashed(const std::set<std::string>& files, const Serving& said,
                         const ReadSource& read) {
  return Search(files, said, read).run();
}

}  // namespace sealift::builder
