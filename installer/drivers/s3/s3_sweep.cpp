// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_sweep.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/drivers/s3/s3_settings.hpp"
#include "installer/drivers/s3/sender.hpp"

namespace sealift::installer {

namespace {

// What somebody has put there under one of our names is theirs.
void remove_ours(const std::string& key, const S3Object& object, const std::string& etag,
                 s3::Bucket& bucket) {
  if (object.etag.empty() || object.etag != etag) {
    const std::optional<s3::Head> head = bucket.head(key);
    if (!head) return;
    if (head->sha256 != object.digest.hex()) {
      log::warning(format("{} stays: it is not what sealift has put there", printable(key, 200)));
      return;
    }
  }
  bucket.remove(key);
}

}  // namespace

std::set<std::string> needed_in(const std::vector<Placement>& known, const S3Place& place) {
  std::set<std::string> needed;
  for (const Placement& placement : known) {
    if (placement.driver != release::kS3 || placement.path != place.target.place()) continue;
    needed.insert(placement.directory);
    for (std::string& each : s3_settings_of(placement).before) needed.insert(std::move(each));
  }
  needed.insert(place.attempt());
  return needed;
}

std::vector<std::string> unneeded_in(const std::set<std::string>& needed, const S3Place& place) {
  std::vector<std::string> unneeded;
  for (const auto& [directory, unused] : place.inventories()) {
    if (!needed.contains(directory)) unneeded.push_back(directory);
  }
  return unneeded;
}

void remove_releases(const std::vector<std::string>& directories, const S3Place& place) {
  if (directories.empty()) return;
  std::map<std::string, S3Objects> stay = place.inventories();
  std::map<std::string, S3Objects> go;
  for (const std::string& each : directories) {
    if (auto found = stay.extract(each)) go.insert(std::move(found));
  }
  std::set<std::string> needed;
  for (const auto& [unused, objects] : stay) {
    for (const auto& [path, object] : objects) needed.insert(path);
  }
  const auto listed = place.listed();
  std::set<std::string> keys;
  for (const auto& [directory, objects] : go) {
    Sender sender(*place.bucket);
    for (const auto& [path, object] : objects) {
      const auto there = listed.find(place.keys.shown(path));
      keys.insert(place.keys.shown(path));
      if (object.held || needed.contains(path) || there == listed.end()) continue;
      sender.submit([key = there->first, etag = there->second.etag, object = object](
                        s3::Bucket& bucket) { remove_ours(key, object, etag, bucket); });
    }
    const std::string tree = place.keys.tree(directory);
    for (auto each = listed.lower_bound(tree);
         each != listed.end() && each->first.starts_with(tree); ++each) {
      keys.insert(each->first);
      sender.submit([key = each->first](s3::Bucket& bucket) { bucket.remove(key); });
    }
    sender.drain();
  }
  for (const s3::Upload& upload : place.bucket->uploads(place.keys.prefix)) {
    if (keys.contains(upload.key)) place.bucket->abort(upload);
  }
  // What is not in an inventory any more is nobody's: it goes last.
  for (const auto& [directory, unused] : go) place.bucket->remove(place.keys.inventory(directory));
  if (place.attempt().empty()) place.bucket->remove(place.keys.attempt());
  if (stay.empty() && place.current().empty()) place.bucket->remove(place.keys.marker());
}

}  // namespace sealift::installer
