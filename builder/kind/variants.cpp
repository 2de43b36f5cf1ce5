// SPDX-License-Identifier: Apache-2.0
#include "builder/kind/variants.hpp"

namespace sealift::builder {

// Nothing is begun before take(): the list must not grow under a job.
void Variants::want(std::string name, content::Encoding encoding) {
  wanted_.push_back({std::move(name), encoding});
}

// Work is begun only as far ahead as the queue has room, so memory stays bounded.
Variants::Variant Variants::take() {
  while (begun_ < wanted_.size() && !made_.full()) {
    const Wanted& next = wanted_[begun_++];
    made_.put([this, &next] { return make(folder_, next); });
  }
  return made_.take();
}

// Runs in a thread of its own, and reads the file a second time: it was packed as a stream.
Variants::Variant Variants::make(const Dir& folder, const Wanted& wanted) {
  const Fd fd = folder.open_file(wanted.name);
  FdSource source(fd.get(), folder.path() + "/" + wanted.name);
  const std::string original = read_all(source, kMaxVariantOf, wanted.name);
  std::string packed = content::encode(wanted.encoding, original);
  if (!content::pays(original.size(), packed.size())) packed.clear();
  return {.of = Digest::of(original), .content = std::move(packed)};
}

}  // namespace sealift::builder
