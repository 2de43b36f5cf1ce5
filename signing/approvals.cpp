// SPDX-License-Identifier: Apache-2.0
#include "signing/approvals.hpp"

#include <set>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::signing {

namespace {

// The key of `role` that made `signature`, or null. The key id only says where to look first.
const PublicKey* signer_of(const Role& role, const Signature& signature, std::string_view message) {
  for (const PublicKey& key : role.keys) {
    if (key.id() == signature.key_id && key.verifies(message, signature.bytes)) return &key;
  }
  for (const PublicKey& key : role.keys) {
    if (key.verifies(message, signature.bytes)) return &key;
  }
  return nullptr;
}

}  // namespace

Approvals count_approvals(const Root& root, const std::string& environment,
                          std::span<const Envelope> envelopes, std::string_view statement) {
  const Role& role = root.approvers_for(environment);
  std::set<PublicKey> signers;
  for (const Envelope& envelope : envelopes) {
    if (envelope.payload_type != kStatementType || envelope.payload != statement) continue;
    const std::string message = pae(envelope.payload_type, envelope.payload);
    for (const Signature& signature : envelope.signatures) {
      if (const PublicKey* key = signer_of(role, signature, message)) signers.insert(*key);
    }
  }
  Approvals approvals{
      .by = {signers.begin(), signers.end()}, .missing = {}, .threshold = role.threshold};
  for (const PublicKey& key : role.keys) {
    if (!signers.contains(key)) approvals.missing.push_back(root.name_of(key));
  }
  return approvals;
}

void require_enough(const Approvals& approvals) {
  if (approvals.enough()) return;
  throw Error(
      Errc::untrusted,
      format("signed by {} trusted {}, the trust root asks for {}", approvals.by.size(),
             approvals.by.size() == 1 ? "key" : "keys", approvals.threshold),
      "ask the release owner for an approval that this site's trust root knows; nothing was "
      "changed");
}

}  // namespace sealift::signing
