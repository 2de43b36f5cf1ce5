// SPDX-License-Identifier: Apache-2.0
#pragma once

// Trust roots for tests: keys are named by their number in given_key().

#include <vector>

#include "given.hpp"
#include "signing/root.hpp"

namespace sealift::signing {

inline Role role_of(std::initializer_list<unsigned char> numbers, unsigned threshold) {
  Role role{.keys = {}, .threshold = threshold};
  for (const unsigned char number : numbers) role.keys.insert(given_key(number).public_key());
  return role;
}

// Keys 1 to 3 hold the root, two of them are needed; keys 11 to 13 approve, two are needed;
// for "development" key 14 is enough.
inline RootDraft some_draft(std::uint64_t version = 1) {
  return {.version = version,
          .expires = parse_time("2030-01-01T00:00:00Z"),
          .root = role_of({1, 2, 3}, 2),
          .approvers = role_of({11, 12, 13}, 2),
          .names = {{given_key(11).public_key(), "anna"}},
          .environments = {{"development", role_of({14}, 1)}}};
}

inline std::string root_text(const RootDraft& draft, std::initializer_list<unsigned char> signers) {
  std::string text = make_root(draft);
  for (const unsigned char number : signers) {
    const Signer signer = given_signer(number);
    text = with_signature(Root::parse(text, "root.json"), {signer.key}, signer);
  }
  return text;
}

inline Root root_of(const RootDraft& draft, std::initializer_list<unsigned char> signers) {
  return Root::parse(root_text(draft, signers), "root.json");
}

}  // namespace sealift::signing
