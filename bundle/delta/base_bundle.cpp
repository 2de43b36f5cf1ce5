// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/base_bundle.hpp"

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::bundle {

namespace {

Contents documents_of(const RandomAccess& file, const std::string& name, Workers& workers) {
  AccessSource source(file, 0);
  return read_documents(source, name, workers);
}

}  // namespace

BaseBundle::BaseBundle(const fs::path& file, Workers& workers)
    : path_(file),
      file_(file),
      contents_(documents_of(file_, file.string(), workers)),
      payload_(file_, file.string(), contents_) {}

void require_base(const DeltaHead& head, const BaseBundle& base) {
  if (head.base.digest == base.contents().digest()) return;
  throw Error(Errc::incompatible,
              format("{}: holds {}, the delta was made on {}", base.path().string(),
                     to_text(base.contents().named()), to_text(head.base)),
              "give the bundle of that release, or carry the whole bundle");
}

}  // namespace sealift::bundle
