// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/kubernetes/changed_fields.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/drivers/kubectl/kubectl.hpp"
#include "kubernetes/object.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMostFields = 20;  // that are named of an object
constexpr std::size_t kMostValue = 80;

// What a server keeps for itself.
constexpr std::array<std::string_view, 6> kOfServer = {
    "managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"};

std::string shown_value(const Json* value) {
  if (value == nullptr) return "missing";
  return printable(value->is_string() ? value->text() : value->dump(), kMostValue);
}

struct Change {
  std::vector<std::string> path;  // keys; of lists nothing below
  std::string place;              // "spec.template.spec.containers[0].image"
  std::string found;
  std::string expected;
};

class Comparison {
 public:
  std::vector<Change> changes;

  void compare(const Json* live, const Json* wanted, const std::string& place) {
    if (live != nullptr && wanted != nullptr && *live == *wanted) return;
    if (is_same_sort(live, wanted, Json::Kind::object)) {
      std::set<std::string> keys;
      for (const auto& [key, unused] : live->items()) keys.insert(key);
      for (const auto& [key, unused] : wanted->items()) keys.insert(key);
      for (const std::string& key : keys) {
        if (place == "metadata" && is_of_server(key)) continue;
        if (place.empty() && key == "status") continue;
        path_.push_back(key);
        compare(at(*live, key), at(*wanted, key),
                place.empty() ? key : format("{}.{}", place, key));
        path_.pop_back();
      }
    } else if (is_same_sort(live, wanted, Json::Kind::array) && live->size() == wanted->size()) {
      for (std::size_t i = 0; i < live->size(); ++i) {
        compare(&(*live)[i], &(*wanted)[i], format("{}[{}]", place, i));
      }
    } else {
      changes.push_back({path_, place, shown_value(live), shown_value(wanted)});
    }
  }

 private:
  static bool is_of_server(const std::string& key) {
    return std::find(kOfServer.begin(), kOfServer.end(), key) != kOfServer.end();
  }
  static bool is_same_sort(const Json* one, const Json* other, Json::Kind kind) {
    return one != nullptr && other != nullptr && one->kind() == kind && other->kind() == kind;
  }
  static const Json* at(const Json& object, const std::string& key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
  }

  std::vector<std::string> path_;
};

// Whether a manager's fields lead to the path, as far as keys of mappings go: what an element of a
// list is called there says its content, not its place.
bool has_field(const Json& fields, const std::vector<std::string>& path) {
  const Json* here = &fields;
  for (const std::string& key : path) {
    const auto next = here->find("f:" + key);
    if (next == here->end()) {
      return std::any_of(here->items().begin(), here->items().end(),
                         [](const auto& each) { return each.first.starts_with("k:"); });
    }
    here = &*next;
  }
  return true;
}

// The one who has set a field last, and is not us; empty: nobody is known.
std::string changed_by(const Json& live, const std::vector<std::string>& path) {
  std::string who;
  std::string when;
  for (const Json& entry : list_at(object_at(live, "metadata"), "managedFields")) {
    const std::string manager = text_at(entry, "manager");
    const std::string time = text_at(entry, "time");
    if (manager == kFieldManager || time < when) continue;
    if (!has_field(object_at(entry, "fieldsV1"), path)) continue;
    who = manager;
    when = time;
  }
  return who;
}

}  // namespace

std::vector<Difference> changed_fields(const Json& live, const Json& merged) {
  Comparison comparison;
  comparison.compare(&live, &merged, "");
  const std::string who = kubernetes::reference_of(merged).str();
  std::vector<Difference> found;
  for (const Change& each : comparison.changes) {
    if (found.size() == kMostFields) {
      found.push_back({who, format("{} more fields", comparison.changes.size() - kMostFields)});
      break;
    }
    const std::string manager = changed_by(live, each.path);
    // What a Secret holds is shown to nobody.
    const bool is_secret =
        text_at(merged, "kind") == "Secret" && !each.place.starts_with("metadata");
    found.push_back({who,
                     format("{} is {}{}", each.place, is_secret ? "another" : each.found,
                            manager.empty() ? "" : format(" (by {})", printable(manager, 80))),
                     is_secret ? "" : each.expected});
  }
  return found;
}

}  // namespace sealift::installer
