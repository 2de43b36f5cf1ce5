// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who approved a release. An approval is one signature of the statement's exact bytes: a DSSE
// envelope or a signature of ssh-keygen. It counts when a key of the environment's role made it; a
// key counts once, whatever ids it is given.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "signing/dsse.hpp"
#include "signing/root.hpp"
#include "signing/sshsig.hpp"

namespace sealift::signing {

class Approval {
 public:
  // Either form, told apart by its first bytes; an envelope has exactly one signature.
  // Throws Error{corrupt}.
  static Approval parse(std::string_view text, const std::string& where);

  // The id of the key that claims to have signed: a hint that nothing is decided by; may be empty.
  std::string key_id() const;
  // The one of `keys` that signed `statement` this way, or null.
  const PublicKey* signer_among(const std::set<PublicKey>& keys, std::string_view statement) const;
  // Null where it is a signature of ssh-keygen.
  const Envelope* envelope() const { return std::get_if<Envelope>(&signed_); }
  // Null where it is an envelope.
  const SshSignature* ssh() const { return std::get_if<SshSignature>(&signed_); }

 private:
  explicit Approval(std::variant<Envelope, SshSignature> value) : signed_(std::move(value)) {}
  std::variant<Envelope, SshSignature> signed_;
};

// What a site asks for on top of its root; it can only add.
struct Policy {
  std::vector<std::string> required;  // names or ids of keys that must have approved
  unsigned threshold = 0;             // at least so many approvals
  std::optional<unsigned> max_age_days;
};

struct Count {
  std::vector<PublicKey> by;             // distinct keys that count
  std::vector<std::string> missing;      // names of those of the role that did not sign
  std::vector<std::string> required;     // of the policy: names that must still sign
  std::vector<std::string> not_counted;  // who else signed, as far as their key can be named
  unsigned threshold = 1;
  bool enough() const { return by.size() >= threshold && required.empty(); }
};

// Error{invalid_input} where the policy names a key that this root does not have, or two.
Count count_approvals(const Root& root, const std::string& environment, const Policy& policy,
                      std::span<const Approval> approvals, std::string_view statement);

// Throws Error{untrusted} that says who signed and who is missing. The one place that turns a count
// into a decision.
void require_enough(const Count& count);

}  // namespace sealift::signing
