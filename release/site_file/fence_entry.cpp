// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/fence_entry.hpp"

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/documents/workload.hpp"

namespace sealift::release {

namespace {

constexpr const char* kForm =
    "write fence: {close: [...], open: [...]}, fence: {kubernetes: [app/Deployment/web]}, or both";

// The schema has seen both slashes.
FencedWriter writer_of(const std::string& text) {
  const std::size_t first = text.find('/');
  const std::size_t last = text.rfind('/');
  return {.target = text.substr(0, first),
          .kind = text.substr(first + 1, last - first - 1),
          .name = text.substr(last + 1)};
}

}  // namespace

Fence read_fence(const Json& value) {
  using Words = std::vector<std::string>;
  Fence fence{.close = value.value("close", Words{}),
              .open = value.value("open", Words{}),
              .secrets = value.value("secrets", Words{})};
  for (const std::string& each : value.value("kubernetes", Words{})) {
    fence.writers.push_back(writer_of(each));
  }
  return fence;
}

void check_fence(const YamlDocument& document, const Site& site, std::vector<Mistake>& mistakes) {
  if (!site.fence) return;
  const Fence& fence = *site.fence;
  const auto refuse = [&](const std::string& pointer, const std::string& found,
                          const std::string& hint) {
    mistakes.push_back(
        {document.line_of(pointer), {format("{}: {}", document.where(pointer), found), hint}});
  };
  if (fence.close.empty() != fence.open.empty()) {
    refuse(
        "/fence",
        format("found {} alone, expected close and open", fence.close.empty() ? "open" : "close"),
        kForm);
  } else if (fence.close.empty() && fence.writers.empty()) {
    refuse("/fence", "found no commands and no writers, expected one of them", kForm);
  }
  for (std::size_t i = 0; i < fence.writers.size(); ++i) {
    const std::string& name = fence.writers[i].target;
    const auto target = site.targets.find(name);
    if (target != site.targets.end() && target->second.driver == kKubernetes) continue;
    refuse(format("/fence/kubernetes/{}", i),
           format("found {}, expected a target of the driver kubernetes", printable(name, 80)),
           "a writer is TARGET/KIND/NAME, and TARGET its key in targets");
  }
}

}  // namespace sealift::release
