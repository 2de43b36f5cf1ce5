// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of a component of observability, read as objects: one object in each file, in a folder
// that says what it is. pipelines/, api-tests/, browser-tests/, monitors/, slos/ and dashboards/
// are Datadog's (API v1), prometheus/ holds files of rules, grafana/ dashboards that Grafana reads
// from files. docs/observability.md lists what is checked.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sealift::observability {

inline constexpr std::size_t kMaxObjects = 1000;            // of a component
inline constexpr std::size_t kMaxObjectsBytes = 32U << 20;  // of all its files

// In the order in which they are created, as far as no reference asks for another.
enum class Family {
  pipeline,  // of logs
  api_test,  // synthetic tests
  browser_test,
  monitor,
  slo,
  dashboard,
  prometheus,
  grafana
};

// Those of Datadog.
inline constexpr std::array kDatadogFamilies = {Family::pipeline,     Family::api_test,
                                                Family::browser_test, Family::monitor,
                                                Family::slo,          Family::dashboard};

// "monitors", the folder of a family.
std::string_view folder_of(Family family);
// That of an object's name; nothing where its folder is none.
std::optional<Family> family_of(std::string_view name);
bool is_of_datadog(Family family);

struct Object {
  Family family;
  std::string name;  // "monitors/latency": its path without the ending
  std::string file;
  Json body;  // without what only a server says, such as an id
};

struct Objects {
  // By family, then by name, but each behind those that it refers to.
  std::vector<Object> objects;
  std::vector<Problem> findings;
};

// The files of a component by their paths; those that are no documents are passed over. Adds every
// mistake to `mistakes`.
Objects read_objects(const std::map<std::string, std::string>& files, Problems& mistakes);

}  // namespace sealift::observability
