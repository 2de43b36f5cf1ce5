// SPDX-License-Identifier: Apache-2.0
#pragma once

// The site's own Ed25519 key: it signs what the site says of itself, such as checkpoints of its
// audit log. keys/site.key is a secret-key file of minisign without a passphrase (mode 0600),
// keys/site.pub its public part; both never leave the state folder unless a person copies them.
//
// One key signs texts of several sorts, so each says of what sort it is, a line by its first word,
// a document of JSON by its `format`: nothing that was signed as one can be shown as another. Who
// is root on the host can sign too.

#include <string>
#include <string_view>

#include "installer/site/layout.hpp"
#include "signing/secret_key.hpp"

namespace sealift::installer {

class SiteKey {
 public:
  // Error{untrusted} where it is missing, where others than its owner may read it, or where its
  // file is damaged: a site that has lost its key gets another by `init`, which is audited.
  static SiteKey read(const Layout& layout);
  // Makes another, in place of one that may be there.
  static SiteKey make(const Layout& layout);

  const signing::PublicKey& public_key() const { return key_.public_key(); }
  // 64 bytes of pure Ed25519 (RFC 8032).
  std::string sign(std::string_view text) const { return key_.sign(text); }

 private:
  explicit SiteKey(signing::SecretKey key) : key_(std::move(key)) {}
  signing::SecretKey key_;
};

// False where one of both files is missing.
bool has_site_key(const Layout& layout);
// What this site says that its key is; whoever reads the site may ask. Error{untrusted} where it is
// missing.
signing::PublicKey site_public_key(const Layout& layout);

}  // namespace sealift::installer
