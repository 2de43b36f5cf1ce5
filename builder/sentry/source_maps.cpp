// SPDX-License-Identifier: Apache-2.0
#include "builder/sentry/source_maps.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/ascii.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "builder/kind/selection.hpp"
#include "net/url.hpp"

namespace sealift::builder {

namespace {

constexpr std::array<std::string_view, 3> kScripts = {".js", ".mjs", ".cjs"};
constexpr std::string_view kMap = ".map";
constexpr std::array<std::string_view, 2> kMapComments = {"//# sourceMappingURL=",
                                                          "//@ sourceMappingURL="};
constexpr std::string_view kMappings = "mappings";
constexpr std::string_view kSections = "sections";
constexpr std::string_view kIdComment = "//# debugId=";

bool is_script(std::string_view path) {
  return std::any_of(kScripts.begin(), kScripts.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

// What the last such comment says; empty: there is none.
std::string said_by(std::string_view comment, std::string_view script) {
  const std::size_t at = script.rfind(comment);
  if (at == script.npos) return "";
  const std::string_view rest = script.substr(at + comment.size());
  return std::string(rest.substr(0, rest.find_first_of(" \t\r\n'\"")));
}

std::string map_comment(std::string_view script) {
  for (const std::string_view comment : kMapComments) {
    std::string said = said_by(comment, script);
    if (!said.empty()) return said;
  }
  return "";
}

// As plugins of bundlers write it: a UUID.
std::string id_from(std::string text) {
  text = lower(text);
  const bool is_id = text.size() >= 32 && text.size() <= 45 &&
                     text.find_first_not_of("0123456789abcdef-") == text.npos;
  return is_id ? text : "";
}

// Plugins wrote "debug_id" before there was a proposal of a standard, and write both today.
std::string read_debug_id(const Json& map) {
  const std::string id = text_at(map, "debugId");
  return id_from(id.empty() ? text_at(map, "debug_id") : id);
}

// The folder of a path with its slash; empty: the root.
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "" : path.substr(0, slash + 1);
}

// One component, read once: maps are large, and several scripts may have one.
class MapReader {
 public:
  MapReader(const release::Release& release, const release::ComponentEntry& entry,
            const std::string& prefix, Problems& mistakes)
      : selection_(selection_of(entry)),
        folder_(source_folder(release.folder, selection_.root, entry)),
        where_(format("components.{}", entry.name)),
        prefix_(prefix),
        mistakes_(mistakes) {
    walk(Dir::open(folder_), "");
  }

  SourceMaps read() {
    for (const std::string& path : paths_) {
      if (is_script(path) && selection_.takes_file(path)) add_script(path);
    }
    for (const std::string& path : paths_) {
      if (path.ends_with(kMap) && selection_.takes_file(path)) found_.served.push_back(path);
    }
    std::sort(found_.files.begin(), found_.files.end(),
              [](const SentryFile& a, const SentryFile& b) { return a.url < b.url; });
    return std::move(found_);
  }

 private:
  // Links lead to what is in the tree as well.
  void walk(const Dir& folder, const std::string& prefix) {
    for (const Entry& each : folder.entries()) {
      const std::string path = prefix + each.name;
      if (each.type == EntryType::directory) {
        walk(folder.descend(each.name), path + "/");
      } else if (each.type == EntryType::file && (is_script(path) || path.ends_with(kMap))) {
        paths_.insert(path);
      }
    }
  }

  std::string content_of(const std::string& path) const {
    return read_file(folder_ / path, kMaxSourceMap);
  }

  // Where the map of a script is: what its comment says, or FILE.map beside it, as "hidden" maps
  // are. Empty: there is none here.
  std::string map_of(const std::string& path, const std::string& comment) const {
    std::string named =
        fs::path(folder_of(path) + net::percent_decoded(comment)).lexically_normal().string();
    if (!comment.empty() && paths_.contains(named)) return named;
    const std::string beside = path + std::string(kMap);
    return paths_.contains(beside) ? beside : "";
  }

  // As a browser says it in the frames of an error.
  std::string url_of(const std::string& path) const {
    return prefix_ + net::percent_encoded(path, "/");
  }

  // Without its map a script says nothing that Sentry does not see anyway.
  void add_script(const std::string& path) {
    std::string script = content_of(path);
    const std::string comment = map_comment(script);
    const bool is_inside = comment.starts_with("data:");
    const std::string map = is_inside ? "" : map_of(path, comment);
    if (map.empty() && !is_inside) {
      found_.without_map.push_back(path);
      return;
    }
    if (!is_utf8(script)) {
      mistakes_.add(format("{}: {}: found bytes that are no UTF-8", where_, printable(path)));
      return;
    }
    SentryFile file{.sort = SentryFile::Sort::script,
                    .url = url_of(path),
                    .content = {},
                    .debug_id = id_from(said_by(kIdComment, script)),
                    .source_map = {}};
    file.content = std::move(script);
    if (!is_inside) {
      const std::string from = folder_of(path);
      file.source_map = net::percent_encoded(
          fs::path(map).lexically_relative(from.empty() ? "." : from).string(), "/");
      add_map(map, path, file.debug_id);
    }
    found_.files.push_back(std::move(file));
  }

  // Scripts may share one.
  void add_map(const std::string& path, const std::string& script, const std::string& script_id) {
    const auto known = ids_.find(path);
    const std::string id = known != ids_.end() ? known->second : read_map(path);
    ids_.emplace(path, id);
    if (id == script_id) return;
    if (!id.empty() && !script_id.empty()) {
      mistakes_.add(format("{}: {}: found the debug id {}, its map {} has {}", where_,
                           printable(script), script_id, printable(path), id),
                    "build the client again: one of them is of another build");
      return;
    }
    found_.findings.push_back(
        {format("{}: {}: a debug id stands in only one of script and map", where_,
                printable(script)),
         "Sentry finds the map by the release's name and the script's address alone"});
  }

  // Its debug id.
  std::string read_map(const std::string& path) {
    SentryFile file{.sort = SentryFile::Sort::map,
                    .url = url_of(path),
                    .content = content_of(path),
                    .debug_id = {},
                    .source_map = {}};
    const std::string place = format("{}: {}", where_, printable(path));
    try {
      const Json map = parse_json(file.content, place, Errc::invalid_input, Numbers::any);
      check_map(map, place);
      file.debug_id = read_debug_id(map);
    } catch (const Error& error) {
      mistakes_.add(error);
    }
    std::string id = file.debug_id;
    found_.files.push_back(std::move(file));
    return id;
  }

  // A map of several scripts in one has sections with maps of their own.
  void check_map(const Json& map, const std::string& place) {
    const bool is_plain = map.is_object() && map.contains(kMappings);
    if (!is_plain && !(map.is_object() && map.contains(kSections))) {
      mistakes_.add(format("{}: found no mappings, expected a source map", place),
                    "build the client again, with source maps");
      return;
    }
    if (is_plain && list_at(map, "sourcesContent").empty()) {
      found_.findings.push_back({format("{}: found no sourcesContent", place),
                                 "Sentry will say lines, and show none of the code"});
    }
  }

  Selection selection_;
  fs::path folder_;
  std::string where_;
  const std::string& prefix_;
  Problems& mistakes_;
  std::set<std::string> paths_;             // of scripts and maps
  std::map<std::string, std::string> ids_;  // of maps that were read
  SourceMaps found_;
};

}  // namespace

SourceMaps source_maps_of(const release::Release& release, const release::ComponentEntry& entry,
                          const std::string& prefix, Problems& mistakes) {
  return MapReader(release, entry, prefix, mistakes).read();
}

}  // namespace sealift::builder
