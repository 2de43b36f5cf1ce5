// SPDX-License-Identifier: Apache-2.0
#include "bundle/delta/delta_head.hpp"
#include "bundle/delta/step.hpp"
#include "content/frames.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

// Small, because 8 MiB can come out of 300 bytes.
constexpr std::size_t kMaxInput = 4096;

}  // namespace

// The head, what stands behind it as steps, and each patch on a prefix of its own.
const Target kDelta("delta", [](std::string_view bytes) {
  if (bytes.size() > kMaxInput) return;
  StringSource source(bytes);
  const bundle::DeltaHead head = bundle::read_delta_head(source, "delta");
  require(bytes.starts_with(to_text(head)), "a head has one spelling");
  while (true) {
    const bundle::Step step = bundle::read_step(source, "delta");
    std::string prefix;
    std::uint64_t content = 0;
    for (const bundle::Part& part : step.parts) {
      if (part.kind == bundle::Part::Kind::prefix) prefix.append(part.range.length % 4096, 'p');
      if (part.kind != bundle::Part::Kind::prefix) content += part.range.length;
    }
    require(content == step.content, "the parts are the content");
    even_if_refused([&] {
      require(content::decompress_patch(step.patch, prefix).size() <= content::kFrameContent,
              "a patch gives at most 8 MiB");
    });
  }
});

}  // namespace sealift::fuzz
