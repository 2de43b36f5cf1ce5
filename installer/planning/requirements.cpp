// SPDX-License-Identifier: Apache-2.0
#include "installer/planning/requirements.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/text.hpp"
#include "installer/site/host.hpp"
#include "release/text/semver.hpp"

namespace sealift::installer {

using release::Version;
using release::VersionRange;

namespace {

[[noreturn]] void throw_incompatible(const std::string& found, const std::string& hint) {
  throw Error(Errc::incompatible, found, hint);
}

bool is_older(const bundle::Contents& contents, const Revision& current) {
  return current.digest &&
         Version::parse(contents.document.version) < Version::parse(current.version);
}

void check_floor(const bundle::Contents& contents, const Revision& current, Floor floor) {
  if (!current.digest) return;  // adopted: any release may follow
  const Version now = Version::parse(current.version);
  const Version offered = Version::parse(contents.document.version);
  if (offered < now && floor == Floor::kept) {
    throw Error(Errc::untrusted,
                format("version {} is older than {}, which this site has accepted", offered.str(),
                       now.str()),
                "to go back to a release that was here before: sealift-installer rollback; to "
                "restore an older one from a bundle, audited: --below-floor");
  }
  if (offered == now && contents.digest() != *current.digest) {
    throw Error(Errc::untrusted,
                format("version {} is here already with the digest {}, the bundle holds {}",
                       now.str(), current.digest->str(), contents.digest().str()),
                "a version is released once; ask for one with a new version");
  }
}

}  // namespace

void check_requirements(const bundle::Contents& contents, const Installation& installation,
                        const State& state, Floor floor) {
  const release::ReleaseDocument& document = contents.document;
  const release::Site& site = installation.site;
  if (document.name != site.release) {
    throw_incompatible(format("the bundle holds the release \"{}\", this site takes \"{}\"",
                              document.name, site.release),
                       "carry a bundle that was built for this site");
  }
  if (!document.environments.contains(site.environment)) {
    throw_incompatible(format("the release has no environment \"{}\"", site.environment),
                       "correct environment in site.yaml, or carry a release that has it");
  }
  if (!document.installer.empty() &&
      !VersionRange::parse(document.installer).contains(Version::parse(SEALIFT_VERSION))) {
    throw_incompatible(format("the release asks for an installer {}, this is {}",
                              document.installer, SEALIFT_VERSION),
                       "use the installer that was delivered with the release");
  }
  if (const auto& arch = document.arch;
      !arch.empty() && std::find(arch.begin(), arch.end(), host_arch()) == arch.end()) {
    throw_incompatible(format("the release is for {}, this host is {}", joined(arch), host_arch()),
                       "carry the bundle for this architecture");
  }
  // What was uninstalled has left its databases and folders, and its version is the oldest that is
  // taken.
  const Revision* last = state.last();
  if (last == nullptr) return;
  check_floor(contents, *last, floor);
  if (is_older(contents, *last)) return;
  const bool repeats = last->digest == contents.digest();
  if (!document.upgrade_from.empty() && last->digest && !repeats) {
    const VersionRange range = VersionRange::parse(document.upgrade_from);
    if (!range.contains(Version::parse(last->version))) {
      const std::string first = range.lowest();
      throw_incompatible(format("release {} upgrades from {}, this site has {}", document.version,
                                document.upgrade_from, last->version),
                         first.empty() ? "carry a release that upgrades from this one first"
                                       : format("carry release {} and apply it first", first));
    }
  }
}

}  // namespace sealift::installer
