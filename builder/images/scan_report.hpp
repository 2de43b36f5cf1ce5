// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a scanner found in an image: CycloneDX 1.4 and later, or SARIF 2.1.0, both JSON, as Trivy
// and Grype write them. Reading is tolerant of what we do not use. Failures are
// Error{invalid_input}.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "release/documents/image_entry.hpp"

namespace sealift::builder {

// Bytes. Reports of large images have tens of thousands of rows.
inline constexpr std::uint64_t kMaxReport = 64ULL << 20;

struct ScanReport {
  std::string_view media_type;  // of CycloneDX or SARIF, as the release carries it
  std::string tool;             // "Trivy 0.50.1"
  // Every digest by which the report names what was scanned: of a manifest, an index or a
  // configuration. Grype's SARIF names none.
  std::set<Digest> of;
  // Vulnerabilities by their ids, each with its worst rating. One that the report itself calls
  // harmless (VEX in CycloneDX, a suppression in SARIF) is not among them.
  std::map<std::string, release::Severity> found;
};

// `where` starts messages.
ScanReport parse_scan_report(std::string_view text, const std::string& where);

}  // namespace sealift::builder
