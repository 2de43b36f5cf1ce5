// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/pods.hpp"

#include <array>

#include "base/format.hpp"

namespace sealift::kubernetes {

namespace {

constexpr std::string_view kVolumes = "volumes";
constexpr std::string_view kImage = "image";
constexpr std::array kContainerLists = {"containers", "initContainers", "ephemeralContainers"};

bool is_pod_spec(const Json& value) {
  return !list_at(value, "containers").empty();
}

bool holds_no_pods(const Json& body) {
  const std::string kind = text_at(body, "kind");
  return kind == "CustomResourceDefinition" || kind == "ConfigMap" || kind == "Secret";
}

void visit_spec(Json& spec, const std::string& pointer,
                const std::function<void(const ImagePlace&)>& visit) {
  for (const char* list : kContainerLists) {
    const auto found = spec.find(list);
    if (found == spec.end() || !found->is_array()) continue;
    for (std::size_t i = 0; i < found->size(); ++i) {
      Json& container = (*found)[i];
      if (!container.is_object()) continue;
      visit({container, "image", format("{}/{}/{}/image", pointer, list, i), "imagePullPolicy"});
    }
  }
  const auto volumes = spec.find(kVolumes);
  if (volumes == spec.end() || !volumes->is_array()) return;
  for (std::size_t i = 0; i < volumes->size(); ++i) {
    Json& volume = (*volumes)[i];
    const auto image = volume.find(kImage);
    if (image == volume.end() || !image->is_object()) continue;
    visit({*image, "reference", format("{}/volumes/{}/image/reference", pointer, i), "pullPolicy"});
  }
}

// Every description of pods below `value`, wherever it is: visit(what holds it, it, its pointer).
template <typename Value, typename Visit>
void walk(Value& value, const std::string& pointer, const Visit& visit) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      walk(value[i], format("{}/{}", pointer, i), visit);
    }
  }
  if (!value.is_object()) return;
  for (auto& [key, each] : value.items()) {
    const std::string place = format("{}/{}", pointer, key);
    if (key == "spec" && is_pod_spec(each)) {
      visit(value, each, place);
    } else {
      walk(each, place, visit);
    }
  }
}

}  // namespace

void for_each_image(Json& body, const std::function<void(const ImagePlace&)>& visit) {
  if (holds_no_pods(body)) return;
  walk(body, "",
       [&](Json&, Json& spec, const std::string& pointer) { visit_spec(spec, pointer, visit); });
}

bool keeps_pods(std::string_view kind) {
  return kind == "Deployment" || kind == "StatefulSet" || kind == "DaemonSet";
}

void for_each_pod_spec(const Json& body, const std::function<void(const Json&)>& visit) {
  if (holds_no_pods(body)) return;
  walk(body, "", [&](const Json&, const Json& spec, const std::string&) { visit(spec); });
}

void for_each_pod_template(Json& body, const std::function<void(Json&)>& visit) {
  if (holds_no_pods(body)) return;
  walk(body, "", [&](Json& holder, Json&, const std::string&) {
    if (&holder != &body) visit(holder);
  });
}

}  // namespace sealift::kubernetes
