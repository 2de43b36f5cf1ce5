// SPDX-License-Identifier: Apache-2.0
#include "builder/images/scans.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "builder/images/scan_report.hpp"

namespace sealift::builder {

namespace {

using content::Image;
using content::ImageVariant;

// The manifests of `image` that a report about `of` covers. A scanner looks at one platform, and
// names its manifest or configuration where it can; one that names only the index says no more.
std::vector<Digest> covered(const Image& image, const std::optional<Digest>& whole,
                            const std::set<Digest>& of) {
  std::vector<Digest> named;
  std::vector<Digest> all;
  for (const ImageVariant& variant : image.variants) {
    if (variant.attestation) continue;
    all.push_back(variant.manifest.digest);
    if (of.contains(variant.manifest.digest) || of.contains(variant.config.digest)) {
      named.push_back(variant.manifest.digest);
    }
  }
  if (!named.empty()) return named;
  return of.contains(image.root.digest) || (whole && of.contains(*whole)) ? all : named;
}

// A report about another image is most often one of yesterday's build.
[[noreturn]] void refuse(const Image& image, const std::set<Digest>& of) {
  if (of.empty()) {
    throw Error(
        Errc::invalid_input, "does not say by a digest which image was scanned",
        format("if it is this one: scan: [{{report: FILE, of: {}}}]", image.root.digest.str()));
  }
  throw Error(Errc::invalid_input,
              format("is about {}, expected {} or one of its platforms", of.begin()->str(),
                     image.root.digest.str()),
              "scan the image that is released");
}

}  // namespace

// Reports about one image add up, each vulnerability with the worst rating that any gives it. All
// reports are looked at before the mistakes are said.
Scans take_scans(const release::Release& release, const release::ImageEntry& entry,
                 const Image& image, const std::optional<Digest>& whole, bundle::Spool& spool) {
  Scans scans;
  Problems problems;
  for (const release::ScanEntry& scan : entry.scans) {
    try {
      const std::string text = read_file(release.folder / scan.path, kMaxReport);
      const ScanReport report = parse_scan_report(text, scan.path);
      const std::set<Digest> of = scan.of ? std::set{*scan.of} : report.of;
      const std::vector<Digest> manifests = covered(image, whole, of);
      if (manifests.empty()) {
        while_doing(scan.path, [&] { refuse(image, of); });
      }
      scans.reports.push_back(spool.keep(report.media_type, text));
      release::CarriedScan carried{
          .report = scans.reports.back().digest, .tool = report.tool, .of = manifests};
      for (const auto& [id, severity] : report.found) {
        ++carried.found[severity];
        release::Severity& kept = scans.found.emplace(id, severity).first->second;
        kept = std::max(kept, severity);
      }
      scans.carried.push_back(std::move(carried));
      scans.manifests.insert(manifests.begin(), manifests.end());
    } catch (const Error& error) {
      if (error.code() != Errc::invalid_input && error.code() != Errc::io) throw;
      problems.add(error);
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return scans;
}

}  // namespace sealift::builder
