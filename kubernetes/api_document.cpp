// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/api_document.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "kubernetes/api_schema.hpp"

namespace sealift::kubernetes {

namespace {

constexpr std::string_view kDefinition = "#/definitions/";
constexpr std::string_view kProperties = "properties";
constexpr std::string_view kStatus = "status";
// What a schema says of a value that is read here, beside its parts.
constexpr std::array<std::string_view, 6> kRead = {"type",
                                                   "format",
                                                   "required",
                                                   "x-kubernetes-int-or-string",
                                                   "x-kubernetes-preserve-unknown-fields",
                                                   "x-kubernetes-group-version-kind"};

Json reduced(const Json& node) {
  Json kept = Json::object();
  if (const std::string name = read_reference(node); !name.empty()) {
    kept.emplace("$ref", format("{}{}", kDefinition, name));
    return kept;
  }
  for (const auto& [key, value] : node.items()) {
    if (std::find(kRead.begin(), kRead.end(), key) != kRead.end()) kept.emplace(key, value);
    if (key == "items" || key == "additionalProperties") {
      kept.emplace(key, value.is_object() ? reduced(value) : value);
    }
  }
  const auto& fields = object_at(node, kProperties).items();
  if (fields.empty()) return kept;
  Json reduced_fields = Json::object();
  for (const auto& [name, field] : fields) reduced_fields.emplace(name, reduced(field));
  kept.emplace(std::string(kProperties), std::move(reduced_fields));
  return kept;
}

// The status of an object is its server's word: whatever it is.
Json read_without_status(const Json& definition) {
  Json kept = reduced(definition);
  const auto fields = kept.find(kProperties);
  if (fields != kept.end() && fields->contains(kStatus)) (*fields)[kStatus] = Json::object();
  return kept;
}

// The names of definitions that a reduced one refers to.
void add_references(const Json& node, std::vector<std::string>& names) {
  if (const std::string name = read_reference(node); !name.empty()) names.push_back(name);
  for (const Json& each : node) {
    if (each.is_object()) add_references(each, names);
  }
}

}  // namespace

Json read_definitions(std::string_view document, const std::string& where) {
  const auto refuse = [&](const std::string& found, const std::string& hint) {
    throw Error(Errc::invalid_input, format("{}: {}", where, found), hint);
  };
  const std::string command = "sealift-installer kubernetes schema writes one";
  if (document.size() > kMaxApiBytes) {
    refuse(format("found {} bytes, expected at most {}", document.size(), kMaxApiBytes),
           command + ", without descriptions");
  }
  const Json value = parse_json(document, where, Errc::invalid_input, Numbers::any);
  if (!value.is_object()) refuse("found no mapping, expected an OpenAPI document", command);
  if (text_at(value, "swagger") != "2.0") {
    const std::string other = text_at(value, "openapi");
    refuse(other.empty() ? std::string("found no swagger: \"2.0\", expected an OpenAPI document")
                         : format("found OpenAPI {}, expected version 2", printable(other, 20)),
           command);
  }
  const Json& definitions = object_at(value, "definitions");
  if (definitions.size() > kMaxDefinitions) {
    refuse(format("found {} definitions, expected at most {}", definitions.size(), kMaxDefinitions),
           command + ", with those that a kind needs");
  }
  return definitions;
}

std::optional<Reference> read_kind(const Json& definition) {
  const Json& kinds = list_at(definition, "x-kubernetes-group-version-kind");
  if (kinds.size() != 1) return std::nullopt;
  const std::string group = text_at(kinds.front(), "group");
  const std::string version = text_at(kinds.front(), "version");
  std::string kind = text_at(kinds.front(), "kind");
  const bool is_list = kind.ends_with("List") &&
                       object_at(definition, kProperties).contains(std::string_view("items"));
  if (version.empty() || kind.empty() || is_list) return std::nullopt;
  return Reference{.api_version = group.empty() ? version : format("{}/{}", group, version),
                   .kind = std::move(kind),
                   .name = {}};
}

std::string read_reference(const Json& node) {
  const Json& all = list_at(node, "allOf");
  if (all.size() == 1 && all.front().is_object()) return read_reference(all.front());
  const std::string said = text_at(node, "$ref");
  return said.starts_with(kDefinition) ? said.substr(kDefinition.size()) : said;
}

std::string reduced_api(std::string_view document, const std::string& where) {
  ApiSchema::parse(document, where, ApiSchema::Extent::all);  // throws what is wrong with it
  const Json definitions = read_definitions(document, where);
  std::vector<std::string> wanted;
  for (const auto& [name, definition] : definitions.items()) {
    if (read_kind(definition)) wanted.push_back(name);
  }
  std::map<std::string, Json> kept;
  while (!wanted.empty()) {
    const std::string name = std::move(wanted.back());
    wanted.pop_back();
    if (kept.contains(name)) continue;
    const Json& definition = definitions.at(name);
    Json made = read_kind(definition) ? read_without_status(definition) : reduced(definition);
    add_references(made, wanted);
    kept.emplace(name, std::move(made));
  }
  std::string text =
      "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":\"reduced\"},"
      "\"paths\":{},\"definitions\":{";
  const char* between = "\n";
  for (const auto& [name, definition] : kept) {
    text += format("{}{}:{}", between, to_canonical(Json(name)), to_canonical(definition));
    between = ",\n";
  }
  return text + "\n}}\n";
}

}  // namespace sealift::kubernetes
