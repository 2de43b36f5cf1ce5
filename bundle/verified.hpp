// SPDX-License-Identifier: Apache-2.0
#pragma once

// A VerifiedBundle is the proof that a bundle may be used: enough trusted people approved exactly
// this release for this environment, and every byte is what they approved. Nothing else makes one,
// and the installer accepts nothing else.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "bundle/medium.hpp"
#include "bundle/reader.hpp"
#include "signing/approvals.hpp"
#include "signing/root.hpp"
#include "signing/statement.hpp"

namespace sealift::bundle {

// Which root judges.
enum class Standpoint {
  newest,   // the newest that the bundle's chain leads to, unless it has expired
  as_given  // Trust::root itself, whatever came after it: to explain an old bundle, never to apply
};

// What an expired root, or a release older than the site's policy allows, means.
enum class Expiry { refused, accepted };

// Whom a site believes.
struct Trust {
  signing::Root root;
  std::string environment;  // empty: the approvers of environments without a role of their own
  signing::Policy policy;   // what the site asks for beyond the root
  Time now;                 // as far as the site knows
  Standpoint standpoint = Standpoint::newest;
  Expiry expiry = Expiry::refused;
};

// What can be said about a bundle before its first payload byte is read.
struct Judgement {
  Digest release;                               // D, as index.json names it
  signing::Root root;                           // the one that judged
  std::vector<signing::Root> newer;             // those that the bundle's chain adds, oldest first
  std::optional<signing::Count> count;          // nothing where the chain itself was refused
  std::optional<signing::Statement> statement;  // only where enough trusted keys signed it
  std::optional<Error> refusal;                 // the first reason to refuse
};

// Never throws: what is wrong is the judgement's refusal.
Judgement judge(const Reader::Claim& claim, const Trust& trust);

class VerifiedBundle {
 public:
  const Contents& contents() const { return contents_; }
  const Judgement& judgement() const { return judgement_; }
  const signing::Statement& statement() const { return *judgement_.statement; }

 private:
  friend class Verifier;
  VerifiedBundle(Contents contents, Judgement judgement)
      : contents_(std::move(contents)), judgement_(std::move(judgement)) {}
  Contents contents_;
  Judgement judgement_;
};

// The proof that a release may be planned: enough trusted people approved exactly this release for
// this environment, and what was asked for of its payload is what they approved. Nothing may be
// applied from it: that takes a VerifiedBundle.
class ApprovedRelease {
 public:
  const Contents& contents() const { return contents_; }
  const Judgement& judgement() const { return judgement_; }
  // Bytes of payload that were not compared with their digests.
  std::uint64_t unread() const { return unread_; }

 private:
  friend class Verifier;
  ApprovedRelease(Contents contents, Judgement judgement, std::uint64_t unread)
      : contents_(std::move(contents)), judgement_(std::move(judgement)), unread_(unread) {}
  Contents contents_;
  Judgement judgement_;
  std::uint64_t unread_;
};

// How much of a payload is read where not all of it has to be.
struct Extent {
  std::uint64_t whole;  // a payload of at most so many bytes is verified as a VerifiedBundle is
  std::function<std::vector<Digest>(const Contents&)> wanted;  // blobs of a larger one
};

// Verifies one bundle, from its first byte to its last.
class Verifier {
 public:
  // `name` is for messages. Everything given must outlive this.
  Verifier(Source& file, std::string name, const Trust& trust, Workers& workers);

  // Reads what stands before the release's own documents. Throws Error{corrupt} where even that
  // cannot be read.
  const Judgement& judgement();
  // Reads the rest. Throws Error{untrusted}, or whatever the judgement's refusal is, before
  // anything of the release itself is parsed; Error{corrupt} for any byte that is not as approved.
  VerifiedBundle verify(Progress& progress);
  // The same as far as `extent` says; `bytes` are the same file, whose length is compared with what
  // its documents say.
  ApprovedRelease approve(const RandomAccess& bytes, const Extent& extent, Progress& progress);

 private:
  Contents read_approved();
  std::string name_;
  const Trust& trust_;
  Workers& workers_;
  Reader reader_;
  std::optional<Judgement> judgement_;
};

// As a Verifier does it, for bytes for which nobody has vouched yet: on threads that can change
// nothing (base/sandbox.hpp). `judged` is told the judgement as soon as it is known, once, also
// where the bundle is then refused.
using Judged = std::function<void(const Judgement&)>;
Judgement judge_confined(Medium& medium, const Trust& trust);
ApprovedRelease approve_confined(Medium& medium, const Trust& trust, const Extent& extent,
                                 Progress& progress);
VerifiedBundle verify_confined(
    Medium& medium, const Trust& trust, Progress& progress,
    const Judged& judged = [](const Judgement&) {});
VerifiedBundle verify_confined(
    Source& file, const std::string& name, const Trust& trust, Progress& progress,
    const Judged& judged = [](const Judgement&) {});

}  // namespace sealift::bundle
