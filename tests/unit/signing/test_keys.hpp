// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keys and roots for tests; scrypt at its least cost, so that no test takes a second.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "signing/base64.hpp"
#include "signing/keys.hpp"
#include "signing/root.hpp"

namespace sealift::tests {

inline signing::Secret no_passphrase() {
  throw Error(Errc::internal, "no passphrase was expected to be asked for");
}

inline signing::Secret secret(std::string text) {
  return signing::Secret::taken_from(text);
}

inline constexpr signing::PassphraseCost kLittleCost{.operations = 32768, .memory = 16U << 20};

inline signing::RootDraft draft_of(const signing::SecretKey& root,
                                   const std::vector<const signing::SecretKey*>& approvers,
                                   unsigned threshold = 1) {
  signing::RootDraft draft{.version = 1,
                           .expires = parse_time("2030-01-01T00:00:00Z"),
                           .root = {.keys = {root.public_key()}, .threshold = 1},
                           .approvers = {.keys = {}, .threshold = threshold},
                           .names = {}};
  for (const signing::SecretKey* key : approvers) draft.approvers.keys.insert(key->public_key());
  return draft;
}

inline signing::Root root_of(const signing::RootDraft& draft,
                             const std::vector<const signing::SecretKey*>& signers) {
  return signing::Root::parse(make_root(draft, signers), "test root");
}

}  // namespace sealift::tests
