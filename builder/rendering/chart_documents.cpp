// SPDX-License-Identifier: Apache-2.0
#include "builder/rendering/chart_documents.hpp"

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "kubernetes/documents.hpp"
#include "kubernetes/object.hpp"
#include "release/text/yaml.hpp"

namespace sealift::builder {

namespace {

constexpr const char* kHook = "helm.sh/hook";
constexpr std::string_view kSource = "# Source: ";

// The first folder is the chart's name, which is not where the chart lies.
std::string source_of(std::string_view document, const std::string& otherwise) {
  for (const std::string_view line : split_lines(document)) {
    if (!line.starts_with(kSource)) continue;
    const std::string_view path = trimmed(line.substr(kSource.size()), " \t\r");
    const std::size_t slash = path.find('/');
    if (slash != path.npos) return std::string(path.substr(slash + 1));
  }
  return otherwise;
}

// An annotation may name several moments, with commas between.
bool is_test(const std::string& hooks) {
  std::string_view rest = hooks;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (!trimmed(rest.substr(0, comma)).starts_with("test")) return false;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return true;
}

// What is no YAML, or none of ours, is said by the reader of manifests, with its line.
Json body_of(const std::string& document) {
  try {
    return release::YamlDocument::parse(document, "", release::Yaml::foreign).value();
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

std::vector<WrittenDocument> written_documents(const std::string& output,
                                               const std::string& otherwise, Problems& problems) {
  std::vector<WrittenDocument> documents;
  for (std::string& text : kubernetes::documents_of(output)) {
    std::string source = source_of(text, otherwise);
    const Json body = body_of(text);
    const std::string hooks = text_at(object_at(object_at(body, "metadata"), "annotations"), kHook);
    if (!hooks.empty()) {
      if (is_test(hooks)) continue;
      problems.add(
          format("{}: {} is the hook {} of the chart, which helm would run and nobody runs here",
                 source, printable(kubernetes::reference_of(body).str(), 200),
                 printable(hooks, 80)),
          "switch it off in values; what it does may be a component of migrations, a hook in "
          "release.yaml, or a Job with {{VERSION}} in its name");
      continue;
    }
    documents.push_back({std::move(source), std::move(text)});
  }
  return documents;
}

// By lines, as helm writes them: metadata stands in the first column, its keys in the third.
std::string without_name_space(const std::string& output, const std::string& name) {
  std::string kept;
  bool is_metadata = false;
  for (const std::string_view line : split_lines(output)) {
    if (!line.empty() && line.front() != ' ' && line.front() != '#') {
      is_metadata = line.starts_with("metadata:");
    }
    const bool is_own = is_metadata && line.starts_with("  ") && line.substr(2, 1) != " ";
    const std::string_view words = trimmed(line);
    const bool says_it = words == format("namespace: {}", name) ||
                         words == format("namespace: \"{}\"", name) ||
                         words == format("namespace: '{}'", name);
    if (!is_own || !says_it) kept.append(line).append("\n");
  }
  return kept;
}

}  // namespace sealift::builder
