// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/structure.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "kubernetes/removed_versions.hpp"
#include "signing/base64.hpp"

namespace sealift::kubernetes {

namespace {

using Form = Shape::Form;
using Names = std::vector<std::string>;

constexpr std::size_t kMostNamed = 12;  // fields that a hint lists

// After the number: none, a power of ten or of two by its letters, or an exponent.
bool is_suffix(std::string_view suffix) {
  constexpr std::string_view kPowers = "numkMGTPE";
  if (suffix.empty()) return true;
  if (suffix.size() == 1 && kPowers.find(suffix.front()) != std::string_view::npos) return true;
  if (suffix.size() == 2 && suffix.back() == 'i') {
    return std::string_view("KMGTPE").find(suffix.front()) != std::string_view::npos;
  }
  if (suffix.front() != 'e' && suffix.front() != 'E') return false;
  suffix.remove_prefix(1);
  if (suffix.starts_with('+') || suffix.starts_with('-')) suffix.remove_prefix(1);
  return !suffix.empty() && std::all_of(suffix.begin(), suffix.end(), is_digit);
}

// As Kubernetes writes quantities: 500m, 0.5, 128Mi, 1e3 (k8s.io/apimachinery, api/resource).
bool is_quantity(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  const bool has_digit = std::any_of(number.begin(), number.end(), is_digit);
  return has_digit && std::count(number.begin(), number.end(), '.') <= 1 &&
         is_suffix(text.substr(end));
}

// Servers pass over the ends of lines.
bool is_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  try {
    signing::from_base64(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool fits(const Json& value, const Shape& shape) {
  switch (shape.form) {
    case Form::any:
      return true;
    case Form::text:
      return value.is_string();
    case Form::bytes:
      return value.is_string() && is_base64(value.text());
    case Form::integer:
      return value.is_number_integer();
    case Form::number:
      return value.is_number();
    case Form::boolean:
      return value.is_boolean();
    case Form::integer_or_text:
      return value.is_number_integer() || value.is_string();
    case Form::quantity:
      return value.is_number() || (value.is_string() && is_quantity(value.text()));
    case Form::list:
      return value.is_array();
    case Form::map:
    case Form::record:
      return value.is_object();
  }
  return true;
}

const char* name_of(Form form) {
  switch (form) {
    case Form::text:
      return "a text";
    case Form::bytes:
      return "a text in base64";
    case Form::integer:
      return "a whole number";
    case Form::number:
      return "a number";
    case Form::boolean:
      return "true or false";
    case Form::integer_or_text:
      return "a whole number or a text";
    case Form::quantity:
      return "a quantity";
    case Form::list:
      return "a list";
    case Form::any:
    case Form::map:
    case Form::record:
      break;
  }
  return "a mapping";
}

const char* name_of(const Json& value) {
  if (value.is_object()) return "a mapping";
  if (value.is_array()) return "a list";
  if (value.is_boolean()) return "true or false";
  return value.is_string() ? "a text" : "a number";
}

std::string hint_for(const Json& value, Form wanted) {
  const bool is_plain = value.is_number() || value.is_boolean();
  if (wanted == Form::quantity) return "such as 500m, 0.5, 128Mi or 1Gi";
  if (wanted == Form::bytes && value.is_string()) return "stringData takes a text as it is";
  if ((wanted == Form::text || wanted == Form::bytes) && is_plain) {
    return "write it in quotes";
  }
  if (wanted == Form::boolean && value.is_string()) return "write it without quotes";
  if ((wanted == Form::integer || wanted == Form::number) && value.is_string()) {
    return "write it without quotes; a fraction is read as a text";
  }
  if (wanted == Form::list && !value.is_array()) return "each element begins with a dash";
  return "see kubectl explain";
}

class Inspector {
 public:
  explicit Inspector(const ApiSchema& schema) : schema_(schema) {}

  // As deep as the object, whose reader has bounded that.
  void look_at(const Json& value, const Shape& shape, const std::string& pointer) {
    if (value.is_null()) return;
    if (!fits(value, shape)) {
      add(kWrongType, pointer, format("found {}, expected {}", name_of(value), name_of(shape.form)),
          hint_for(value, shape.form));
      return;
    }
    if (shape.form == Form::record) {
      look_at_record(value, schema_.record(shape.record), pointer);
    } else if (shape.form == Form::list) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        look_at(value[i], *shape.element, format("{}/{}", pointer, i));
      }
    } else if (shape.form == Form::map) {
      for (const auto& [key, each] : value.items()) {
        look_at(each, *shape.element, format("{}/{}", pointer, key));
      }
    }
  }

  std::vector<Flaw> take() { return std::move(flaws_); }

 private:
  void add(const char* rule, const std::string& pointer, const std::string& found,
           const std::string& hint) {
    flaws_.push_back({.rule = rule, .pointer = pointer, .found = found, .hint = hint});
  }

  void look_at_record(const Json& value, const Record& record, const std::string& pointer) {
    for (const auto& [key, each] : value.items()) {
      const std::string place = format("{}/{}", pointer, key);
      if (const auto field = record.fields.find(key); field != record.fields.end()) {
        look_at(each, field->second, place);
      } else if (!record.has_others) {
        add(kUnknownField, place, format("found a field that {} does not have", whose(record)),
            place_of(key, record));
      }
    }
    for (const std::string& field : record.required) {
      const auto there = value.find(field);
      if (there != value.end() && !there->is_null()) continue;
      add(kMissingField, pointer, format("found no {}, which {} needs", field, whose(record)),
          format("{} is {}", field, name_of(record.fields.at(field).form)));
    }
  }

  static std::string whose(const Record& record) {
    return record.name.empty() ? "this mapping" : record.name;
  }

  static std::string place_of(const std::string& key, const Record& record) {
    Names known;
    for (const auto& [field, unused] : record.fields) known.push_back(field);
    const std::string near = nearest(key, known);
    if (!near.empty()) return format("did you mean {}?", printable(near, 120));
    if (known.size() <= kMostNamed) return format("expected one of {}", printable(joined(known)));
    return "it may belong further in or out; kubectl explain lists the fields";
  }

  const ApiSchema& schema_;
  std::vector<Flaw> flaws_;
};

// Versions that were removed have a finding of their own.
std::vector<Flaw> find_unknown_kind(const Reference& reference, const ApiSchema& schema) {
  const Names known = schema.kinds_of(reference.api_version);
  const bool is_whole = schema.extent() == ApiSchema::Extent::all;
  if (!is_whole && (known.empty() || removed_version(reference) != nullptr)) return {};
  const std::string near = nearest(reference.kind, known);
  std::string hint = "see kubectl api-resources --namespaced";
  if (!near.empty()) hint = format("did you mean {}?", printable(near, 120));
  return {{.rule = kUnknownKind,
           .pointer = known.empty() ? "/apiVersion" : "/kind",
           .found = format("found {}, which {} does not have{}", printable(reference.kind, 80),
                           printable(reference.api_version, 120),
                           is_whole ? " there" : " for a namespace"),
           .hint = std::move(hint)}};
}

}  // namespace

std::vector<Flaw> find_flaws(const Json& body, const Reference& reference,
                             const ApiSchema& schema) {
  const Shape* shape = schema.shape_of(reference);
  if (shape == nullptr) return find_unknown_kind(reference, schema);
  Inspector inspector(schema);
  inspector.look_at(body, *shape, "");
  return inspector.take();
}

}  // namespace sealift::kubernetes
