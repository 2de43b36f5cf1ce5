// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_check.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "installer/drivers/s3/s3_settings.hpp"
#include "installer/drivers/s3/sender.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxDifferences = 1000;
constexpr const char* kContent = "content differs";

// One object, and what is expected of it.
struct Question {
  std::string path;
  std::string key;
  S3Object object;
  std::string etag;  // that it is believed by; empty: none
};

void compare_headers(const Question& question, const s3::Head& head,
                     std::vector<Difference>& differences) {
  const auto compare = [&](const char* name, const std::string& found, const std::string& wanted) {
    if (found == wanted) return;
    differences.push_back({question.path,
                           found.empty() ? format("no {}", name) : format("{} \"{}\"", name, found),
                           wanted.empty() ? std::string("none") : format("\"{}\"", wanted)});
  };
  compare("Content-Type", head.type, question.object.type);
  compare("Cache-Control", head.cache, question.object.cache);
  compare("Content-Encoding", head.encoding, question.object.encoding);
}

std::vector<Difference> look_closely(const Question& question, Thoroughness thoroughness,
                                     s3::Bucket& bucket) {
  const std::optional<s3::Head> head = bucket.head(question.key);
  if (!head) return {{question.path, "missing"}};
  const std::string hex = question.object.digest.hex();
  std::vector<Difference> differences;
  if (thoroughness == Thoroughness::by_content) {
    const std::optional<Digest> digest = bucket.digest_of(question.key);
    if (!digest || *digest != question.object.digest)
      differences.push_back({question.path, kContent});
  } else if (head->sha256 != hex) {
    differences.push_back({question.path, kContent});
  }
  compare_headers(question, *head, differences);
  return differences;
}

class Looking {
 public:
  Looking(Thoroughness thoroughness, const S3Place& place)
      : thoroughness_(thoroughness), listed_(place.listed()), sender_(*place.bucket) {}

  const std::map<std::string, s3::Listed>& listed() const { return listed_; }

  void ask(Question question) {
    const auto there = listed_.find(question.key);
    if (there == listed_.end()) return add({question.path, "missing"});
    if (there->second.size != question.object.size) return add({question.path, kContent});
    if (thoroughness_ != Thoroughness::by_content && !question.etag.empty() &&
        question.etag == there->second.etag) {
      return;
    }
    sender_.submit([this, question = std::move(question)](s3::Bucket& bucket) {
      for (Difference& each : look_closely(question, thoroughness_, bucket)) add(std::move(each));
    });
  }

  void add(Difference difference) {
    const std::lock_guard guard(mutex_);
    if (differences_.size() < kMaxDifferences) differences_.push_back(std::move(difference));
  }

  std::vector<Difference> end() {
    sender_.drain();
    std::sort(differences_.begin(), differences_.end(),
              [](const Difference& a, const Difference& b) {
                return std::tie(a.path, a.found) < std::tie(b.path, b.found);
              });
    return std::move(differences_);
  }

 private:
  Thoroughness thoroughness_;
  std::map<std::string, s3::Listed> listed_;
  std::mutex mutex_;
  std::vector<Difference> differences_;
  Sender sender_;
};

void add_strangers(const S3Place& place, Looking& looking) {
  std::set<std::string> ours;
  for (const auto& [unused, objects] : place.inventories()) {
    for (const auto& [path, object] : objects) ours.insert(place.keys.shown(path));
  }
  for (const auto& [key, unused] : looking.listed()) {
    if (key.starts_with(place.keys.own()) || ours.contains(key)) continue;
    looking.add({key.substr(place.keys.prefix.size()), std::string(kStranger)});
  }
}

}  // namespace

std::vector<Difference> differences_in(const Placement& placement, Thoroughness thoroughness,
                                       Strangers strangers, const S3Place& place,
                                       Content& content) {
  const std::optional<S3Objects> there = place.inventory(placement.directory);
  if (!there) return {{format("{}/{}", placement.path, placement.directory), "missing"}};
  const S3Objects expected =
      objects_of(*content.table(placement.table), s3_settings_of(placement).serving);
  const bool is_seen = place.current() == placement.directory;
  Looking looking(thoroughness, place);
  for (const auto& [path, object] : expected) {
    const auto known = there->find(path);
    if (known == there->end()) {
      looking.add({path, "missing"});
      continue;
    }
    const std::string shown = place.keys.shown(path);
    const bool is_known = known->second.looks_like(object);
    const std::string etag = is_known ? known->second.etag : "";
    if (!known->second.held) {
      looking.ask({.path = path, .key = shown, .object = object, .etag = etag});
      continue;
    }
    const std::string held = place.keys.held(placement.directory, path);
    looking.ask({.path = path, .key = held, .object = object, .etag = etag});
    if (is_seen) looking.ask({.path = path, .key = shown, .object = object, .etag = etag});
  }
  if (is_seen && strangers == Strangers::reported) add_strangers(place, looking);
  return looking.end();
}

}  // namespace sealift::installer
