// SPDX-License-Identifier: Apache-2.0
#pragma once

// Trust roots for tests.

#include <vector>

#include "signing/root.hpp"
#include "signing/secret_key.hpp"

namespace sealift::tests {

// `key` must outlive it.
inline signing::Signer signer_of(const signing::SecretKey& key) {
  return {.key = key.public_key(),
          .sign = [&key](std::string_view message) { return key.sign(message); }};
}

inline signing::RootDraft draft_of(const signing::SecretKey& root,
                                   const std::vector<const signing::SecretKey*>& approvers,
                                   unsigned threshold = 1) {
  signing::RootDraft draft{.version = 1,
                           .expires = parse_time("2030-01-01T00:00:00Z"),
                           .root = {.keys = {root.public_key()}, .threshold = 1},
                           .approvers = {.keys = {}, .threshold = threshold},
                           .names = {},
                           .environments = {}};
  for (const signing::SecretKey* key : approvers) draft.approvers.keys.insert(key->public_key());
  return draft;
}

inline signing::Root root_of(const signing::RootDraft& draft,
                             const std::vector<const signing::SecretKey*>& signers) {
  std::string text = make_root(draft);
  for (const signing::SecretKey* key : signers) {
    text = with_signature(signing::Root::parse(text, "test root"), {key->public_key()},
                          signer_of(*key));
  }
  return signing::Root::parse(text, "test root");
}

}  // namespace sealift::tests
