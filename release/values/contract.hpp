// SPDX-License-Identifier: Apache-2.0
#pragma once

// The configuration contract, environments/schema.json: what each configuration key is, whether a
// site must have it, and whether it is a secret. It travels in release.json, so that a site
// enforces what CI enforced. A project without that file has no contract: its values are only those
// that its environments list, and it has no secrets. The form: docs/configuration.md.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

struct Key {
  std::string type = "text";  // "text", "integer", "boolean", "list"
  bool required = false;      // a value without which nothing is applied
  bool secret = false;        // never in clear in a repository or bundle
  std::string pattern;        // release/text/pattern.hpp, of a text or of each text of a list
  std::vector<Json> choices;  // of a value or of each item of a list; empty: any
  Json fallback;              // the default; null: none
  std::string since;          // the version that brought it; empty: not said
  std::string meaning;

  // "found ..., expected ..."; empty where `value` may be the key's. A secret's is not shown.
  std::string refuse(const Json& value) const;
  // "a whole number", "one of debug, info", for messages and tables.
  std::string expected() const;
  // A text of a .env file or of --set as the key's type; what cannot be read so stays a text.
  Json read(const std::string& text) const;
  // What templates see of an optional key that nobody sets.
  Json nothing() const;

  friend bool operator==(const Key&, const Key&) = default;
};

// What is wrong with the value of one key; who knows where the value stands says it.
struct Breach {
  std::string key;
  std::string found;  // "found ..., expected ..."
  std::string hint;
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
  // "environments/schema.json:14: keys.PORT"; only of a contract that was loaded.
  std::string place(const std::string& name) const;
  // "did you mean "PORT"?", or how a key is declared.
  std::string hint_for(const std::string& unknown) const;

  // What is wrong with each of `values` by itself: keys that are not declared, and values of
  // another type, pattern or choice. Null is a value that somebody else must set. An empty contract
  // refuses nothing.
  std::vector<Breach> breaches(const Values& values) const;

  friend bool operator==(const Contract& a, const Contract& b) { return a.keys_ == b.keys_; }

 private:
  std::map<std::string, Key> keys_;
  Places places_;
};

}  // namespace sealift::release
