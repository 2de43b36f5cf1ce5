// SPDX-License-Identifier: Apache-2.0
#include "installer/site/identity.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "installer/site/private_file.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kLargest = 64 << 10;  // bytes
// "former-ID.age": the identity of a site that this one was restored from.
constexpr std::string_view kFormer = "former-";
constexpr std::string_view kEnding = ".age";

signing::AgeIdentity read_identity(const fs::path& file) {
  return signing::AgeIdentity::from_file(read_private_file(file, kLargest).view(), file.string());
}

}  // namespace

// Read back after it was written, so that the first use finds what every later one finds.
signing::AgeIdentity site_identity(const Layout& layout, Time now) {
  const fs::path file = layout.age_identity();
  if (!entry_exists(file)) {
    const signing::AgeIdentity made = signing::AgeIdentity::generate();
    make_dirs(layout.keys(), 0700);
    std::string text = made.to_file(now);
    write_file(file, text, FileMode::secret);
    signing::wipe(text);
  }
  return existing_identity(layout);
}

signing::AgeIdentity existing_identity(const Layout& layout) {
  const fs::path file = layout.age_identity();
  if (!entry_exists(file)) {
    throw Error(Errc::untrusted, format("{}: the site's identity is missing", file.string()),
                "restore it from a backup of the state folder; without it the release has to be "
                "sealed to a new one");
  }
  return read_identity(file);
}

std::vector<signing::AgeIdentity> known_identities(const Layout& layout) {
  std::vector<signing::AgeIdentity> known;
  known.push_back(existing_identity(layout));
  for (const Entry& each : Dir::open(layout.keys()).entries()) {
    if (!each.name.starts_with(kFormer) || !each.name.ends_with(kEnding)) continue;
    known.push_back(read_identity(layout.keys() / each.name));
  }
  return known;
}

void retire_identity(const Layout& layout, const std::string& id) {
  const Dir keys = Dir::open(layout.keys());
  const std::string file = layout.age_identity().filename().string();
  if (!keys.stat(file)) return;
  keys.rename(file, format("{}{}{}", kFormer, id, kEnding));
  keys.sync();
}

}  // namespace sealift::installer
