// SPDX-License-Identifier: Apache-2.0
#pragma once

// A VerifiedBundle is the proof that a bundle may be used: enough trusted people approved exactly
// this release for this environment, and every byte is what they approved. Nothing else makes one,
// and the installer accepts nothing else.

#include <string>

#include "base/clock.hpp"
#include "bundle/reader.hpp"
#include "signing/approvals.hpp"
#include "signing/root.hpp"
#include "signing/statement.hpp"

namespace sealift::bundle {

// Whom a site believes.
struct Trust {
  signing::Root root;
  std::string environment;  // empty: the approvers of environments without a role of their own
  Time now;
};

// Why a bundle may be believed.
struct Judgement {
  signing::Root root;  // the newest that the bundle's chain leads to
  signing::Approvals approvals;
  signing::Statement statement;
};

// Judges what stands before the first payload byte. Throws Error{untrusted}.
Judgement judge(const Reader::Claim& claim, const Trust& trust);

class VerifiedBundle {
 public:
  // Reads all of `file`. Throws Error{untrusted} before anything of the release itself is parsed,
  // Error{corrupt} for any byte that is not as approved.
  static VerifiedBundle verify(Source& file, const std::string& name, const Trust& trust,
                               Workers& workers, Progress& progress);

  const Contents& contents() const { return contents_; }
  const Judgement& judgement() const { return judgement_; }

 private:
  VerifiedBundle(Contents contents, Judgement judgement)
      : contents_(std::move(contents)), judgement_(std::move(judgement)) {}
  Contents contents_;
  Judgement judgement_;
};

}  // namespace sealift::bundle
