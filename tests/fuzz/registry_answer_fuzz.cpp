// SPDX-License-Identifier: Apache-2.0
#include "net/registry_answers.hpp"

#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

// The same bytes as each answer that a registry gives beside manifests and blobs.
const Target kRegistryAnswer("registry_answer", [](std::string_view bytes) {
  require(net::read_complaint(bytes).size() <= 6 * bytes.size() + 4,
          "a complaint says no more than the answer");
  even_if_refused([&] {
    for (const std::string& tag : net::read_tags(bytes, "tags")) {
      require(tag.size() <= bytes.size(), "a tag is a part of the answer");
    }
  });
  even_if_refused([&] { net::read_token(bytes, "token"); });
});

}  // namespace sealift::fuzz
