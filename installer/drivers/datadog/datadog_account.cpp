// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_account.hpp"

#include <algorithm>
#include <iterator>

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

constexpr std::size_t kMostPages = 500;  // of a list, that are asked for

std::string key_of(const OwnedObject& object) {
  return format("{} {}", observability::folder_of(object.family), object.id);
}

// What every site has used from the beginning: their objects are known by marks alone.
bool is_always_asked_for(Family family) {
  return family == Family::monitor || family == Family::slo || family == Family::dashboard;
}

// Answers that something else needs the object.
bool is_needed(int status) {
  return status == 400 || status == 409;
}

}  // namespace

DatadogAccount::DatadogAccount(const DatadogSettings& settings, const Families& used,
                               const DatadogKeys& keys, const fs::path& state)
    : mark_(settings.mark),
      api_(settings.api, keys),
      inventory_(state, settings.mark, settings.api.site) {
  const std::vector<OwnedObject> kept = inventory_.read();
  for (const Family family : observability::kDatadogFamilies) {
    const bool is_kept = std::any_of(
        kept.begin(), kept.end(), [&](const OwnedObject& each) { return each.family == family; });
    if (!is_always_asked_for(family) && !is_kept && !used.contains(family)) continue;
    for (OwnedObject& each : find_marked(family)) owned_.push_back(std::move(each));
  }
  // Somebody may have taken a mark off.
  for (const OwnedObject& each : kept) {
    const bool is_known = std::any_of(owned_.begin(), owned_.end(), [&](const OwnedObject& one) {
      return key_of(one) == key_of(each);
    });
    if (!is_known && read_object(each.family, each.id)) owned_.push_back(each);
  }
}

std::vector<OwnedObject> DatadogAccount::find_marked(Family family) {
  std::vector<OwnedObject> found;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    const DatadogApi::Answer answer = api_.get(list_of(family, mark_, page));
    if (!answer.is_good()) {
      api_.refuse(answer, format("list {}", observability::folder_of(family)));
    }
    const Json& list = read_many(family, answer.body);
    for (const Json& each : list) {
      const std::optional<std::string> hash = read_mark(family, each, mark_);
      if (hash) found.push_back({family, *hash, read_id(family, each)});
    }
    if (!is_paged(family) || list.size() < kPage) break;
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
  if (is_missing(family, answer.status)) return std::nullopt;
  if (!answer.is_good()) {
    api_.refuse(answer, format("read {} {}", observability::folder_of(family), printable(id, 80)));
  }
  return read_single(family, answer.body);
}

// A reference to what is not there has the id 0, which no object has.
Json DatadogAccount::body_of(const observability::Object& object) const {
  Json body = observability::with_ids(object.body, [&](const std::string& name) {
    const OwnedObject* other = find(*observability::family_of(name), hash_of(name));
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
        std::string id = read_id(object.family, read_single(object.family, answer.body));
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

// The other way round than they are made. Within a family the ids do not say what refers to what,
// such as a composite monitor to others: what is still needed is tried again when others are gone.
void DatadogAccount::remove_others(Removal removal) {
  std::vector<OwnedObject> left;
  const auto& families = observability::kDatadogFamilies;
  for (auto family = families.rbegin(); family != families.rend(); ++family) {
    std::copy_if(owned_.begin(), owned_.end(), std::back_inserter(left),
                 [&](const OwnedObject& each) {
                   return each.family == *family && !put_.contains(key_of(each));
                 });
  }
  while (!left.empty()) {
    std::vector<OwnedObject> needed;
    DatadogApi::Answer said;
    for (const OwnedObject& each : left) {
      if (!remove(each, removal, said)) needed.push_back(each);
    }
    if (needed.size() == left.size()) {
      api_.refuse(said, format("remove {} {}", observability::folder_of(needed.back().family),
                               printable(needed.back().id, 80)));
    }
    left = std::move(needed);
  }
}

// One that is gone already is removed; a crash behind this leaves an id that no object has.
bool DatadogAccount::remove(const OwnedObject& object, Removal removal, DatadogApi::Answer& said) {
  const bool is_forced = removal == Removal::forced;
  const Family family = object.family;
  const auto send = [&]() -> DatadogApi::Answer {
    if (family == Family::api_test || family == Family::browser_test) {
      return api_.post(
          "/api/v1/synthetics/tests/delete",
          {{"public_ids", Json::array({object.id})}, {"force_delete_dependencies", is_forced}});
    }
    const bool can_be_forced = family == Family::monitor || family == Family::slo;
    return api_.remove(path_of(family, object.id) +
                       (is_forced && can_be_forced ? "?force=true" : ""));
  };
  DatadogApi::Answer answer = send();
  const bool is_gone = answer.is_good() || answer.status == 404 ||
                       (is_needed(answer.status) && !read_object(family, object.id));
  if (is_gone) {
    forget(object);
    return true;
  }
  if (!is_needed(answer.status)) {
    api_.refuse(answer,
                format("remove {} {}", observability::folder_of(family), printable(object.id, 80)));
  }
  said = std::move(answer);
  return false;
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
