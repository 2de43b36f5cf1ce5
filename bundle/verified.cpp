// SPDX-License-Identifier: Apache-2.0
#include "bundle/verified.hpp"

#include <algorithm>

#include "base/copy.hpp"
#include "base/count.hpp"
#include "base/format.hpp"
#include "base/null_sink.hpp"
#include "base/path.hpp"
#include "base/sandbox.hpp"
#include "bundle/blobs.hpp"
#include "bundle/statement.hpp"
#include "content/media_types.hpp"

namespace sealift::bundle {

namespace {

constexpr std::int64_t kVerifiedDay = 86400;

template <typename Parse>
auto parse_all(const Reader::Claim& claim, std::string_view artifact_type, std::string_view what,
               Parse&& parse) {
  std::vector<decltype(parse(std::string{}, std::string{}))> parsed;
  for (const std::string& text : claim.layers_of(artifact_type)) {
    parsed.push_back(parse(text, format("{}[{}]", what, parsed.size())));
  }
  return parsed;
}

// The last second still counts.
void check_not_expired(const signing::Root& root, Time now) {
  if (now <= root.expires()) return;
  throw Error(
      Errc::untrusted,
      format("the trust root, version {}, expired at {}", root.version(), to_text(root.expires())),
      "ask the release owner for a bundle that carries a newer root; check this host's clock; to "
      "go "
      "on nevertheless, audited: --accept-expired");
}

// Whole days; the part of a day that has begun does not count.
void check_age(const signing::Statement& statement, const signing::Policy& policy, Time now) {
  if (!policy.max_age_days) return;
  const std::int64_t days = (now.seconds - statement.created.seconds) / kVerifiedDay;
  if (days <= *policy.max_age_days) return;
  throw Error(Errc::untrusted,
              format("the release was made {} ago, site.yaml allows {}",
                     count_text(static_cast<std::uint64_t>(days), "day"), *policy.max_age_days),
              "ask for a newer release; to go on nevertheless, audited: --accept-expired");
}

// Of the statement and not of the documents: that is what approvers have read.
void check_environment(const signing::Statement& statement, const std::string& environment) {
  const auto& meant = statement.environments;
  if (environment.empty() || std::find(meant.begin(), meant.end(), environment) != meant.end()) {
    return;
  }
  throw Error(Errc::incompatible,
              format("the release is not meant for the environment \"{}\"", environment),
              "carry a release whose release.yaml lists this environment");
}

// Fills in what can be said, until something is to be refused.
void decide(const Reader::Claim& claim, const Trust& trust, Judgement& judgement) {
  const std::vector<std::string> statements = claim.layers_of(media_type::kStatement);
  if (statements.size() != 1) {
    throw Error(Errc::untrusted,
                format("found {} statements about the release, expected one", statements.size()));
  }
  if (trust.standpoint == Standpoint::newest) {
    judgement.newer = follow_chain(
        trust.root, parse_all(claim, media_type::kRootChain, "root chain", signing::Root::parse));
    if (!judgement.newer.empty()) judgement.root = judgement.newer.back();
  }
  judgement.count =
      count_approvals(judgement.root, trust.environment, trust.policy,
                      parse_all(claim, media_type::kApproval, "approval", signing::Approval::parse),
                      statements.front());
  require_enough(*judgement.count);
  // Only now is the statement read: enough trusted keys signed these very bytes.
  judgement.statement = signing::parse_statement(statements.front(), "statement");
  const signing::Statement& statement = *judgement.statement;
  if (statement.release != claim.release.digest) {
    throw Error(Errc::untrusted, format("the approvals are for the release {}, the bundle holds {}",
                                        statement.release.str(), claim.release.digest.str()));
  }
  check_environment(statement, trust.environment);
  if (trust.standpoint == Standpoint::as_given || trust.expiry == Expiry::accepted) return;
  // A release was made before now, whatever the clock says.
  const Time now = std::max(trust.now, statement.created);
  check_not_expired(judgement.root, now);
  check_age(statement, trust.policy, now);
}

}  // namespace

// What was found before the refusal stays in the judgement: reports show it.
Judgement judge(const Reader::Claim& claim, const Trust& trust) {
  Judgement judgement{.release = claim.release.digest,
                      .root = trust.root,
                      .newer = {},
                      .count = {},
                      .statement = {},
                      .refusal = {}};
  try {
    decide(claim, trust, judgement);
  } catch (const Error& error) {
    judgement.refusal = error;
  }
  return judgement;
}

Verifier::Verifier(Source& file, std::string name, const Trust& trust, Workers& workers)
    : name_(std::move(name)), trust_(trust), workers_(workers), reader_(file, workers, name_) {}

const Judgement& Verifier::judgement() {
  if (!judgement_) judgement_ = judge(reader_.read_claim(), trust_);
  return *judgement_;
}

// In the order in which trust grows: approvals, documents; then comes the payload.
Contents Verifier::read_approved() {
  if (judgement().refusal) throw judgement_->refusal->within(name_);
  Contents contents = reader_.read_release();
  if (*judgement_->statement !=
      statement_of(contents.document, contents.components, contents.digest())) {
    throw Error(Errc::untrusted,
                format("{}: the approvals speak of {} {}, and not of all that the bundle holds as "
                       "{} {}",
                       name_, printable(judgement_->statement->name),
                       printable(judgement_->statement->version), contents.document.name,
                       contents.document.version));
  }
  return contents;
}

VerifiedBundle Verifier::verify(Progress& progress) {
  Contents contents = read_approved();
  reader_.check_payload(contents, progress);
  return VerifiedBundle(std::move(contents), *judgement_);
}

ApprovedRelease Verifier::approve(const RandomAccess& bytes, const Extent& extent,
                                  Progress& progress) {
  Contents contents = read_approved();
  std::uint64_t total = 0;
  for (const content::Descriptor& blob : contents.release.payload) total += blob.size;
  if (total <= extent.whole) {
    reader_.check_payload(contents, progress);
    return ApprovedRelease(std::move(contents), *judgement_, 0);
  }
  const Blobs blobs(bytes, name_, contents, workers_);
  progress.begin("verifying", 0);
  std::uint64_t read = 0;
  NullSink nowhere;
  for (const Digest& digest : extent.wanted(contents)) {
    read += copy(*blobs.open(digest), nowhere, progress);
  }
  progress.end();
  return ApprovedRelease(std::move(contents), *judgement_, total - read);
}

namespace {

// Calls `work` with a verifier of what the medium holds, again where the medium made itself whole.
void confined(Medium& medium, const Trust& trust, const std::function<void(Verifier&)>& work) {
  without_changes([&] {
    Workers workers(usable_cores());
    medium.read([&](Source& source) {
      Verifier verifier(source, medium.name(), trust, workers);
      work(verifier);
    });
  });
}

}  // namespace

Judgement judge_confined(Medium& medium, const Trust& trust) {
  std::optional<Judgement> judgement;
  confined(medium, trust, [&](Verifier& verifier) { judgement = verifier.judgement(); });
  return std::move(*judgement);
}

ApprovedRelease approve_confined(Medium& medium, const Trust& trust, const Extent& extent,
                                 Progress& progress) {
  std::optional<ApprovedRelease> approved;
  confined(medium, trust,
           [&](Verifier& verifier) { approved = verifier.approve(medium, extent, progress); });
  return std::move(*approved);
}

VerifiedBundle verify_confined(Medium& medium, const Trust& trust, Progress& progress,
                               const Judged& judged) {
  std::optional<VerifiedBundle> verified;
  bool is_told = false;
  confined(medium, trust, [&](Verifier& verifier) {
    const Judgement& judgement = verifier.judgement();
    if (!is_told) judged(judgement);
    is_told = true;
    verified = verifier.verify(progress);
  });
  return std::move(*verified);
}

VerifiedBundle verify_confined(Source& file, const std::string& name, const Trust& trust,
                               Progress& progress, const Judged& judged) {
  std::optional<VerifiedBundle> verified;
  without_changes([&] {
    Workers workers(usable_cores());
    Verifier verifier(file, name, trust, workers);
    judged(verifier.judgement());
    verified = verifier.verify(progress);
  });
  return std::move(*verified);
}

}  // namespace sealift::bundle
