// SPDX-License-Identifier: Apache-2.0
#pragma once

// release.lock.yaml, beside release.yaml: which digest each image had when `sealift lock` looked,
// so that a later build takes the same ones or none.

#include <map>
#include <optional>
#include <string>

#include "base/digest.hpp"
#include "base/file.hpp"

namespace sealift::release {

// What `from` says, as written -> the digest of the image's manifest or index there.
using Locked = std::map<std::string, Digest>;

fs::path lock_file(const fs::path& folder);
// Nothing where there is no such file; Error{invalid_input} with every mistake in it.
std::optional<Locked> load_lock(const fs::path& folder);
void write_lock(const fs::path& folder, const Locked& locked);

}  // namespace sealift::release
