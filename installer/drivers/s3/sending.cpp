// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/sending.hpp"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/error.hpp"
#include "base/path.hpp"
#include "installer/drivers/s3/sender.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kPart = 8U << 20;  // larger files are sent in parts of this size

// One release on its way. Members that jobs use stand before the sender, which waits for them.
class Sendings {
 public:
  Sendings(const Sending& sending, const S3Place& place, StepIo& io, S3Objects& objects)
      : sending_(sending), place_(place), io_(io), objects_(objects), sender_(*place.bucket) {}

  // Notes what is there already: by the etag that another release knows, else by what the store
  // says of it.
  void find_there(const std::map<std::string, S3Objects>& others) {
    const auto listed = place_.listed();
    std::vector<std::pair<std::string, S3Object*>> doubtful;
    for (auto& [path, object] : objects_) {
      const auto there = listed.find(key_of(path, object));
      if (there == listed.end() || there->second.size != object.size) continue;
      if (!object.held && is_vouched(path, object, there->second, others)) {
        object.etag = there->second.etag;
      } else {
        doubtful.emplace_back(there->first, &object);
      }
    }
    for (auto& [key, object] : doubtful) {
      sender_.submit([key = key, object = object](s3::Bucket& bucket) {
        const std::optional<s3::Head> head = bucket.head(key);
        if (head && object->is(*head)) object->etag = head->etag;
      });
    }
    sender_.drain();
  }

  void send(const std::string& component) {
    std::uint64_t bytes = 0;
    for (const auto& [unused, object] : objects_) bytes += object.etag.empty() ? object.size : 0;
    io_.progress.begin(format("send {}", component), bytes);
    const std::unique_ptr<TreeStream> tree = io_.content.tree(component);
    while (const std::optional<release::FileEntry> entry = tree->next()) {
      io_.stop.throw_if_set();
      const auto found = objects_.find(entry->path.str());
      if (found == objects_.end() || !found->second.etag.empty()) continue;
      if (found->second.size > kPart) {
        send_parts(found->first, found->second, *tree);
      } else {
        send_whole(found->first, found->second, *tree);
      }
    }
    sender_.drain();
    io_.progress.end();
  }

 private:
  std::string key_of(const std::string& path, const S3Object& object) const {
    return object.held ? place_.keys.held(sending_.directory, path) : place_.keys.shown(path);
  }

  static bool is_vouched(const std::string& path, const S3Object& object, const s3::Listed& there,
                         const std::map<std::string, S3Objects>& others) {
    return std::any_of(others.begin(), others.end(), [&](const auto& each) {
      const auto known = each.second.find(path);
      return known != each.second.end() && known->second.looks_like(object) &&
             known->second.etag == there.etag && !there.etag.empty();
    });
  }

  void advance(std::uint64_t bytes) {
    const std::lock_guard guard(mutex_);
    io_.progress.advance(bytes);
  }

  // A piece of the current file; shorter only at its end.
  static std::string piece(TreeStream& tree, std::uint64_t size) {
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
      const std::size_t count = tree.read(std::span(bytes).subspan(have));
      if (count == 0) break;
      have += count;
    }
    bytes.resize(have);
    return bytes;
  }

  [[noreturn]] static void refuse(const std::string& path) {
    throw Error(Errc::corrupt,
                format("{}: its content is not what the release says", printable(path, 200)),
                "apply the bundle again; if it is refused, carry it here once more");
  }

  void send_whole(const std::string& path, S3Object& object, TreeStream& tree) {
    std::string bytes = piece(tree, object.size);
    if (bytes.size() != object.size || Digest::of(bytes) != object.digest) refuse(path);
    sender_.submit([this, key = key_of(path, object), object = &object,
                    bytes = std::move(bytes)](s3::Bucket& bucket) {
      object->etag = bucket.put(key, bytes, object->headers());
      advance(bytes.size());
    });
  }

  // What the file is as a whole is known at its end alone: only then is it completed.
  void send_parts(const std::string& path, S3Object& object, TreeStream& tree) {
    const std::string key = key_of(path, object);
    const s3::Upload upload{.key = key, .id = place_.bucket->begin_upload(key, object.headers())};
    const std::uint64_t size = std::max(kPart, object.size / (s3::kMaxParts - 1) + 1);
    std::vector<std::string> etags((object.size + size - 1) / size);
    try {
      Hasher hasher;
      for (unsigned i = 0; i < etags.size(); ++i) {
        io_.stop.throw_if_set();
        std::string bytes = piece(tree, std::min(size, object.size - i * size));
        hasher.update(bytes);
        sender_.submit([this, &upload, &etags, i, bytes = std::move(bytes)](s3::Bucket& bucket) {
          etags[i] = bucket.put_part(upload, i + 1, bytes);
          advance(bytes.size());
        });
      }
      sender_.drain();
      if (hasher.finish() != object.digest) refuse(path);
      place_.bucket->complete(upload, etags);
    } catch (...) {
      sender_.settle();
      place_.bucket->abort(upload);
      throw;
    }
    const std::optional<s3::Head> head = place_.bucket->head(key);
    if (!head || !object.is(*head)) refuse(path);
    object.etag = head->etag;
  }

  const Sending& sending_;
  const S3Place& place_;
  StepIo& io_;
  S3Objects& objects_;
  std::mutex mutex_;  // of the progress
  Sender sender_;
};

