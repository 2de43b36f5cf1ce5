// SPDX-License-Identifier: Apache-2.0
#include "observability/objects.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "observability/documents.hpp"
#include "observability/order.hpp"
#include "observability/references.hpp"
#include "observability/rules.hpp"

namespace sealift::observability {

namespace {

using Check = void (*)(const Json& body, const Place& place, Found& found);
using Words = std::string_view;

constexpr std::array<Words, 3> kOfPipelines = {"id", "is_read_only", "type"};
constexpr std::array<Words, 10> kOfTests = {
    "public_id",  "monitor_id",  "creator",     "created_at", "created_by",
    "deleted_at", "modified_at", "modified_by", "org_id",     "stepCount"};
// What a server says of its own objects, and an export has.
constexpr std::array<Words, 7> kOfDashboards = {
    "id", "author_handle", "author_name", "created_at", "modified_at", "url", "author_info"};
constexpr std::array<Words, 15> kOfMonitors = {"id",
                                               "created",
                                               "created_at",
                                               "modified",
                                               "creator",
                                               "deleted",
                                               "overall_state",
                                               "overall_state_modified",
                                               "org_id",
                                               "matching_downtimes",
                                               "state",
                                               "multi",
                                               "author",
                                               "modified_at",
                                               "created_by"};
constexpr std::array<Words, 8> kOfSlos = {
    "id",     "created_at",   "modified_at",          "creator",
    "author", "monitor_tags", "configured_alert_ids", "overall_status"};

struct Known {
  Family family;
  Words folder;
  Check check;
  std::span<const Words> of_server;
};
constexpr std::array kFamilies = {
    Known{Family::pipeline, "pipelines", check_pipeline, kOfPipelines},
    Known{Family::api_test, "api-tests", check_api_test, kOfTests},
    Known{Family::browser_test, "browser-tests", check_browser_test, kOfTests},
    Known{Family::monitor, "monitors", check_monitor, kOfMonitors},
    Known{Family::slo, "slos", check_slo, kOfSlos},
    Known{Family::dashboard, "dashboards", check_dashboard, kOfDashboards},
    Known{Family::prometheus, "prometheus", check_prometheus, {}},
    Known{Family::grafana, "grafana", check_grafana, {}}};

std::vector<std::string> folders() {
  std::vector<std::string> all;
  all.reserve(kFamilies.size());
  for (const Known& each : kFamilies) all.emplace_back(each.folder);
  return all;
}

// Widgets are numbered by the server of each dashboard; groups hold widgets.
void erase_widget_ids(Json& value) {
  constexpr Words kOfWidgets = "definition";
  if (value.is_object() && value.contains(kOfWidgets)) value.erase("id");
  if (!value.is_structured()) return;
  for (Json& each : value) erase_widget_ids(each);
}

void leave_out(const Known& known, Json& body) {
  if (!body.is_object()) return;
  for (const Words field : known.of_server) body.erase(field);
  if (known.family == Family::dashboard) erase_widget_ids(body);
}

bool is_composite(const Object& object) {
  return object.family == Family::monitor && text_at(object.body, "type") == "composite";
}

class ObjectReader {
 public:
  explicit ObjectReader(Problems& mistakes) : found_{.mistakes = mistakes} {}

  void read(const std::string& path, const std::string& text) {
    const std::size_t slash = path.find('/');
    const std::string folder = slash == path.npos ? "" : path.substr(0, slash);
    const auto known = std::find_if(kFamilies.begin(), kFamilies.end(),
                                    [&](const Known& each) { return each.folder == folder; });
    if (known == kFamilies.end()) return refuse_place(path, folder);
    try {
      Json body = read_document(text, path);
      leave_out(*known, body);
      known->check(body, Place(path), found_);
      keep(*known, path, std::move(body));
    } catch (const Error& error) {
      found_.mistakes.add(error);
    }
  }

  Objects finish() {
    if (objects_.size() > kMaxObjects) {
      found_.mistakes.add(
          format("found {} objects, expected at most {}", objects_.size(), kMaxObjects),
          "split the component");
    }
    check_references();
    check_uids();
    return {in_order(std::move(objects_), found_.mistakes), std::move(found_.findings)};
  }

