// SPDX-License-Identifier: Apache-2.0
#include "signing/approvals.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::signing {

namespace {

const PublicKey* signer_of(const Envelope& envelope, const std::set<PublicKey>& keys,
                           std::string_view statement) {
  if (envelope.payload_type != kStatementType || envelope.payload != statement) return nullptr;
  const std::string message = pae(envelope.payload_type, envelope.payload);
  for (const PublicKey& key : keys) {
    if (key.verifies(message, envelope.signatures.front().bytes)) return &key;
  }
  return nullptr;
}

const PublicKey* signer_of(const SshSignature& signature, const std::set<PublicKey>& keys,
                           std::string_view statement) {
  const auto found = keys.find(signature.key());
  return found != keys.end() && signature.verifies(statement) ? &*found : nullptr;
}

// What to call the key of an approval that does not count.
std::string stranger(const Root& root, const Approval& approval, std::string_view statement) {
  if (const PublicKey* key = approval.signer_among(root.keys(), statement)) {
    return format("{} (not an approver here)", root.name_of(*key));
  }
  const std::string id = approval.key_id();
  return id.empty() ? "an unnamed key"
                    : format("{} (unknown, or no good signature)", printable(id.substr(0, 12)));
}

}  // namespace

Approval Approval::parse(std::string_view text, const std::string& where) {
  if (is_ssh_signature(text)) return Approval(SshSignature::parse(text, where));
  Envelope envelope = parse_envelope(text, where);
  if (envelope.signatures.size() != 1) {
    throw Error(Errc::corrupt, format("{}: found {} signatures in one envelope, expected one",
                                      where, envelope.signatures.size()));
  }
  return Approval(std::move(envelope));
}

std::string Approval::key_id() const {
  return ssh() != nullptr ? ssh()->key().id() : envelope()->signatures.front().key_id;
}

const PublicKey* Approval::signer_among(const std::set<PublicKey>& keys,
                                        std::string_view statement) const {
  return std::visit([&](const auto& each) { return signer_of(each, keys, statement); }, signed_);
}

Count count_approvals(const Root& root, const std::string& environment, const Policy& policy,
                      std::span<const Approval> approvals, std::string_view statement) {
  const Role& role = root.approvers_for(environment);
  std::set<PublicKey> signers;
  Count count;
  count.threshold = std::max(role.threshold, policy.threshold);
  for (const Approval& approval : approvals) {
    if (const PublicKey* key = approval.signer_among(role.keys, statement)) {
      signers.insert(*key);
    } else {
      count.not_counted.push_back(stranger(root, approval, statement));
    }
  }
  count.by.assign(signers.begin(), signers.end());
  for (const PublicKey& key : role.keys) {
    if (!signers.contains(key)) count.missing.push_back(root.name_of(key));
  }
  std::sort(count.missing.begin(), count.missing.end());
  for (const std::string& name : policy.required) {
    const PublicKey key = blame(Errc::invalid_input, "site.yaml: policy.require",
                                [&] { return root.key_named(name); });
    const bool signed_it =
        std::any_of(approvals.begin(), approvals.end(), [&](const Approval& approval) {
          return approval.signer_among({key}, statement) != nullptr;
        });
    if (!signed_it) count.required.push_back(root.name_of(key));
  }
  return count;
}

void require_enough(const Count& count) {
  if (count.enough()) return;
  std::string found = format("approved by {} of the {} trusted keys that are needed",
                             count.by.size(), count.threshold);
  if (!count.required.empty()) found += format("; this site also needs {}", joined(count.required));
  if (!count.missing.empty()) found += format("; not signed by {}", joined(count.missing));
  if (!count.not_counted.empty()) found += format("; not counted: {}", joined(count.not_counted));
  throw Error(
      Errc::untrusted, found,
      "ask the approvers that are missing to sign, with: sealift sign BUNDLE --key FILE, or at "
      "their own desk and sealift attach; nothing was changed");
}

}  // namespace sealift::signing
