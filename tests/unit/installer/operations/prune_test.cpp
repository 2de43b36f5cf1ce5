// SPDX-License-Identifier: Apache-2.0

// What `prune` keeps and what it removes, on a site where releases were really applied.

#include <catch2/catch.hpp>
#include <set>

#include "installer/operations/prune.hpp"
#include "tests/unit/installer/given_site.hpp"

namespace sealift::installer::prune_test {

using tests::GivenSite;
using Names = std::set<std::string>;

namespace {

Names names_in(const fs::path& folder) {
  Names names;
  for (const Entry& entry : Dir::open(folder).entries()) names.insert(entry.name);
  return names;
}

// The versions of unpacked releases.
Names unpacked(const GivenSite& site) {
  Names versions;
  for (const std::string& name : names_in(fs::path(site.path_of("web")) / "releases")) {
    versions.insert(name.substr(0, name.find('-')));
  }
  return versions;
}

Names bundles(const GivenSite& site) {
  Names versions;
  for (const std::string& name : names_in(site.installation.layout.store())) {
    versions.insert(name.substr(0, name.find(".bundle")));
  }
  return versions;
}

Names revisions(const GivenSite& site) {
  return names_in(site.installation.layout.revisions());
}

// Releases 1.0.0 to COUNT.0.0, all of them kept so far.
void apply_many(GivenSite& site, int count) {
  site.installation.site.keep_releases = 100;
  for (int i = 1; i <= count; ++i) site.apply(format("{}.0.0", i));
}

}  // namespace

TEST_CASE("prune: the current release, the one before it and as many more as the site says stay") {
  GivenSite site;
  apply_many(site, 5);
  REQUIRE(unpacked(site) == Names{"1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0"});
  site.installation.site.keep_releases = 1;
  const Pruned pruned = prune(site.tools(), site.state());
  CHECK(pruned.releases == 2);
  CHECK(pruned.bundles == 2);
  const Names kept = {"3.0.0", "4.0.0", "5.0.0"};
  CHECK(unpacked(site) == kept);
  CHECK(bundles(site) == kept);
  CHECK(revisions(site) == Names{"3", "4", "5"});
  CHECK(names_in(site.installation.layout.tables()).size() == 3);
  CHECK(site.served() == "5.0.0");
  // Once more there is nothing to do.
  const Pruned again = prune(site.tools(), site.state());
  CHECK(again.releases == 0);
  CHECK(again.bundles == 0);
}

TEST_CASE("prune: a site that keeps none keeps the current release and the way back") {
  GivenSite site;
  apply_many(site, 4);
  site.installation.site.keep_releases = 0;
  prune(site.tools(), site.state());
  CHECK(unpacked(site) == Names{"3.0.0", "4.0.0"});
  site.roll_back();
  CHECK(site.served() == "3.0.0");
}

TEST_CASE("prune: after a rollback, what it restored stays, and what was left goes by the rule") {
  GivenSite site;
  apply_many(site, 3);
  site.installation.site.keep_releases = 0;
  site.roll_back();
  CHECK(site.served() == "2.0.0");
  CHECK(unpacked(site) == Names{"1.0.0", "2.0.0"});
  CHECK(bundles(site) == Names{"1.0.0", "2.0.0"});
  CHECK(revisions(site) == Names{"1", "2", "4"});
}

TEST_CASE("prune: a release that is staged stays, with its bundle and values") {
  GivenSite site;
  apply_many(site, 2);
  site.stage("3.0.0");
  site.installation.site.keep_releases = 0;
  prune(site.tools(), site.state());
  CHECK(unpacked(site) == Names{"1.0.0", "2.0.0", "3.0.0"});
  CHECK(bundles(site) == Names{"1.0.0", "2.0.0", "3.0.0"});
  CHECK(revisions(site) == Names{"1", "2", "3"});
  CHECK(names_in(site.installation.layout.tables()).size() == 3);
  // Another one that is staged takes its place.
  site.stage("4.0.0");
  prune(site.tools(), site.state());
  CHECK(unpacked(site) == Names{"1.0.0", "2.0.0", "4.0.0"});
}

TEST_CASE("prune: what an open transaction needs stays until it has ended") {
  GivenSite site;
  apply_many(site, 2);
  const bundle::Contents next = site.deliver("3.0.0");
  const Draft draft = site.plan(next);
  make_dirs(site.installation.layout.revisions() / "3");
  const Journal open =
      Journal::create(site.installation.layout.journal(), draft.plan, tests::kGivenClock);
  SiteContent content = site.content(next);
  StopFlag stop;
  StepIo io{.content = content, .progress = site.silence, .stop = stop};
  const Step& unpack = draft.plan.steps.front();
  site.drivers().named(unpack.driver).apply(unpack, io);
  site.installation.site.keep_releases = 0;
  prune(site.tools(), site.state());
  CHECK(unpacked(site) == Names{"1.0.0", "2.0.0", "3.0.0"});
  CHECK(bundles(site) == Names{"1.0.0", "2.0.0", "3.0.0"});
  CHECK(revisions(site) == Names{"1", "2", "3"});
  CHECK(names_in(site.installation.layout.tables()).size() == 3);
}

TEST_CASE("prune: a bundle that is on its way in stays, what nobody needs goes") {
  GivenSite site;
  apply_many(site, 1);
  const fs::path store = site.installation.layout.store();
  write_file(store / ".incoming-0123456789ab", "half a bundle");
  write_file(store / "stray.bundle.tar.zst", "nobody's");
  write_file(site.installation.layout.tables() / "stray.jsonl", "{}\n");
  CHECK(prune(site.tools(), site.state()).bundles == 1);
  CHECK(bundles(site) == Names{".incoming-0123456789ab", "1.0.0"});
  CHECK(names_in(site.installation.layout.tables()).size() == 1);
}

TEST_CASE("prune: a transaction that was undone leaves nothing that is kept for it") {
  GivenSite site;
  apply_many(site, 1);
  const bundle::Contents next = site.deliver("2.0.0");
  Draft draft = site.plan(next);
  draft.plan.steps.push_back(tests::given_step("fail", Phase::check, "hook"));
  SiteContent content = site.content(next);
  CHECK_THROWS_AS(carry_out(site.tools(), draft, content, {}, {}), Error);
  CHECK(revisions(site) == Names{"1"});
  prune(site.tools(), site.state());
  CHECK(site.served() == "1.0.0");
  CHECK(unpacked(site) == Names{"1.0.0"});
  CHECK(bundles(site) == Names{"1.0.0"});
}

}  // namespace sealift::installer::prune_test
