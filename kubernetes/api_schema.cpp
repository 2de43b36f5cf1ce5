// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/api_schema.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "embedded/fields.hpp"
#include "kubernetes/api_document.hpp"

namespace sealift::kubernetes {

namespace {

using Form = Shape::Form;

// Definitions that stand in one another and are no records: servers write two at most.
constexpr std::size_t kMostNested = 32;
constexpr std::size_t kMostMistakes = 20;
constexpr std::string_view kQuantity = "resource.Quantity";

struct FormOfType {
  std::string_view type;
  std::string_view format;  // empty: any
  Form form;
};
constexpr std::array<FormOfType, 6> kForms = {{{"string", "int-or-string", Form::integer_or_text},
                                               {"string", "byte", Form::bytes},
                                               {"string", "", Form::text},
                                               {"integer", "", Form::integer},
                                               {"number", "", Form::number},
                                               {"boolean", "", Form::boolean}}};

// "Container" of "io.k8s.api.core.v1.Container".
std::string last_part(std::string_view name) {
  return printable(name.substr(name.rfind('.') + 1), 80);
}

bool read_flag(const Json& node, std::string_view key) {
  const auto found = node.find(key);
  return found != node.end() && *found == true;
}

bool read_has_fields(const Json& node) {
  return !object_at(node, "properties").empty();
}

}  // namespace

class ApiReader {
 public:
  ApiReader(std::string_view document, std::string where)
      : where_(std::move(where)), definitions_(read_definitions(document, where_)) {}

  ApiSchema read(ApiSchema::Extent extent) {
    result_.extent_ = extent;
    // Records have their numbers before any is read, for they may refer to each other in circles.
    for (const auto& [name, node] : definitions_.items()) {
      if (read_has_fields(node)) numbers_.emplace(name, add_record(last_part(name)));
    }
    for (const auto& [name, node] : definitions_.items()) {
      if (problems_.all().size() < kMostMistakes) read_definition(name, node);
    }
    if (problems_.empty() && result_.kinds_.empty()) {
      problems_.add(format("{}: found no kind of an object", where_),
                    "the document of a server has one for each, in its definitions");
    }
    problems_.throw_if_any(Errc::invalid_input);
    return std::move(result_);
  }

 private:
  std::size_t add_record(std::string name) {
    result_.records_.push_back({.name = std::move(name), .fields = {}, .required = {}});
    return result_.records_.size() - 1;
  }

  void refuse(const std::string& place, const std::string& found) {
    if (problems_.all().size() >= kMostMistakes) return;
    problems_.add(format("{}: {}: {}", where_, printable(place, 300), found),
                  "sealift-installer kubernetes schema writes a sound one");
  }

  void read_definition(const std::string& name, const Json& node) {
    const std::string place = format("definitions.{}", name);
    Shape shape;
    if (const auto number = numbers_.find(name); number != numbers_.end()) {
      read_record(node, place, number->second);
      shape = {.form = Form::record, .record = number->second};
    } else {
      shape = read_named(name, node, place);
    }
    const std::optional<Reference> kind = read_kind(node);
    if (kind) result_.kinds_[kind->api_version].emplace(kind->kind, std::move(shape));
  }

  void read_record(const Json& node, const std::string& place, std::size_t number) {
    const auto others = node.find("additionalProperties");
    Record record{.name = result_.records_[number].name,
                  .fields = {},
                  .required = {},
                  .has_others = read_flag(node, "x-kubernetes-preserve-unknown-fields") ||
                                (others != node.end() && *others != false)};
    for (const auto& [field, inner] : object_at(node, "properties").items()) {
      record.fields.emplace(field, read_shape(inner, format("{}.properties.{}", place, field)));
    }
    for (const Json& field : list_at(node, "required")) {
      if (!field.is_string()) {
        refuse(place + ".required", format("found {}, expected a text", field.type_name()));
      } else if (record.fields.contains(field.text())) {
        record.required.push_back(field.text());
      }
    }
    std::sort(record.required.begin(), record.required.end());
    result_.records_[number] = std::move(record);
  }

