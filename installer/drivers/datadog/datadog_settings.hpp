// SPDX-License-Identifier: Apache-2.0
#pragma once

// The settings of a placement at Datadog: how its API is reached, by which mark our objects are
// known there, and which objects the files of the release are.

#include <set>
#include <string>
#include <vector>

#include "installer/driver/runtime_question.hpp"
#include "installer/drivers/runtime/workload_step.hpp"
#include "observability/objects.hpp"
#include "release/site_file/datadog_target.hpp"

namespace sealift::installer {

struct ObjectDigest {
  std::string name;  // "monitors/latency"
  std::string digest;

  friend bool operator==(const ObjectDigest&, const ObjectDigest&) = default;
};

struct DatadogSettings {
  release::DatadogTarget api;
  std::string mark;                // "SITE-COMPONENT", in a tag or description of each object
  std::vector<std::string> files;  // that are read
  std::vector<ObjectDigest> objects;

  friend bool operator==(const DatadogSettings&, const DatadogSettings&) = default;
};

Json to_json(const DatadogSettings& settings);
// Strict; Error{corrupt}.
DatadogSettings datadog_settings_from_json(const Json& value, const std::string& where);
DatadogSettings datadog_settings_of(const Deployment& deployment);
// Of the objects.
std::set<observability::Family> families_of(const DatadogSettings& settings);

// Of the rendered files of a component. Error{incompatible} with every mistake, and for objects
// that are none of Datadog's. The mark stays that of what is installed.
DatadogSettings datadog_settings_for(const RuntimeQuestion& question);
// The objects as they were when the settings were made, in the order in which they are created.
// Error{corrupt} where the files are not what was installed.
std::vector<observability::Object> installed_objects(const Deployment& deployment,
                                                     const DatadogSettings& settings);

}  // namespace sealift::installer