 private:
  void refuse_place(const std::string& path, const std::string& folder) {
    const std::string near = nearest(folder, folders());
    found_.mistakes.add(
        folder.empty() ? format("{}: lies in no folder, which says what it is", printable(path))
                       : format("{}: found the folder \"{}\", which says nothing of what it is",
                                printable(path), printable(folder, 80)),
        near.empty() ? format("folders are: {}; what is none of these, exclude leaves out",
                              joined(folders()))
                     : format("did you mean \"{}\"?", near));
  }

  void keep(const Known& known, const std::string& path, Json body) {
    std::string name = path.substr(0, path.rfind('.'));
    const auto [first, is_new] = files_.emplace(name, path);
    if (!is_new) {
      found_.mistakes.add(
          format("{}: found {} as well, expected one file of this name", path, first->second));
      return;
    }
    objects_.push_back({known.family, std::move(name), path, std::move(body)});
  }

  void check_references() {
    for (const Object& each : objects_) {
      if (!is_of_datadog(each.family)) continue;
      for (const Reference& reference : references_in(each.body)) check(reference, each);
    }
  }

  void check(const Reference& reference, const Object& object) {
    const auto other = std::find_if(objects_.begin(), objects_.end(), [&](const Object& one) {
      return one.name == reference.name && (!reference.of || one.family == *reference.of);
    });
    if (other == objects_.end()) {
      std::vector<std::string> names;
      for (const auto& [known, unused] : files_) names.push_back(known);
      const std::string near = nearest(reference.name, names);
      found_.mistakes.add(format("{}: refers to \"{}\", which is no file of this component{}",
                                 object.file, printable(reference.name, 200),
                                 reference.of ? format(" in {}/", folder_of(*reference.of)) : ""),
                          near.empty() || near == reference.name
                              ? "a reference is the path of a monitor or an SLO without its ending"
                              : format("did you mean \"{}\"?", near));
    } else if (is_composite(object) && is_composite(*other)) {
      found_.mistakes.add(
          format("{}: refers to {}, which is composite as well", object.file, other->file),
          "name the monitors that are in that one");
    }
  }

  // Two files with one uid make Grafana write one over the other, for ever.
  void check_uids() {
    std::map<std::string, std::string> uids;
    for (const Object& each : objects_) {
      const std::string uid = each.family == Family::grafana ? text_at(each.body, "uid") : "";
      if (uid.empty()) continue;
      const auto [first, is_new] = uids.emplace(uid, each.file);
      if (is_new) continue;
      found_.mistakes.add(format("{}: found the uid \"{}\" again", each.file, printable(uid, 80)),
                          format("{} has it as well", first->second));
    }
  }

  Found found_;
  std::vector<Object> objects_;
  std::map<std::string, std::string> files_;  // by name
};

}  // namespace

std::string_view folder_of(Family family) {
  return std::find_if(kFamilies.begin(), kFamilies.end(),
                      [&](const Known& each) { return each.family == family; })
      ->folder;
}

bool is_of_datadog(Family family) {
  return std::find(kDatadogFamilies.begin(), kDatadogFamilies.end(), family) !=
         kDatadogFamilies.end();
}

std::optional<Family> family_of(std::string_view name) {
  const std::string_view folder = name.substr(0, name.find('/'));
  const auto found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                  [&](const Known& each) { return each.folder == folder; });
  if (found == kFamilies.end()) return std::nullopt;
  return found->family;
}

Objects read_objects(const std::map<std::string, std::string>& files, Problems& mistakes) {
  ObjectReader reader(mistakes);
  std::size_t bytes = 0;
  for (const auto& [path, text] : files) {
    if (!is_document(path)) continue;
    bytes += text.size();
    reader.read(path, text);
  }
  if (bytes > kMaxObjectsBytes) {
    mistakes.add(format("found {} bytes of objects, expected at most {}", bytes, kMaxObjectsBytes),
                 "split the component");
  }
  return reader.finish();
}

}  // namespace sealift::observability