  Shape read_shape(const Json& node, const std::string& place) {
    if (!node.is_object()) {
      refuse(place, format("found {}, expected a mapping", node.type_name()));
      return {};
    }
    if (const std::string name = read_reference(node); !name.empty()) {
      return read_referred(name, place);
    }
    if (read_flag(node, "x-kubernetes-int-or-string")) return {.form = Form::integer_or_text};
    const std::string type = text_at(node, "type");
    if (read_has_fields(node)) {
      const std::size_t number = add_record("");
      read_record(node, place, number);
      return {.form = Form::record, .record = number};
    }
    if (type == "object") return read_parts(node, place, "additionalProperties", Form::map);
    if (type == "array") return read_parts(node, place, "items", Form::list);
    if (type.empty()) return {};
    const std::string how = text_at(node, "format");
    const auto found = std::find_if(kForms.begin(), kForms.end(), [&](const FormOfType& each) {
      return each.type == type && (each.format.empty() || each.format == how);
    });
    if (found != kForms.end()) return {.form = found->form};
    refuse(place, format("found the type {}, which OpenAPI does not have", printable(type, 40)));
    return {};
  }

  Shape read_referred(const std::string& name, const std::string& place) {
    if (const auto number = numbers_.find(name); number != numbers_.end()) {
      return {.form = Form::record, .record = number->second};
    }
    if (name.ends_with(kQuantity)) return {.form = Form::quantity};
    const auto found = definitions_.find(name);
    if (found != definitions_.end()) return read_named(name, *found, place);
    refuse(place,
           format("found a reference to {}, expected one of definitions", printable(name, 120)));
    return {};
  }

  // A definition that is no record. Each is read once, or few lines could be millions of shapes.
  Shape read_named(const std::string& name, const Json& node, const std::string& place) {
    if (const auto known = shapes_.find(name); known != shapes_.end()) return known->second;
    if (open_.contains(name) || open_.size() >= kMostNested) {
      refuse(place, format("found references to {} that have no end", printable(name, 120)));
      return {};
    }
    open_.insert(name);
    Shape shape = read_shape(node, place);
    open_.erase(name);
    return shapes_.emplace(name, std::move(shape)).first->second;
  }

  // A list or map, of anything where the document does not say of what.
  Shape read_parts(const Json& node, const std::string& place, std::string_view key, Form form) {
    Shape element;
    const auto found = node.find(key);
    if (found != node.end() && !found->is_boolean()) {
      element = read_shape(*found, format("{}.{}", place, key));
    }
    return {.form = form, .element = std::make_shared<const Shape>(std::move(element))};
  }

  std::string where_;
  Json definitions_;
  std::map<std::string, std::size_t> numbers_;  // of definitions that are records
  std::map<std::string, Shape> shapes_;         // of those that are none
  std::set<std::string> open_;                  // that are being read
  ApiSchema result_;
  Problems problems_;
};

ApiSchema ApiSchema::parse(std::string_view document, const std::string& where, Extent extent) {
  return ApiReader(document, where).read(extent);
}

const ApiSchema& ApiSchema::built_in() {
  static const ApiSchema table = [] {
    const auto files = embedded::fields();
    return parse(files.front().content, std::string(files.front().path), Extent::some);
  }();
  return table;
}

const Shape* ApiSchema::shape_of(const Reference& reference) const {
  const auto version = kinds_.find(reference.api_version);
  if (version == kinds_.end()) return nullptr;
  const auto kind = version->second.find(reference.kind);
  return kind == version->second.end() ? nullptr : &kind->second;
}

std::vector<std::string> ApiSchema::kinds_of(const std::string& api_version) const {
  std::vector<std::string> names;
  const auto version = kinds_.find(api_version);
  if (version == kinds_.end()) return names;
  for (const auto& [kind, unused] : version->second) names.push_back(kind);
  return names;
}

}  // namespace sealift::kubernetes
