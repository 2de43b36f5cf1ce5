// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site as found on disk: who it is, what its operator says, whom it trusts.

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "installer/audit.hpp"
#include "installer/layout.hpp"
#include "release/site.hpp"
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

// The newest root that the site accepted; Error{untrusted} where it trusts nobody yet.
signing::Root trusted_root(const Layout& layout);
// Keeps a newer root; an older or equal one changes nothing.
void store_root(const Layout& layout, const signing::Root& root);

}  // namespace sealift::installer
