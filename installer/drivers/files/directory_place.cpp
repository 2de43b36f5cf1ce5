// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/directory_place.hpp"

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

// No marker of ours is near that.
constexpr std::uint64_t kMaxMarker = 4096;  // bytes

bool is_marker_of(const std::string& text, const std::string& site, const std::string& target) {
  return text == marker_text(site, target, Maker::us) ||
         text == marker_text(site, target, Maker::others);
}

}  // namespace

std::string marker_text(const std::string& site, const std::string& target, Maker maker) {
  Json marker = {{"site", site}, {"target", target}};
  if (maker == Maker::us) marker["made"] = true;
  return to_canonical(marker) + "\n";
}

bool has_marker_of(const fs::path& path, const std::string& site, const std::string& target) {
  const fs::path marker = path / kMarker;
  return path_exists(marker) && is_marker_of(read_file(marker, kMaxMarker), site, target);
}

void claim(const fs::path& path, const std::string& site, const std::string& target) {
  if (has_marker_of(path, site, target)) return;
  if (path_exists(path) && !is_empty_dir(path)) {
    throw Error(Errc::incompatible, format("target {}: {} is not empty", target, path.string()),
                "move what is there away");
  }
  make_dirs(path);
  write_file(path / kMarker, marker_text(site, target, Maker::others));
}

Maker maker_of(const fs::path& path) {
  const fs::path marker = path / kMarker;
  const Json value = parse_json(read_file(marker, kMaxMarker), marker.string());
  Fields fields(value, marker.string());
  fields.text("site");
  fields.text("target");
  const Maker maker = fields.value_if("made") != nullptr ? Maker::us : Maker::others;
  fields.done();
  return maker;
}

std::string current_in(const fs::path& path) {
  if (!dir_exists(path)) return {};
  std::string target = Dir::open(path).read_link(kCurrent).value_or("");
  if (!target.starts_with('/')) return target;
  for (const fs::path& root : {path, real_path(path)}) {
    const std::string prefix = root.string() + "/";
    if (target.starts_with(prefix)) return target.substr(prefix.size());
  }
  return target;
}

// A copy that follows links makes a directory of it, which no rename would replace.
void refuse_other_than_link(const Dir& root, const Wish& wish) {
  const auto found = root.stat(kCurrent);
  if (!found || S_ISLNK(found->st_mode)) return;
  const std::string place = format("{}/{}", wish.path, kCurrent);
  throw Error(Errc::incompatible,
              format("target {}: {} is {}, expected the link that says which release is current",
                     wish.target, place, kind_of(*found)),
              format("move it away: mv '{}' '{}.moved'; then run: sealift-installer apply --repair",
                     place, place));
}

// A path that is missing in part is made later, by the step that unpacks; what was missing is
// written into that step, so that an undo removes just that.
Observation observe(const Wish& wish) {
  Observation seen;
  for (fs::path path = wish.path; !path_exists(path); path = path.parent_path()) {
    seen.missing.insert(seen.missing.begin(), path.string());
  }
  if (!seen.missing.empty()) return seen;
  const Dir root = Dir::open(wish.path);
  const std::vector<Entry> entries = root.entries();
  // Of a target that was placed once, and whose releases are still there, only the marker is lost.
  const bool is_lost = wish.purpose == Purpose::repair && wish.before && root.stat(kReleases);
  if (is_lost && !root.stat(kMarker)) {
    refuse_other_than_link(root, wish);
    seen.managed = true;
    seen.current = current_in(wish.path);
    return seen;
  }
  if (root.stat(kMarker)) {
    const fs::path marker = fs::path(wish.path) / kMarker;
    const std::string found = read_file(marker, kMaxMarker);
    if (!is_marker_of(found, wish.site, wish.target)) {
      throw Error(Errc::incompatible,
                  format("target {}: {} is managed by another site or target: {}", wish.target,
                         wish.path, printable(found)),
                  "give each target of each site a path of its own");
    }
    refuse_other_than_link(root, wish);
    seen.managed = true;
    seen.current = current_in(wish.path);
    return seen;
  }
  if (!entries.empty() && wish.purpose != Purpose::adopt) {
    throw Error(Errc::incompatible,
                format("target {}: {} holds {} that sealift did not put there", wish.target,
                       wish.path, printable(entries.front().name)),
                wish.before ? "if it is this site's target: sealift-installer apply --repair"
                            : "use an empty path, or make the site with: sealift-installer init "
                              "--adopt");
  }
  return seen;
}

}  // namespace sealift::installer
