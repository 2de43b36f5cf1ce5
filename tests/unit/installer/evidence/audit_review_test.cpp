// SPDX-License-Identifier: Apache-2.0
#include "installer/evidence/audit_review.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::audit_review_test {

namespace {

const FixedClock kReviewClock(Time{1'700'000'000});
const std::string kReviewed = "0123456789abcdef0123456789abcdef";

struct Reviewed {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder.path() / "site.yaml", .state = folder.path() / "state"};
  SiteKey key = SiteKey::make(layout);
  AuditLog log{layout.audit(), kReviewClock};
  State state = {};
  std::vector<KeptCheckpoint> kept = {};

  Checkpoint checkpoint() { return log.checkpoint(key, kReviewed); }
  AuditReview review() const {
    return review_audit_log(log.text(), {.site = kReviewed,
                                         .key = key.public_key(),
                                         .state = state,
                                         .kept = kept,
                                         .now = kReviewClock.now()});
  }
};

}  // namespace

TEST_CASE("audit review: a bundle that was accepted and never ended is noted") {
  Reviewed site;
  site.log.append("accepted", {{"digest", "sha256:1"}});
  site.log.append("accepted", {{"digest", "sha256:2"}});
  site.log.append("apply", {{"transaction", 1}});
  site.checkpoint();
  CHECK(site.review().findings.empty());
  REQUIRE(site.review().notes.size() == 1);
  CHECK(site.review().notes[0].where == "line 1");
  site.log.append("accepted", {{"digest", "sha256:3"}});
  CHECK(site.review().notes.size() == 2);
  // It is going on now.
  site.state.unfinished = site.folder.path() / "2.journal";
  CHECK(site.review().notes.size() == 1);
}

TEST_CASE("audit review: a transaction that has ended and is closed has its line") {
  Reviewed site;
  site.log.append("apply", {{"transaction", 1}});
  site.checkpoint();
  for (const std::uint64_t number : {1, 2}) {
    site.state.history.push_back({.number = number,
                                  .purpose = Purpose::apply,
                                  .begun = kReviewClock.now(),
                                  .actor = "anna",
                                  .reason = {},
                                  .ending = Event::commit,
                                  .ended = kReviewClock.now(),
                                  .why = {},
                                  .outcome = {}});
  }
  REQUIRE(site.review().findings.size() == 1);
  CHECK(site.review().findings[0].where == "transaction 2");
  // Its line comes when it is closed.
  site.state.unclosed.push_back(Journal::file_of(site.layout.journal(), 2));
  CHECK(site.review().findings.empty());
}

TEST_CASE("audit review: of several checkpoints that were kept, those that hold narrow it down") {
  Reviewed site;
  for (int i = 0; i < 9; ++i) {
    site.log.append("apply", {{"number", i}});
    if (i % 3 == 2) site.kept.push_back({"kept", site.checkpoint()});
  }
  CHECK(site.review().held == 3);
  // The last lines are written anew, in a chain that is good.
  std::string text;
  for (const AuditLine& line : site.log.text().lines) {
    if (line.number <= 5) text += line.text + "\n";
  }
  write_file(site.layout.audit(), text);
  for (int i = 0; i < 9; ++i) site.log.append("apply", {{"another", i}});
  const AuditReview review = site.review();
  CHECK(review.held == 1);
  REQUIRE(review.findings.size() == 2);
  CHECK(review.findings[0].found.find("between line 4 and line 7") != std::string::npos);
}

TEST_CASE("audit review: a file of checkpoints is read whole, and each bad line is named") {
  Reviewed site;
  const std::string good = site.checkpoint().line();
  CHECK(parse_kept_checkpoints("# of each visit\n\n" + good + "\n", "kept").size() == 1);
  try {
    parse_kept_checkpoints("x\n" + good + "\ny\n", "kept");
    FAIL("expected a refusal");
  } catch (const Error& error) {
    REQUIRE(error.problems().size() == 2);
    CHECK(error.problems()[0].message.starts_with("kept:1: "));
    CHECK(error.problems()[1].message.starts_with("kept:3: "));
  }
}

}  // namespace sealift::installer::audit_review_test
