// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site as found on disk: who it is, what its operator says, whom it trusts.

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "installer/site/audit.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"
#include "signing/root.hpp"

namespace sealift::installer {

struct Installation {
  Layout layout;
  std::string id;
  release::Site site;
  std::string site_text;  // site.yaml as it is
};

// Throws Error{usage} where there is no site yet, Error{invalid_input} for mistakes in site.yaml.
Installation open_installation(const Layout& layout);

// Error{corrupt} where transactions are kept and who the site is was lost: another identity would
// take them for its own.
void refuse_lost_identity(const Layout& layout);

// Makes those folders of the state again that may be empty: what was in them comes back from
// bundles, or a person brings it.
void restore_folders(const Layout& layout);

// Removes what a command that was cut off was writing into the state. Only who holds the site may:
// nobody else is writing then.
void remove_unfinished_files(const Layout& layout);

// The newest root that the site accepted; Error{untrusted} where it trusts nobody yet.
signing::Root trusted_root(const Layout& layout);
// One that it accepted once; Error{usage} where it never did.
signing::Root accepted_root(const Layout& layout, std::uint64_t version);
// Keeps newer roots, oldest first, each with a line in the audit log; one that is there already
// changes nothing.
void store_roots(const Layout& layout, const std::vector<signing::Root>& roots, AuditLog audit);

// What time it is, as far as this site knows: a clock that is behind the latest time that the site
// has seen is wrong, and not believed.
Time believed_now(const Layout& layout, const Clock& clock);
// Remembers that it is at least `time`.
void remember_time(const Layout& layout, Time time);

}  // namespace sealift::installer
