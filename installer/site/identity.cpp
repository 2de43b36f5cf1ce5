// SPDX-License-Identifier: Apache-2.0
#include "installer/site/identity.hpp"

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kLargest = 64 << 10;  // bytes

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
  const std::optional<struct stat> status = link_status_of(file);
  if (!status) {
    throw Error(Errc::untrusted, format("{}: the site's identity is missing", file.string()),
                "restore it from a backup of the state folder; without it the release has to be "
                "sealed to a new one");
  }
  if ((status->st_mode & 077) != 0) {
    throw Error(Errc::untrusted, format("{}: others than its owner may read it", file.string()),
                format("chmod 600 {}; if somebody has read it, make another", file.string()));
  }
  std::string text = read_file(file, kLargest);
  const signing::Secret kept = signing::Secret::taken_from(text);
  return signing::AgeIdentity::from_file(kept.view(), file.string());
}

}  // namespace sealift::installer
