// SPDX-License-Identifier: Apache-2.0
#pragma once

// From release.yaml to a bundle file. build() reads as the list of what happens.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "bundle/spool.hpp"
#include "bundle/writer.hpp"
#include "release/project/release_file.hpp"
#include "release/site_file/site.hpp"
#include "signing/signer.hpp"

namespace sealift::builder {

struct Built {
  fs::path file;                // in the folder `output`
  Digest digest;                // D
  std::uint64_t file_bytes;     // of the bundle as it lies there
  std::uint64_t content_bytes;  // of the files of all components
  unsigned signatures;          // of those who signed at once
};

// Builds into the folder `output`, as NAME-VERSION.bundle.tar(.zst), approved by `signers`,
// with its line in SHA256SUMS.
// Throws Error{invalid_input} with every mistake in the sources; a file is written whole or not at
// all.
// `previous` is the bundle of the release before, with which images are compared; empty: none.
Built build(const release::Release& release, const fs::path& output, const fs::path& previous,
            bundle::Packing packing, const std::vector<signing::Signer>& signers,
            Progress& progress);

// Where build() is asked to write if nobody says where: "dist", or "bundles" where a component is
// made of files in dist, among which a bundle would be one.
std::string usual_output(const release::Release& release);

// Component -> what tells that files are immutable, such as "their names" -> the files.
using Guesses = std::map<std::string, std::map<std::string, std::vector<std::string>>>;

// Everything build() would refuse, and sites that could not take the release. Writes nothing but
// scratch space.
Guesses validate(const release::Release& release, const std::vector<fs::path>& sites,
                 const fs::path& previous, Progress& progress);

}  // namespace sealift::builder
