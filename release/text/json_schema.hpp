// SPDX-License-Identifier: Apache-2.0
#pragma once

// The door to valijson: JSON Schema, draft 7.

#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

struct SchemaError {
  std::vector<std::string> path;  // from the root: keys, and indexes in decimal
  std::string description;        // the library's words
};

// A schema, compiled once for all documents that it judges; they may come from several threads.
class JsonSchema {
 public:
  // Throws what the library throws where `rules` are none: they are ours.
  explicit JsonSchema(const Json& rules);
  ~JsonSchema();
  JsonSchema(const JsonSchema&) = delete;
  JsonSchema& operator=(const JsonSchema&) = delete;

  // Every error of `document`; a parent says once more what its child has said. Types are strict:
  // "1" is no number.
  std::vector<SchemaError> errors(const Json& document) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace sealift::release
