// SPDX-License-Identifier: Apache-2.0
#pragma once

// What somebody needs who shall help with a site and cannot log in: one JSON document of sections,
// each by itself, without the values of the site's secrets and without accounts of people. Nothing
// else is known to be left out: what services write may hold anything, so it is asked for.

#include <string>
#include <vector>

#include "installer/content/redaction.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

inline constexpr std::string_view kSupportFormat = "sealift-support-1";
inline constexpr std::uint64_t kMaxSupportBytes = 64ULL << 20;

struct SupportOptions {
  bool logs = false;  // the last lines of services as well
};

// A part of it: JSON, or a text.
struct SupportSection {
  std::string name;
  Json content;
};

struct SupportBundle {
  std::string site;
  std::string installer;  // version
  Time made;
  std::vector<SupportSection> sections;
  std::vector<std::string> masked;  // keys of secrets that were looked for
  std::vector<std::string> notes;   // what is not in it and why
};

// Changes nothing and takes no lock. A section that cannot be made says why.
SupportBundle support_bundle_of(const SiteWork& work, const SupportOptions& options,
                                const Clock& clock);

// Canonical, with a newline.
std::string to_text(const SupportBundle& bundle);
// Error{corrupt}.
SupportBundle parse_support_bundle(std::string_view text, const std::string& where);

}  // namespace sealift::installer
