// SPDX-License-Identifier: Apache-2.0
#pragma once

// The file tables of a site say digests, and the digest of a file that holds a secret could be
// guessed. So the digests of files that nobody but their owner may read (mode 0600, 0700) are keyed
// with a random key of the site's. No bundle has such modes: those files were rendered here, or
// stood here before.

#include <memory>
#include <mutex>

#include "installer/site/layout.hpp"
#include "release/documents/file_table.hpp"
#include "signing/secret.hpp"

namespace sealift::installer {

class TableKey {
 public:
  explicit TableKey(const Layout& layout);
  // What a table says of an entry with that content. The key is made when it is first needed;
  // Error{untrusted} where others than its owner may read it.
  Digest digest(const release::FileEntry& entry, const Digest& content) const;

 private:
  struct Kept;
  std::shared_ptr<Kept> kept_;  // read once, by all copies
};

}  // namespace sealift::installer
