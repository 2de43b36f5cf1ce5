// SPDX-License-Identifier: Apache-2.0
#include "release/project/lock_file.hpp"

#include "base/format.hpp"
#include "base/json.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

fs::path lock_file(const fs::path& folder) {
  return folder / "release.lock.yaml";
}

std::optional<Locked> load_lock(const fs::path& folder) {
  if (!path_exists(lock_file(folder))) return std::nullopt;
  const YamlDocument document = YamlDocument::load(lock_file(folder));
  throw_mistakes(check_schema(document, "lock.schema.json"));
  Locked locked;
  for (const auto& [from, digest] : document.value()["images"].items()) {
    locked.images.emplace(from, Digest::parse(digest.get<std::string>()));
  }
  locked.verified = document.value().value("verified", locked.verified);
  return locked;
}

void write_lock(const fs::path& folder, const Locked& locked) {
  std::string text =
      "# Written by `sealift lock`. Commit it: builds take these images and no others.\n"
      "schema: 1\n";
  text += locked.images.empty() ? "images: {}\n" : "images:\n";
  for (const auto& [from, digest] : locked.images) {
    text += format("  {}: {}\n", to_canonical(Json(from)), digest.str());
  }
  if (!locked.verified.empty()) text += "verified:\n";
  for (const auto& [from, proven] : locked.verified) {
    text += format("  {}:\n", to_canonical(Json(from)));
    for (const std::string& each : proven) text += format("    - {}\n", to_canonical(Json(each)));
  }
  write_file(lock_file(folder), text);
}

}  // namespace sealift::release
