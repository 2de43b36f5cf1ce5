// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_account.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "installer/drivers/datadog/datadog_objects.hpp"
#include "net/retry.hpp"
#include "observability/references.hpp"

namespace sealift::installer {

namespace {

using observability::Family;

constexpr std::size_t kPage = 100;       // dashboards in a list
constexpr std::size_t kMostPages = 500;  // that are asked for

// What a reference names: dashboards are never referred to.
Family family_of(const std::string& name) {
  return name.starts_with(observability::folder_of(Family::slo)) ? Family::slo : Family::monitor;
}

std::string key_of(const OwnedObject& object) {
  return format("{} {}", observability::folder_of(object.family), object.id);
}

// The list that may hold objects with this mark, a page of it.
std::string list_of(Family family, const std::string& mark, std::size_t begin) {
  switch (family) {
    case Family::monitor:
      return format("{}?monitor_tags=sealift:{}", path_of(family), mark);
    case Family::slo:
      return format("{}?tags_query=sealift:{}&limit=1000", path_of(family), mark);
    default:
      return format("{}?count={}&start={}", path_of(family), kPage, begin);
  }
}

}  // namespace

DatadogAccount::DatadogAccount(const DatadogSettings& settings, const DatadogKeys& keys,
                               const fs::path& state)
    : mark_(settings.mark), api_(settings.api, keys), inventory_(state, settings.mark) {
  for (const Family family : observability::kDatadogFamilies) {
    for (OwnedObject& each : find_marked(family)) owned_.push_back(std::move(each));
  }
  // Somebody may have taken a mark off.
  for (const OwnedObject& each : inventory_.read()) {
    const bool is_known = std::any_of(owned_.begin(), owned_.end(), [&](const OwnedObject& one) {
      return key_of(one) == key_of(each);
    });
    if (!is_known && read_object(each.family, each.id)) owned_.push_back(each);
  }
}

std::vector<OwnedObject> DatadogAccount::find_marked(Family family) {
  std::vector<OwnedObject> found;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    const DatadogApi::Answer answer = api_.get(list_of(family, mark_, page * kPage));
    if (!answer.is_good()) {
      api_.refuse(answer, format("list {}", observability::folder_of(family)));
    }
    const Json& list = read_many(family, answer.body);
    for (const Json& each : list) {
      const std::optional<std::string> hash = read_mark(family, each, mark_);
      if (hash) found.push_back({family, *hash, read_id(each)});
    }
    if (family != Family::dashboard || list.size() < kPage) break;
  }
  return found;
}

// Of several with one mark, which only a person can have made, the first counts; the others go.
const OwnedObject* DatadogAccount::find(Family family, const std::string& hash) const {
  const auto found = std::find_if(owned_.begin(), owned_.end(), [&](const OwnedObject& each) {
    return each.family == family && each.hash == hash;
  });
  return found == owned_.end() ? nullptr : &*found;
}

std::optional<Json> DatadogAccount::read_object(Family family, const std::string& id) {
  const DatadogApi::Answer answer = api_.get(path_of(family, id));
  if (answer.status == 404) return std::nullopt;
  if (!answer.is_good()) {
    api_.refuse(answer, format("read {} {}", observability::folder_of(family), printable(id, 80)));
  }
  return read_single(family, answer.body);
}

// A reference to what is not there has the id 0, which no object has.
Json DatadogAccount::body_of(const observability::Object& object) const {
  Json body = observability::with_ids(object.body, [&](const std::string& name) {
    const OwnedObject* other = find(family_of(name), hash_of(name));
    return other == nullptr ? std::string("0") : other->id;
  });
  return marked(object.family, std::move(body), mark_, hash_of(object.name));
}

