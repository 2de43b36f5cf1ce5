// SPDX-License-Identifier: Apache-2.0
#pragma once

// environments/NAME.sealed.yaml, the sealed values of one environment as a repository keeps them,
// and what is checked of all of them when a release is read. docs/secrets.md has the form of the
// file.

#include <map>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "release/values/contract.hpp"
#include "release/values/environment.hpp"
#include "release/values/sealed.hpp"

namespace sealift::release {

// One value as environments/NAME.sealed.yaml has it.
struct SealedValue {
  std::string file;                     // of age
  std::vector<std::string> recipients;  // as labels() has them
  std::string changed;                  // "2026-11-25"
  int line = 0;
};

// environments/NAME.sealed.yaml.
class SealedFile {
 public:
  // Empty where there is none. Error{invalid_input} with every mistake.
  static SealedFile load(const fs::path& folder, const std::string& environment);
  std::string to_text() const;
  // All or nothing. Error{invalid_input} where it would be too large to be read again.
  void save() const;

  const fs::path& file() const { return file_; }
  SealedValue* find(const SecretPlace& place);
  void put(const SecretPlace& place, SealedValue value);

  // Key -> site -> value; the site "" is all of them.
  std::map<std::string, std::map<std::string, SealedValue>> values;

 private:
  fs::path file_;
  std::string environment_;
};

// What the environments of a release have sealed. Without reading any of it, what can be said of
// it: that every site can open every key, that nobody else can, that keys are declared as secrets
// and are not in clear as well. Error{invalid_input} with every mistake.
SealedEnvironments load_sealed(const fs::path& folder, const std::vector<Environment>& environments,
                               const Contract& contract);

}  // namespace sealift::release
