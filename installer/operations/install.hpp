// SPDX-License-Identifier: Apache-2.0
#pragma once

// The installer's half of the road: accept a bundle, plan, carry the plan out, keep what is needed
// to go back, forget the rest. Every function that changes the site needs the site's lock to be
// held.

#include <optional>
#include <string>

#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "bundle/verified.hpp"
#include "installer/content/site_content.hpp"
#include "installer/driver/driver.hpp"
#include "installer/planning/planner.hpp"
#include "installer/records/state.hpp"
#include "installer/site/audit.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// What the functions here work with, made by each command.
struct Tools {
  const Installation& installation;
  const Clock& clock;
  Workers& workers;
  Progress& progress;
  const Drivers& drivers;

  AuditLog audit() const { return AuditLog(installation.layout.audit(), clock); }
  bundle::Trust trust(bundle::Expiry expiry = bundle::Expiry::refused) const;
};

// A bundle that was verified and now lies in the store.
struct Accepted {
  bundle::VerifiedBundle verified;
  std::string name;  // in the store
  bool was_there;    // before this command

  SiteContent content(const Tools& tools, const release::Values& set = {}) const;
};

// Copies the file into the private store while nothing else can write there, verifies the copy, and
// keeps it. A refused bundle leaves one audit line.
Accepted accept(const Tools& tools, const fs::path& file, bundle::Expiry expiry);
// What the audit log says of a judgement: digest, version, root, keys.
Json evidence(const bundle::Judgement& judgement);
// Takes an accepted bundle out of the store again, unless a transaction that is open or committed
// needs it: that is asked of the journals.
void forget(const Tools& tools, const Accepted& accepted);
// forget(), and a line of the audit log, where no transaction was begun. `draft` is null where
// there was none yet.
void refuse(const Tools& tools, const Accepted& accepted, const Draft* draft, const Error& error);

// Adds a line about `error` to the audit log. Where that fails it is a warning: the failure itself
// matters more.
void audit_failure(const Tools& tools, const std::string& event, Json details, const Error& error);

// The content of a revision that this site has had.
SiteContent content_of(const Tools& tools, const Revision& revision);

// The values that a kept revision was applied with.
release::Values kept_values(const Layout& layout, const Revision& revision);

// Brings the site to a state in which something new may begin: leftovers of `stage` are undone
// without asking; for anything later Error{needs_operator} says what to run.
void settle(const Tools& tools);

// Space, journal, transaction, then what follows its end. `values` are those of the new revision.
// Throws where the transaction did not commit, and Error{needs_operator} also where it did and
// users are still kept out. Anything else that fails behind the commit is a warning: the next
// command does it, and `status` says so.
void carry_out(const Tools& tools, const Draft& draft, Content& content,
               const release::Values& values, const std::vector<signing::Root>& newer_roots);

enum class Direction {
  back,
  back_with_database,  // giving up what was written to databases since their backups
  forward
};
// What a recovery has left in place, and what it has made sure of, for people.
using Proof = std::vector<std::string>;
// Ends a transaction that was cut off; nothing where there is none.
std::optional<Proof> recover(const Tools& tools, Direction direction,
                             const std::string& reason = {});

// Ends a transaction that was cut off as a person says: `ending` is commit or abort. Nothing on the
// targets is changed; `found` is audited.
void end_by_hand(const Tools& tools, Event ending, const std::string& why, const Json& found);

struct Pruned {
  std::uint64_t releases = 0;
  std::uint64_t bundles = 0;
};
// Removes what neither the current release, its rollback target nor the retention rule needs.
Pruned prune(const Tools& tools, const State& state);

}  // namespace sealift::installer
