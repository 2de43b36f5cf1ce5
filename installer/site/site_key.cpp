// SPDX-License-Identifier: Apache-2.0
#include "installer/site/site_key.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/site/private_file.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kLargestKeyFile = 4096;  // bytes
constexpr const char* kMakeAnother =
    "restore it from a backup of the state folder; without one make another, which is audited: "
    "sealift-installer init";

void demand(const fs::path& file) {
  if (entry_exists(file)) return;
  throw Error(Errc::untrusted, format("{}: the site's key is missing", file.string()),
              kMakeAnother);
}

}  // namespace

// The public part last: whoever finds it finds a pair.
SiteKey SiteKey::make(const Layout& layout) {
  signing::SecretKey key = signing::SecretKey::generate();
  make_dirs(layout.keys(), 0700);
  std::string secret = key.to_file(nullptr);
  write_file(layout.site_key(), secret, FileMode::secret);
  signing::wipe(secret);
  write_file(layout.site_public_key(), key.to_public_file());
  return SiteKey(std::move(key));
}

SiteKey SiteKey::read(const Layout& layout) {
  const fs::path file = layout.site_key();
  demand(file);
  const signing::Secret kept = read_private_file(file, kLargestKeyFile);
  try {
    return SiteKey(signing::SecretKey::parse(kept.view(), file.string(), [&]() -> signing::Secret {
      throw Error(Errc::untrusted,
                  format("{}: is encrypted, expected a key without a passphrase", file.string()));
    }));
  } catch (const Error& error) {
    throw Error(Errc::untrusted, error.message(), kMakeAnother);
  }
}

bool has_site_key(const Layout& layout) {
  return path_exists(layout.site_key()) && path_exists(layout.site_public_key());
}

signing::PublicKey site_public_key(const Layout& layout) {
  const fs::path file = layout.site_public_key();
  demand(file);
  return blame(Errc::untrusted, "the site's key", [&] {
    return signing::parse_public_key(read_file(file, kLargestKeyFile), file.string());
  });
}

}  // namespace sealift::installer