// Copies what others have under a public name to where they hold it, before it can change.
void hold_for(const std::string& directory, S3Objects& theirs, const S3Objects& ours,
              const S3Place& place) {
  bool changed = false;
  for (auto& [path, object] : theirs) {
    const auto found = ours.find(path);
    if (object.held || found == ours.end() || !found->second.held) continue;
    const std::optional<s3::Head> head = place.bucket->head(place.keys.shown(path));
    // What is not there, or was changed by somebody, is drift of that release's.
    if (head && head->sha256 == object.digest.hex()) {
      place.bucket->copy(place.keys.shown(path), place.keys.held(directory, path));
    }
    object.held = true;
    changed = true;
  }
  if (changed) place.keep(directory, theirs);
}

}  // namespace

void settle_held(S3Objects& objects, const std::map<std::string, S3Objects>& others) {
  for (auto& [path, object] : objects) {
    for (const auto& [unused, theirs] : others) {
      const auto found = theirs.find(path);
      if (found == theirs.end()) continue;
      if (found->second.held || !found->second.looks_like(object)) object.held = true;
    }
  }
}

void send_release(const Sending& sending, const std::string& component, const S3Place& place,
                  StepIo& io) {
  S3Objects objects = objects_of(*io.content.table(sending.table), sending.settings.serving);
  if (place.owner(sending.site, sending.target) == PrefixOwner::nobody) {
    place.mark(sending.site, sending.target);
  }
  std::map<std::string, S3Objects> others = place.inventories();
  others.erase(sending.directory);
  settle_held(objects, others);
  place.keep(sending.directory, objects);
  for (auto& [directory, theirs] : others) hold_for(directory, theirs, objects, place);
  {
    Sendings sendings(sending, place, io, objects);
    sendings.find_there(others);
    sendings.send(component);
  }
  place.keep(sending.directory, objects);
}

bool is_sent(const std::optional<S3Objects>& inventory) {
  return inventory && std::all_of(inventory->begin(), inventory->end(),
                                  [](const auto& each) { return !each.second.etag.empty(); });
}

void take_back_sent(const Sending& sending, const S3Place& place) {
  const std::optional<S3Objects> objects = place.inventory(sending.directory);
  if (!objects) return;
  std::set<std::string> keys;
  for (const auto& [path, object] : *objects) {
    keys.insert(object.held ? place.keys.held(sending.directory, path) : place.keys.shown(path));
  }
  for (const s3::Upload& upload : place.bucket->uploads(place.keys.prefix)) {
    if (keys.contains(upload.key)) place.bucket->abort(upload);
  }
  Sender sender(*place.bucket);
  for (const s3::Listed& each : place.bucket->list(place.keys.tree(sending.directory))) {
    sender.submit([key = each.key](s3::Bucket& bucket) { bucket.remove(key); });
  }
  sender.drain();
  place.note_attempt(sending.directory);
}

}  // namespace sealift::installer
