// SPDX-License-Identifier: Apache-2.0
#pragma once

// Evidence as a folder that is handed to an auditor: a page for people, the records themselves, and
// a manifest that names each file with its SHA-256 and is signed by the site's key. sha256sum, jq
// and openssl check all of it (docs/audit.md).

#include <string>
#include <vector>

#include "installer/evidence/evidence.hpp"

namespace sealift::installer {

struct ExportedEvidence {
  std::vector<std::string> files;  // below the folder
  Digest manifest;                 // of manifest.json
};

// `folder` is made; Error{invalid_input} where something is in it.
ExportedEvidence write_evidence(const fs::path& folder, const Evidence& evidence,
                                const EvidenceSource& source, const SiteKey& key);

}  // namespace sealift::installer
