// SPDX-License-Identifier: Apache-2.0
#include "installer/content/given_bundle.hpp"

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "bundle/delta/delta_medium.hpp"
#include "bundle/report.hpp"

namespace sealift::installer {

namespace {

// Bundles in the store have the beginning of D in their names.
std::unique_ptr<bundle::BaseBundle> base_in_store(const Layout& layout,
                                                  const bundle::DeltaHead& head) {
  const std::string ending = format("-{}.bundle.tar.zst", head.base.digest.short_hex());
  std::vector<std::string> there;
  for (const Entry& entry : Dir::open(layout.store()).entries()) {
    if (entry.name.starts_with(".")) continue;
    if (entry.name.ends_with(ending)) {
      Workers workers(1);  // it reads documents
      return std::make_unique<bundle::BaseBundle>(layout.store() / entry.name, workers);
    }
    there.push_back(entry.name);
  }
  throw Error(Errc::incompatible,
              format("the delta was made on {}, whose bundle this site has not; its store has {}",
                     to_text(head.base), there.empty() ? "none" : joined(there, ", ")),
              "carry the whole bundle, or a delta on one that is there");
}

}  // namespace

std::unique_ptr<bundle::Medium> open_given(const Layout& layout,
                                           const std::vector<std::string>& given) {
  return bundle::with_base(
      bundle::open_medium(given),
      [&](const bundle::DeltaHead& head) { return base_in_store(layout, head); }, layout.store());
}

bundle::VerifiedBundle verify_given(const Layout& layout, const std::vector<std::string>& given,
                                    const bundle::Trust& trust, Progress& progress,
                                    const bundle::Judged& judged) {
  if (given == std::vector<std::string>{"-"}) {
    return bundle::verify_given(given, trust, progress, judged);
  }
  return bundle::verify_confined(*open_given(layout, given), trust, progress, judged);
}

}  // namespace sealift::installer
