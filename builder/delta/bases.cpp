// SPDX-License-Identifier: Apache-2.0
#include "builder/delta/bases.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "bundle/reader.hpp"

namespace sealift::builder {

namespace {

constexpr std::string_view kBundleEnding = ".bundle.tar.zst";

// By D, whatever the files are called.
std::map<Digest, fs::path> bundles_in(const fs::path& folder, Workers& workers) {
  std::map<Digest, fs::path> bundles;
  for (const Entry& entry : Dir::open(folder).entries()) {
    if (entry.type != EntryType::file || !entry.name.ends_with(kBundleEnding)) continue;
    const fs::path path = folder / entry.name;
    const Fd fd = open_for_reading(path);
    FdSource file(fd.get(), path.string());
    bundles.emplace(bundle::read_documents(file, path.string(), workers).digest(), path);
  }
  return bundles;
}

// The uses of a release on a site are listed in the order in which they are good for a base.
const fs::path* base_for(const release::SiteReceipt& receipt,
                         const std::map<Digest, fs::path>& bundles) {
  const fs::path* best = nullptr;
  std::optional<release::HeldAs> use;
  for (const release::HeldRelease& held : receipt.held) {
    const auto found = bundles.find(held.digest);
    if (found == bundles.end() || (use && *use <= held.use)) continue;
    best = &found->second;
    use = held.use;
  }
  return best;
}

std::string held_text(const release::SiteReceipt& receipt) {
  std::vector<std::string> versions;
  for (const release::HeldRelease& held : receipt.held) {
    versions.push_back(format("{} {}", held.name, held.version));
  }
  return versions.empty() ? "no bundle" : joined(versions, ", ");
}

}  // namespace

Bases bases_for(const std::vector<release::SiteReceipt>& receipts, const fs::path& folder,
                const Digest& target, Workers& workers) {
  const std::map<Digest, fs::path> bundles = bundles_in(folder, workers);
  std::map<fs::path, std::vector<std::string>> sites;
  Bases bases;
  std::vector<Problem> problems;
  for (const release::SiteReceipt& receipt : receipts) {
    if (std::any_of(receipt.held.begin(), receipt.held.end(),
                    [&](const auto& held) { return held.digest == target; })) {
      bases.done.push_back(receipt.site);
      continue;
    }
    if (const fs::path* base = base_for(receipt, bundles)) {
      sites[*base].push_back(receipt.site);
      continue;
    }
    problems.push_back(
        {format("site {} holds {}, of which no bundle is in {}", receipt.site, held_text(receipt),
                folder.string()),
         "name the folder of old bundles with --bundles, or carry the whole bundle"});
  }
  if (!problems.empty()) throw Error(Errc::incompatible, std::move(problems));
  bases.needed.reserve(sites.size());
  for (auto& [base, names] : sites) bases.needed.push_back({base, std::move(names)});
  return bases;
}

}  // namespace sealift::builder
