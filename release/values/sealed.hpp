// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secrets in a repository and in a bundle: each value is a file of age for the sites of its
// environment (or for one site) and for the recovery recipient. What is encrypted names the key,
// the environment and the site, so that no ciphertext can take another's place. Who builds needs no
// identity. docs/secrets.md has the form of the files.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "release/values/recipients.hpp"
#include "signing/age.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxSecretBytes = 8U << 10;   // in clear
inline constexpr std::size_t kMaxSealedBytes = 64U << 10;  // a file of age
inline constexpr std::size_t kMaxSealedKeys = 4096;        // of an environment

std::string seal(const SecretPlace& place, std::string_view value,
                 const std::vector<signing::AgeRecipient>& recipients);
// Error{untrusted} where the identity does not open it, Error{corrupt} where it was changed or cut
// off, or was sealed for another place. Never with what it holds.
signing::Secret unseal(std::string_view sealed, const signing::AgeIdentity& identity,
                       const SecretPlace& place);

// What release.json carries: environment -> key -> site -> file of age; the site "" is all of them.
using SealedKey = std::map<std::string, std::string>;
using SealedKeys = std::map<std::string, SealedKey>;
using SealedEnvironments = std::map<std::string, SealedKeys>;

// The keys that an environment has sealed.
std::set<std::string> sealed_keys(const SealedEnvironments& sealed, const std::string& environment);

Json to_json(const SealedEnvironments& sealed);
// Error{corrupt}.
SealedEnvironments sealed_from_json(const Json& value, const std::string& where);

}  // namespace sealift::release
