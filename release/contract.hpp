// SPDX-License-Identifier: Apache-2.0
#pragma once

// The configuration contract, environments/schema.json: what each configuration key is, whether a
// site must have it, and whether it is a secret. It travels in release.json, so that a site
// enforces what CI enforced. A project without that file has no contract: its values are only those
// that its environments list, and it has no secrets.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"

namespace sealift::release {

struct Key {
  std::string type = "text";  // "text", "integer", "boolean", "list"
  bool required = false;      // a value without which nothing is applied
  bool secret = false;        // never in clear in a repository or bundle
  std::string pattern;        // ECMAScript, of the whole text; empty: any
  std::vector<Json> choices;  // empty: any
  Json fallback;              // the default; null: none
  std::string since;          // the version that brought it; empty: not said
  std::string meaning;

  friend bool operator==(const Key&, const Key&) = default;
};

class Contract {
 public:
  // Nothing is declared.
  Contract() = default;
  // Reads environments/schema.json in the folder of release.yaml; empty where there is none.
  // Throws Error{invalid_input} with every mistake.
  static Contract load(const fs::path& folder);
  // As release.json carries it; Error{corrupt}.
  static Contract from_json(const Json& value, const std::string& where);
  Json to_json() const;

  bool empty() const { return keys_.empty(); }
  const std::map<std::string, Key>& keys() const { return keys_; }
  // Null where the key is not declared.
  const Key* find(const std::string& name) const;
  bool is_secret(const std::string& name) const;

  friend bool operator==(const Contract&, const Contract&) = default;

 private:
  std::map<std::string, Key> keys_;
};

}  // namespace sealift::release