// What is as it should be is not written again: each change is a version in its history there.
std::string DatadogAccount::put(const observability::Object& object) {
  const std::string hash = hash_of(object.name);
  const Json body = body_of(object);
  const OwnedObject* known = find(object.family, hash);
  std::string id;
  if (known != nullptr) {
    const OwnedObject there = *known;
    if (const std::optional<Json> now = read_object(there.family, there.id)) {
      id = there.id;
      if (!changed_fields_of(object.name, body, *now).empty()) {
        const DatadogApi::Answer answer = api_.put(path_of(object.family, id), body);
        if (!answer.is_good()) api_.refuse(answer, format("change {}", object.name));
      }
    } else {
      forget(there);
    }
  }
  if (id.empty()) id = create(object, hash, body);
  own({object.family, hash, id});
  put_.insert(key_of({object.family, hash, id}));
  return id;
}

// An answer that was lost says nothing of whether the object was made: its mark does.
std::string DatadogAccount::create(const observability::Object& object, const std::string& hash,
                                   const Json& body) {
  std::chrono::milliseconds wait = net::kFirstWait;
  for (unsigned attempt = 1;; ++attempt, wait *= 2) {
    std::chrono::milliseconds pause = wait;
    try {
      const DatadogApi::Answer answer = api_.post_once(path_of(object.family), body);
      if (answer.is_good()) {
        std::string id = read_id(read_single(object.family, answer.body));
        if (!id.empty()) return id;
      } else if (!net::may_pass(answer.status) || attempt == kApiAttempts) {
        api_.refuse(answer, format("create {}", object.name));
      }
      pause = std::max(answer.wait.value_or(wait), wait);
    } catch (const Error& error) {
      if (error.code() != Errc::io || attempt == kApiAttempts) throw;
    }
    api_.pause(pause);
    for (const OwnedObject& each : find_marked(object.family)) {
      if (each.hash == hash) return each.id;
    }
  }
}

// The other way round than they are made: nothing refers to what goes.
void DatadogAccount::remove_others(Removal removal) {
  const auto& families = observability::kDatadogFamilies;
  for (auto family = families.rbegin(); family != families.rend(); ++family) {
    const std::vector<OwnedObject> all = owned_;
    for (const OwnedObject& each : all) {
      if (each.family == *family && !put_.contains(key_of(each))) remove(each, removal);
    }
  }
}

// One that is gone already is removed; a crash behind this leaves an id that no object has.
void DatadogAccount::remove(const OwnedObject& object, Removal removal) {
  std::string path = path_of(object.family, object.id);
  if (removal == Removal::forced && object.family != Family::dashboard) path += "?force=true";
  const DatadogApi::Answer answer = api_.remove(path);
  if (!answer.is_good() && answer.status != 404) {
    api_.refuse(answer, format("remove {} {}", observability::folder_of(object.family),
                               printable(object.id, 80)));
  }
  forget(object);
}

// Written at once: a crash behind this leaves nothing that only a mark knows.
void DatadogAccount::own(const OwnedObject& object) {
  if (std::find(owned_.begin(), owned_.end(), object) == owned_.end()) owned_.push_back(object);
  if (inventory_.read() != owned_) write_inventory();
}

void DatadogAccount::forget(const OwnedObject& object) {
  std::erase(owned_, object);
  write_inventory();
}

// Marks say the same, and the way back must not need room on a disk that is full.
void DatadogAccount::write_inventory() const {
  try {
    inventory_.write(owned_);
  } catch (const Error& error) {
    log::warning(
        format("the ids of the objects at Datadog were not written down: {}", error.message()));
  }
}

std::vector<Difference> DatadogAccount::differences(
    const std::vector<observability::Object>& objects) {
  std::vector<Difference> found;
  std::set<std::string> known;
  for (const observability::Object& each : objects) {
    const OwnedObject* owned = find(each.family, hash_of(each.name));
    const std::optional<Json> now =
        owned == nullptr ? std::nullopt : read_object(owned->family, owned->id);
    if (!now) {
      found.push_back({each.name, "missing"});
      continue;
    }
    known.insert(key_of(*owned));
    for (Difference& one : changed_fields_of(each.name, body_of(each), *now)) {
      found.push_back(std::move(one));
    }
  }
  for (const OwnedObject& each : owned_) {
    if (!known.contains(key_of(each)) && read_object(each.family, each.id)) {
      found.push_back({key_of(each), std::string(kStranger)});
    }
  }
  return found;
}

}  // namespace sealift::installer
