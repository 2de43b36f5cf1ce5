// SPDX-License-Identifier: Apache-2.0
#pragma once

// The trust root: TUF 1.0 root metadata (theupdateframework/specification 1.0.34). It says which
// keys may change the root, and which keys, how many of them, may approve releases: the `targets`
// role, or a role named after an environment where that has its own. A newer root counts only when
// the thresholds of both the old and the new one signed it and its version is exactly one higher.
// `signed` is ASCII without backslashes, and without control characters but for the newlines of
// PEM, so `jq -cSj .signed FILE | sed 's/\\n/\n/g'` prints the signed bytes.

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "signing/dsse.hpp"
#include "signing/signer.hpp"

namespace sealift::signing {

inline constexpr std::size_t kMaxRootBytes = 1U << 20;

// Any `threshold` distinct keys of the role are enough.
struct Role {
  std::set<PublicKey> keys;
  unsigned threshold = 1;
};

class Root {
 public:
  // Strict; recomputes every key id and refuses a key that stands under two. Checks no signature.
  // Throws Error{corrupt}, or Error{incompatible} for a key of another algorithm than ours.
  static Root parse(std::string_view text, const std::string& where);

  std::uint64_t version() const { return version_; }
  Time expires() const { return expires_; }
  // Error{internal} for a role that is not there.
  const Role& role(const std::string& name) const;
  // Who may approve a release for `environment` (empty: any without a role of its own).
  const Role& approvers_for(const std::string& environment) const;
  const std::map<std::string, Role>& roles() const { return roles_; }
  // Who may approve for any environment.
  std::set<PublicKey> approvers() const;
  // Of every role.
  const std::set<PublicKey>& keys() const { return keys_; }
  // The name the root's author gave a key, else the first digits of its id.
  std::string name_of(const PublicKey& key) const;
  // The key with this name or id, or whose id begins with this (at least 8 digits).
  // Error{usage} where there is none, or more than one.
  const PublicKey& key_named(const std::string& name) const;
  // The file as it came.
  const std::string& text() const { return text_; }
  // The digest of the signed bytes: what people compare over a second channel. Equal to
  // `jq -cSj .signed FILE | sed 's/\\n/\n/g' | sha256sum`.
  Digest fingerprint() const { return Digest::of(signed_); }
  // The bytes that are signed.
  const std::string& signed_bytes() const { return signed_; }

  // As its file has them, with whatever key ids it claims: signers_of() says which are good.
  const std::vector<Signature>& signatures() const { return signatures_; }
  // The distinct keys of `role` that signed this root.
  std::set<PublicKey> signers_of(const Role& role) const;

 private:
  Root() = default;
  std::string text_;
  std::string signed_;
  std::vector<Signature> signatures_;
  std::uint64_t version_ = 0;
  Time expires_;
  std::map<std::string, Role> roles_;
  std::set<PublicKey> keys_;
  std::map<PublicKey, std::string> names_;
};

// Throws Error{untrusted} unless the root is signed by the threshold of its own root role.
void check_self_signed(const Root& root);
// Throws Error{untrusted} unless `next` may follow `current`.
void check_succession(const Root& current, const Root& next);
// The roots that `chain` adds to `trusted`, oldest first; none where it knows no newer one. Older
// ones are skipped; expiry of those in between does not matter. Throws Error{untrusted}.
std::vector<Root> follow_chain(const Root& trusted, std::span<const Root> chain);

// A root in the making. Roles by their purpose; make_root() gives them TUF's names.
struct RootDraft {
  std::uint64_t version = 1;
  Time expires;
  Role root;
  Role approvers;
  std::map<PublicKey, std::string> names;
  std::map<std::string, Role> environments;  // those that do not leave it to `approvers`
};
// What a root says, to be changed into its successor.
RootDraft draft_of(const Root& root);
// The root's file, signed by nobody yet. snapshot and timestamp, which TUF demands, list the
// approvers' keys and are not used. Throws Error{invalid_input} for a draft that no root can say.
std::string make_root(const RootDraft& draft);

// The file of `root` with one more signature. Error{usage} for a key that `may_sign` does not
// hold; signing twice changes nothing.
std::string with_signature(const Root& root, const std::set<PublicKey>& may_sign,
                           const Signer& signer);
// The file of `root` with the good signatures of `other` by such keys too. Error{invalid_input}
// where they are not about the same bytes.
std::string with_signatures_of(const Root& root, const std::set<PublicKey>& may_sign,
                               const Root& other);

}  // namespace sealift::signing
