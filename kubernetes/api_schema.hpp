// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an API has: its kinds of objects, their fields, and what each of them holds. Read from an
// OpenAPI document, version 2 ("swagger": "2.0"), of which `definitions` is read alone, with
// Kubernetes' own extensions (x-kubernetes-group-version-kind and others). Servers give it at
// /openapi/v2; of Kubernetes' own kinds one is part of the builder, fields/kubernetes.json.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

// What a field may hold. Null is as good as no field, whatever it is.
struct Shape {
  enum class Form : std::uint8_t {
    any,
    text,
    bytes,  // a text: base64
    integer,
    number,
    boolean,
    integer_or_text,
    quantity,  // a number, or a text such as 500m or 128Mi
    list,
    map,    // of any keys
    record  // of known keys
  };
  Form form = Form::any;
  std::size_t record = 0;                          // ApiSchema::record() of it
  std::shared_ptr<const Shape> element = nullptr;  // of a list or map
};

struct Record {
  std::string name;  // for messages: "Container"; empty: it has none
  std::map<std::string, Shape, std::less<>> fields;
  std::vector<std::string> required;  // sorted; each has a field
  bool has_others = false;            // x-kubernetes-preserve-unknown-fields
};

class ApiSchema {
 public:
  // Whether the document has every kind of the server that it is for.
  enum class Extent { some, all };

  // Throws Error{invalid_input} with the mistakes of the document, each with its place behind
  // `where`; of very many only the first.
  static ApiSchema parse(std::string_view document, const std::string& where, Extent extent);
  // The kinds of Kubernetes itself that belong to a namespace, with the fields of all its versions
  // that docs/kubernetes.md names.
  static const ApiSchema& built_in();

  // What an object of that version and kind is; null where the document has none.
  const Shape* shape_of(const Reference& reference) const;
  // Kinds of one version of an API; empty where the document does not have it.
  std::vector<std::string> kinds_of(const std::string& api_version) const;
  const Record& record(std::size_t index) const { return records_[index]; }
  Extent extent() const { return extent_; }

 private:
  ApiSchema() = default;
  friend class ApiReader;

  Extent extent_ = Extent::some;
  std::vector<Record> records_;
  std::map<std::string, std::map<std::string, Shape>> kinds_;  // by apiVersion, by kind
};

}  // namespace sealift::kubernetes
