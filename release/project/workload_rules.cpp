// SPDX-License-Identifier: Apache-2.0
#include "release/project/workload_rules.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/workload.hpp"
#include "release/project/release_forms.hpp"

namespace sealift::release {

namespace {

// A key that is there, whatever its value: the schema judges that.
bool says(const Json& object, std::string_view key) {
  return object.contains(key);
}

// Charts and kustomizations are made into the component's files; nothing of them is a template of
// ours but what says so.
void check_rendering(const Json& component, std::vector<WorkloadMistake>& mistakes) {
  const bool is_chart = says(component, "chart");
  const bool is_kustomize = says(component, "kustomize");
  if (is_chart && is_kustomize) {
    mistakes.push_back({"/kustomize", "found kustomize and chart, expected one of them",
                        "a kustomization over a chart: give what helm template writes as source"});
  }
  if (is_kustomize && !read_kustomize(component)) {
    mistakes.push_back(
        {"/kustomize", "found false, expected true or a folder below source", "leave it out"});
  }
  if (is_chart && says(component, "raw")) {
    mistakes.push_back({"/raw", "found raw, which a chart does not have",
                        "its templates are helm's, and {{NAME}} stands in values alone"});
  }
  std::vector<std::pair<std::string, std::string>> paths;
  if (is_kustomize) paths.emplace_back("/kustomize", read_kustomize(component).value_or(""));
  for (const std::string& each : read_chart_values(object_at(component, "chart"))) {
    paths.emplace_back("/chart/values", each);
  }
  paths.emplace_back("/schema", text_at(component, "schema"));
  for (const auto& [pointer, path] : paths) {
    if (path.empty()) continue;
    try {
      RelPath::parse(without_slash(path));
    } catch (const Error& error) {
      mistakes.push_back({pointer, error.message(), error.hint()});
    }
  }
}

}  // namespace

std::vector<WorkloadMistake> workload_mistakes(const Json& component) {
  std::vector<WorkloadMistake> mistakes;
  const std::string runtime = text_at(component, "runtime");
  const auto belongs = [&](const char* key, bool wanted) {
    if (wanted || runtime.empty() || !says(component, key)) return;
    mistakes.push_back(
        {format("/{}", key), format("found {}, which the runtime {} does not have", key, runtime)});
  };
  belongs("jobs", runtime == kCompose);
  belongs("canary", runtime == kCompose || runtime == kKubernetes);
  for (const char* key : {"apply", "undo", "check", "timeout"}) belongs(key, runtime == kExec);
  for (const char* key : {"chart", "kustomize", "schema"}) belongs(key, runtime == kKubernetes);
  belongs("persist", runtime != kKubernetes);
  for (const char* key : {"apply", "undo"}) {
    if (runtime != kExec || says(component, key)) continue;
    mistakes.push_back({"", format("found no {}, which the runtime exec needs", key)});
  }
  if (runtime == kKubernetes) check_rendering(component, mistakes);
  return mistakes;
}

}  // namespace sealift::release
