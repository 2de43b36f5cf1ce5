// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secrets in a repository and in a bundle: each value is a file of age for the sites of its
// environment (or for one site) and for the recovery recipient. What is encrypted names the key,
// the environment and the site, so that no ciphertext can take another's place. Who builds needs no
// identity. docs/secrets.md has the form of the files.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "release/values/contract.hpp"
#include "release/values/environment.hpp"
#include "signing/age.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxSecretBytes = 8U << 10;   // in clear
inline constexpr std::size_t kMaxSealedBytes = 64U << 10;  // a file of age
inline constexpr std::size_t kMaxSealedKeys = 4096;        // of an environment

// What a sealed value is for. Without a site it is for all of the environment's.
struct SecretPlace {
  std::string environment;
  std::string key;
  std::string site = {};

  // "DATABASE_URL of production", "DATABASE_URL of production for the site vault-room"
  std::string str() const;
};

std::string seal(const SecretPlace& place, std::string_view value,
                 const std::vector<signing::AgeRecipient>& recipients);
// Error{untrusted} where the identity does not open it, Error{corrupt} where it was changed or cut
// off, or was sealed for another place. Never with what it holds.
signing::Secret unseal(std::string_view sealed, const signing::AgeIdentity& identity,
                       const SecretPlace& place);

// environments/recipients.yaml.
struct Recipients {
  signing::AgeRecipient recovery;
  // Environment -> site -> recipient.
  std::map<std::string, std::map<std::string, signing::AgeRecipient>> sites;

  // Reads it in the folder of release.yaml; nothing where there is none. Error{invalid_input} with
  // every mistake.
  static std::optional<Recipients> load(const fs::path& folder);
  // Whom something of that place is sealed to, by name: the sites and "recovery".
  // Error{invalid_input} for an environment or a site that is not listed.
  std::map<std::string, signing::AgeRecipient> of(const SecretPlace& place) const;
};

// What a person sees of recipients: "vault-room ...q9zk4s7n", sorted.
std::vector<std::string> labels(const std::map<std::string, signing::AgeRecipient>& recipients);

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

// What release.json carries: environment -> key -> site -> file of age; the site "" is all of them.
using SealedKey = std::map<std::string, std::string>;
using SealedKeys = std::map<std::string, SealedKey>;
using SealedEnvironments = std::map<std::string, SealedKeys>;

// The keys that an environment has sealed.
std::set<std::string> sealed_keys(const SealedEnvironments& sealed, const std::string& environment);

Json to_json(const SealedEnvironments& sealed);
// Error{corrupt}.
SealedEnvironments sealed_from_json(const Json& value, const std::string& where);

// What the environments of a release have sealed. Without reading any of it, what can be said of
// it: that every site can open every key, that nobody else can, that keys are declared as secrets
// and are not in clear as well. Error{invalid_input} with every mistake.
SealedEnvironments load_sealed(const fs::path& folder, const std::vector<Environment>& environments,
                               const Contract& contract);

}  // namespace sealift::release
