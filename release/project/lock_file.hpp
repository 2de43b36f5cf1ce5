// SPDX-License-Identifier: Apache-2.0
#pragma once

// release.lock.yaml, beside release.yaml: which digest each image had when `sealift lock` looked,
// so that a later build takes the same ones or none; and what was verified of them.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "base/file.hpp"

namespace sealift::release {

// By what `from` says, as written.
struct Locked {
  std::map<std::string, Digest> images;  // the digest of the image's manifest or index there
  // "signature by key sha256:...": what a later build must find proven again.
  std::map<std::string, std::vector<std::string>> verified = {};
};

fs::path lock_file(const fs::path& folder);
// Nothing where there is no such file; Error{invalid_input} with every mistake in it.
std::optional<Locked> load_lock(const fs::path& folder);
void write_lock(const fs::path& folder, const Locked& locked);

}  // namespace sealift::release
