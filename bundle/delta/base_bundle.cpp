// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/base_bundle.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::bundle {

BaseBundle::BaseBundle(const fs::path& file, Workers& workers)
    : path_(file),
      fd_(open_for_reading(file)),
      contents_(read_documents(fd_.get(), file.string(), workers)),
      payload_(fd_.get(), file.string(), contents_) {}

DeltaHead::Side BaseBundle::side() const {
  return {.name = contents_.document.name,
          .version = contents_.document.version,
          .release = contents_.digest()};
}

void require_base(const DeltaHead& head, const BaseBundle& base) {
  if (head.base.release == base.contents().digest()) return;
  throw Error(Errc::incompatible,
              format("{}: holds {}, the delta was made on {}", base.path().string(),
                     to_text(base.side()), to_text(head.base)),
              "give the bundle of that release, or carry the whole bundle");
}

std::string to_text(const DeltaHead::Side& side) {
  return format("{} {} ({})", printable(side.name), printable(side.version), side.release.str());
}

}  // namespace sealift::bundle
