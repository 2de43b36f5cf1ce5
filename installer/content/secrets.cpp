// SPDX-License-Identifier: Apache-2.0
#include "installer/content/secrets.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/site/identity.hpp"

namespace sealift::installer {

namespace {

// Whom a file of the site may belong to, and who else may read it: its group, at most.
void check_access(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    throw Error(Errc::untrusted, format("{}: is no regular file", printable(path)));
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    throw Error(Errc::untrusted, format("{}: belongs to the user {}, expected root or {}",
                                        printable(path), status.st_uid, ::geteuid()));
  }
  if ((status.st_mode & 037) != 0) {
    throw Error(
        Errc::untrusted,
        format("{}: has the mode {:04o}, expected 0600 or 0640", printable(path),
               status.st_mode & 07777U),
        format("chmod 600 {}; if somebody has read it, change the secret", printable(path)));
  }
}

// The worst of several failures names the kind of all: bytes that were changed before access that
// is too wide before what is only missing.
Errc worse(Errc a, Errc b) {
  for (const Errc each : {Errc::corrupt, Errc::untrusted, Errc::invalid_input}) {
    if (a == each || b == each) return each;
  }
  return Errc::incompatible;
}

}  // namespace

SecretFiles secret_files(const release::Site& site) {
  return {.environment = site.environment, .files = site.secrets};
}

Secrets::Secrets(const Layout& layout, SecretFiles own, const release::ReleaseDocument& document)
    : layout_(layout), own_(std::move(own)), contract_(document.contract) {
  const auto sealed = document.sealed.find(own_.environment);
  if (sealed != document.sealed.end()) sealed_ = sealed->second;
}

bool Secrets::has(const std::string& key) const {
  return contract_.is_secret(key) || sealed_.contains(key) || own_.files.contains(key);
}

// A key that is sealed or in a file has a value, whatever the contract says of it.
bool Secrets::is_optional(const std::string& key) const {
  const release::Key* declared = contract_.find(key);
  return declared != nullptr && !declared->required && !sealed_.contains(key) &&
         !own_.files.contains(key);
}

void Secrets::open(const std::set<std::string>& keys) {
  Problems problems;
  Errc code = Errc::incompatible;
  for (const std::string& key : keys) {
    if (opened_.contains(key)) continue;
    try {
      const auto own = own_.files.find(key);
      opened_.emplace(key, own != own_.files.end() ? read_own(key, own->second) : unseal(key));
    } catch (const Error& error) {
      if (error.code() == Errc::io || error.code() == Errc::internal) throw;
      code = worse(code, error.code());
      problems.add(error.within(format("secret {}", key)));
    }
  }
  problems.throw_if_any(code);
}

// Asked by name first, for a pipe would block an open; and once more when it is open, for it may
// have been replaced between. One line end at the end is an editor's.
signing::Secret Secrets::read_own(const std::string& key, const std::string& path) const {
  const auto refuse = [&](const std::string& found) {
    throw Error(Errc::invalid_input, format("{}: {}", printable(path), found),
                format("see secrets.{} in site.yaml", key));
  };
  const std::optional<struct stat> found = status_of(path);
  if (!found) refuse("is missing");
  check_access(path, *found);
  const Fd fd = open_for_reading(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw_errno(path, "stat");
  check_access(path, status);
  std::string text(release::kMaxSecretBytes + 2, '\0');
  text.resize(read_at(fd.get(), 0, text, path));
  if (text.ends_with('\n')) text.pop_back();
  const std::size_t size = text.size();
  const bool is_text = is_utf8(text) && text.find('\0') == text.npos;
  signing::Secret secret = signing::Secret::taken_from(text);
  if (size == 0) refuse("is empty");
  if (size > release::kMaxSecretBytes || !is_text) {
    refuse(format("found more than {} bytes, or no UTF-8 without NUL", release::kMaxSecretBytes));
  }
  return secret;
}

// An age file names no recipients (age-encryption.org/v1, X25519 stanza), so each is tried. Only
// "not for this identity" leads on to the next: bytes that were changed are refused at once.
signing::Secret Secrets::unseal(const std::string& key) const {
  const auto sealed = sealed_.find(key);
  if (sealed == sealed_.end()) {
    throw Error(Errc::incompatible, format("is not sealed for {}", own_.environment),
                format("put it into a file and name it in site.yaml, secrets: {{{}: {{file: "
                       "...}}}}; or carry a release that has it",
                       key));
  }
  const std::vector<signing::AgeIdentity> identities = known_identities(layout_);
  // Its own comes first; which of the sites' is its own, its identity says.
  std::vector<std::string> sites;
  for (const auto& [site, unused] : sealed->second) sites.push_back(site);
  std::stable_partition(sites.begin(), sites.end(), [](const auto& each) { return !each.empty(); });
  for (const std::string& site : sites) {
    const release::SecretPlace place{.environment = own_.environment, .key = key, .site = site};
    for (const signing::AgeIdentity& identity : identities) {
      try {
        return release::unseal(sealed->second.at(site), identity, place);
      } catch (const Error& error) {
        if (error.code() != Errc::untrusted) throw;
      }
    }
  }
  throw Error(Errc::incompatible,
              format("is not sealed for this site, whose recipient is {}",
                     identities.front().recipient().str()),
              format("add the recipient to environments/recipients.yaml of {}, run: sealift secret "
                     "rekey {}, and build again",
                     own_.environment, own_.environment));
}

}  // namespace sealift::installer
