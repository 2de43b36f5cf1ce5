// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bundle on its way into the store of the site: copied, verified, kept. The lock of the site is
// held.

#include <string>

#include "installer/content/site_content.hpp"
#include "installer/operations/tools.hpp"
#include "installer/planning/draft.hpp"

namespace sealift::installer {

// A bundle that was verified and now lies in the store.
struct Accepted {
  bundle::VerifiedBundle verified;
  std::string name;  // in the store
  bool was_there;    // before this command
  Time judged;       // the time at which its trust was

  SiteContent content(const Tools& tools, const release::Values& set = {}) const;
};

// Copies what open_medium() takes into the private store while nothing else can write there,
// verifies the copy, and keeps it. A refused bundle leaves one audit line.
Accepted accept(const Tools& tools, const std::vector<std::string>& given, bundle::Expiry expiry);
// How the audit log names what was given: the file, or the first of several.
std::string given_name(const std::vector<std::string>& given);
// What the audit log says of a judgement: digest, version, root, keys.
Json evidence(const bundle::Judgement& judgement);
// Takes an accepted bundle out of the store again, and the file tables that planning has written,
// unless a transaction that is open or committed needs them: that is asked of the journals.
void forget(const Tools& tools, const Accepted& accepted);
// forget(), and a line of the audit log, where no transaction was begun. `draft` is null where
// there was none yet.
void refuse(const Tools& tools, const Accepted& accepted, const Draft* draft, const Error& error);

// Whether an entry of the store is a copy that was being made.
bool is_incoming(std::string_view entry);
// Removes copies that were cut off. Called with the site's lock, under which nobody else can be
// making one.
void remove_incoming(const Layout& layout);

}  // namespace sealift::installer
