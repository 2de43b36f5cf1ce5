// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an object says of the pods that it makes: their images, wherever one can stand, and their
// labels. A pod's description is known by its form, a mapping with a list `containers`, so that
// custom resources that hold one (a Rollout) are treated as a Deployment is.

#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::kubernetes {

// An image's place: `holder` has it under `key`, and `pointer` leads to it from the object.
struct ImagePlace {
  Json& holder;
  std::string key;  // "image", "reference"
  std::string pointer;
  std::string policy;  // the key beside it that says when it is pulled
};

// Containers of all sorts, and volumes that are images. Nothing of a CustomResourceDefinition,
// whose mappings describe others, nor of the texts of ConfigMaps and Secrets.
void for_each_image(Json& body, const std::function<void(const ImagePlace&)>& visit);

// Whether objects of a kind keep pods running, and replace them when their description changes.
bool keeps_pods(std::string_view kind);

// Each description of pods, that of a Pod itself among them.
void for_each_pod_spec(const Json& body, const std::function<void(const Json&)>& visit);

// Each template of pods, which has `spec` and perhaps `metadata`.
void for_each_pod_template(Json& body, const std::function<void(Json&)>& visit);

}  // namespace sealift::kubernetes
