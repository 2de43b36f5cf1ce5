// SPDX-License-Identifier: Apache-2.0

// Plans of a whole site with directories: what each asks of its targets, and what it refuses.

#include "installer/planning/planner.hpp"

#include <catch2/catch.hpp>

#include "installer/planning/requirements.hpp"
#include "installer/planning/space.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/installer/given_site.hpp"

namespace sealift::installer::planner_test {

using tests::error_of;
using tests::GivenSite;
using tests::messages;

namespace {

using Words = std::vector<std::string>;

// "unpack web", in the order of the plan.
Words steps_of(const Draft& draft) {
  Words words;
  for (const Step& step : draft.plan.steps) words.push_back(step.action + " " + step.component);
  return words;
}

Revision outcome_of(const Draft& draft) {
  return draft.plan.outcome;
}

Errc refused(const GivenSite& site, const bundle::Contents& contents, Floor floor = Floor::kept) {
  const auto error =
      error_of([&] { check_requirements(contents, site.installation, site.state(), floor); });
  return error ? error->code() : Errc::internal;
}

// Nothing was refused.
constexpr Errc kTaken = Errc::internal;

}  // namespace

TEST_CASE("planner: a first release is unpacked and switched to, and nothing is changed by that") {
  GivenSite site;
  const bundle::Contents contents = site.deliver("1.0.0");
  const Draft draft = site.plan(contents);
  CHECK(steps_of(draft) == Words{"unpack web", "switch web"});
  CHECK_FALSE(path_exists(site.path_of("web")));
  CHECK(site.state().history.empty());
  const Revision outcome = outcome_of(draft);
  CHECK(outcome.number == 1);
  CHECK_FALSE(outcome.parent);
  CHECK(outcome.digest == contents.digest());
  CHECK(outcome.bundle == GivenSite::name_of("1.0.0"));
  REQUIRE(outcome.placements.size() == 1);
  CHECK(outcome.placements[0].directory == "releases/1.0.0-" + contents.digest().short_hex());
  REQUIRE(draft.changes.size() == 1);
  CHECK(draft.changes[0].added == 2);
  CHECK(draft.changes[0].new_bytes == 11);
  REQUIRE(draft.needs.size() == 1);
  CHECK(draft.needs[0].bytes == 11);
  CHECK(draft.warnings.empty());
}

TEST_CASE("planner: an upgrade counts what changes, and leads back to the release before it") {
  GivenSite site;
  site.apply("1.0.0");
  const Draft draft = site.plan(site.deliver("2.0.0"));
  CHECK(steps_of(draft) == Words{"unpack web", "switch web"});
  const Revision outcome = outcome_of(draft);
  CHECK(outcome.number == 2);
  CHECK(outcome.parent == 1);
  REQUIRE(draft.changes.size() == 1);
  CHECK(draft.changes[0].added == 0);
  CHECK(draft.changes[0].changed == 1);
  CHECK(draft.changes[0].same == 1);
  CHECK(draft.changes[0].removed == 0);
  CHECK(draft.changes[0].new_bytes == 5);
}

TEST_CASE("planner: the same release again is no step") {
  GivenSite site;
  const bundle::Contents contents = site.deliver("1.0.0");
  site.apply(contents);
  const Draft draft = site.plan(contents);
  CHECK(draft.plan.steps.empty());
  CHECK(outcome_of(draft).placements == site.state().current()->placements);
  REQUIRE(draft.changes.size() == 1);
  CHECK(draft.changes[0].nothing());
}

TEST_CASE("planner: a release with the same files is another release, and no step") {
  GivenSite site;
  const tests::Trees trees = {{"web", {{"index.html", "as ever"}}}};
  site.apply(site.deliver("1.0.0", trees));
  const Draft draft = site.plan(site.deliver("2.0.0", trees));
  CHECK(draft.plan.steps.empty());
  CHECK(outcome_of(draft).version == "2.0.0");
  CHECK(outcome_of(draft).placements == site.state().current()->placements);
}

TEST_CASE("planner: what `stage` has unpacked is only switched to, unless somebody changed it") {
  GivenSite site;
  site.apply("1.0.0");
  site.stage("2.0.0");
  CHECK(site.served() == "1.0.0");
  const bundle::Contents next = site.deliver("2.0.0");
  const Draft draft = site.plan(next);
  CHECK(steps_of(draft) == Words{"switch web"});
  const std::string directory = outcome_of(draft).placements.at(0).directory;
  write_file(fs::path(site.path_of("web")) / directory / "index.html", "by hand");
  CHECK(steps_of(site.plan(next)) == Words{"unpack web", "switch web"});
}

TEST_CASE("planner: a rollback is a switch to what is still there") {
  GivenSite site;
  site.apply("1.0.0");
  site.apply("2.0.0");
  const State now = site.state();
  const Draft draft = site.plan_back(*now.previous());
  CHECK(steps_of(draft) == Words{"switch web"});
  CHECK(draft.warnings.empty());
  const Revision outcome = outcome_of(draft);
  CHECK(outcome.number == 3);
  CHECK(outcome.restores == 1);
  CHECK(outcome.version == "1.0.0");
  CHECK(outcome.placements == now.revision(1)->placements);
  site.roll_back();
  CHECK(site.served() == "1.0.0");
}

TEST_CASE("planner: a rollback unpacks what is not whole any more from the bundle that was kept") {
  GivenSite site;
  site.apply("1.0.0");
  site.apply("2.0.0");
  const State now = site.state();
  const std::string directory = now.revision(1)->placements.at(0).directory;
  write_file(fs::path(site.path_of("web")) / directory / "index.html", "by hand");
  const Draft draft = site.plan_back(*now.previous());
  CHECK(steps_of(draft) == Words{"unpack web", "switch web"});
  REQUIRE(draft.warnings.size() == 1);
  CHECK(draft.warnings[0].find("index.html") != std::string::npos);
  CHECK(draft.warnings[0].ends_with("it is unpacked again from the bundle that was kept"));
  site.roll_back();
  CHECK(site.served() == "1.0.0");
}

TEST_CASE("planner: a repair lays out again what differs, and does nothing where nothing does") {
  GivenSite site;
  site.apply("1.0.0");
  CHECK(site.plan_repair().plan.steps.empty());
  write_file(fs::path(site.path_of("web")) / "current/index.html", "by hand");
  const Draft draft = site.plan_repair();
  CHECK(steps_of(draft) == Words{"unpack web", "switch web"});
  const Revision outcome = outcome_of(draft);
  CHECK(outcome.version == "1.0.0");
  CHECK(outcome.restores == 1);
  CHECK(outcome.placements.at(0).table == site.state().current()->placements.at(0).table);
  SiteContent content = content_of(site.tools(), *site.state().current());
  carry_out(site.tools(), draft, content, {}, {});
  CHECK(site.served() == "1.0.0");
}

TEST_CASE("planner: a target that has moved is filled at its new place and given up at the old") {
  GivenSite site;
  site.apply("1.0.0");
  const std::string before = site.path_of("web");
  const std::string after = site.path_of("elsewhere");
  site.installation.site.targets["web"].path = after;
  const bundle::Contents next = site.deliver("2.0.0");
  const Draft draft = site.plan(next);
  CHECK(steps_of(draft) == Words{"unpack web", "switch web", "switch web"});
  REQUIRE(outcome_of(draft).placements.size() == 1);
  CHECK(outcome_of(draft).placements[0].path == after);
  site.apply(next);
  CHECK(read_file(fs::path(after) / "current/index.html", 100) == "2.0.0");
  CHECK_FALSE(path_exists(fs::path(before) / "current"));
  // The way back leads to the old place.
  site.roll_back();
  CHECK(site.served() == "1.0.0");
  CHECK_FALSE(path_exists(fs::path(after) / "current"));
}

TEST_CASE("planner: a component that the next release lacks is taken away") {
  GivenSite site;
  site.add_target("docs");
  site.apply(site.deliver("1.0.0", {{"web", {{"index.html", "1"}}}, {"docs", {{"a", "1"}}}}));
  const Draft draft = site.plan(site.deliver("2.0.0", {{"web", {{"index.html", "2"}}}}));
  CHECK(steps_of(draft) == Words{"unpack web", "switch web", "switch docs"});
  CHECK(outcome_of(draft).placements.size() == 1);
}

TEST_CASE("planner: an optional component goes only to the site that takes it") {
  GivenSite site;
  site.add_target("docs");
  const bundle::Contents contents =
      site.deliver("1.0.0", {{"web", {{"index.html", "1"}}}, {"docs", {{"a", "1"}}}},
                   [](release::ReleaseDocument& document) {
                     for (release::ComponentRow& row : document.components) {
                       row.optional = row.name == "docs";
                     }
                   });
  CHECK(steps_of(site.plan(contents)) == Words{"unpack web", "switch web"});
  site.installation.site.optional = {"docs"};
  CHECK(site.plan(contents).plan.steps.size() == 4);
}

TEST_CASE("planner: components without a target, and two on one, are said in one error") {
  GivenSite site;
  const bundle::Contents contents =
      site.deliver("1.0.0",
                   {{"web", {{"a", "1"}}},
                    {"docs", {{"a", "1"}}},
                    {"help", {{"a", "1"}}},
                    {"news", {{"a", "1"}}}},
                   [](release::ReleaseDocument& document) {
                     for (release::ComponentRow& row : document.components) {
                       if (row.name == "news") row.target = "web";
                     }
                   });
  const auto error = error_of([&] { site.plan(contents); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->problems().size() == 3);
  CHECK(messages(error).find("docs") != std::string::npos);
  CHECK(messages(error).find("help") != std::string::npos);
  CHECK(messages(error).find("news and web both go to the target web") != std::string::npos);
  CHECK(site.state().history.empty());
}

TEST_CASE("planner: values that are missing or wrong are said in one error, with their places") {
  GivenSite site;
  const bundle::Contents contents = site.deliver(
      "1.0.0", {{"web", {{"index.html", "1"}}}}, [](release::ReleaseDocument& document) {
        document.contract = release::Contract::from_json(
            {{"API", {{"type", "text"}, {"required", true}, {"means", "it"}}},
             {"MAIL", {{"type", "text"}, {"required", true}, {"means", "it"}}},
             {"PORT", {{"type", "integer"}, {"means", "it"}}}},
            "contract");
      });
  site.installation.site.values = {{"PORT", "many"}, {"TYPO", "1"}};
  site.installation.site.places = {{"PORT", "site.yaml:7"}, {"TYPO", "site.yaml:8"}};
  const auto error = error_of([&] { site.plan(contents); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->problems().size() == 4);
  for (const char* part : {"API", "MAIL", "site.yaml:7: found", "site.yaml:8: found"}) {
    CAPTURE(part, messages(error));
    CHECK(messages(error).find(part) != std::string::npos);
  }
}

TEST_CASE("planner: a site with more than it needs is warned of each thing that nothing uses") {
  GivenSite site;
  site.installation.site.values = {{"UNUSED", "1"}};
  site.installation.site.secrets = {{"PASSWORD", "/etc/password"}};
  site.installation.site.services["nginx"] = {};
  const Draft draft = site.plan(site.deliver("1.0.0"));
  REQUIRE(draft.warnings.size() == 3);
  CHECK(draft.warnings[0].find("the service nginx") != std::string::npos);
  CHECK(draft.warnings[1].find("the secret PASSWORD") != std::string::npos);
  CHECK(draft.warnings[2].find("the value UNUSED") != std::string::npos);
}

TEST_CASE("planner: a release below the floor is refused, unless that is waived") {
  GivenSite site;
  site.apply("1.9.0");
  const bundle::Contents older = site.deliver("1.8.0");
  CHECK(refused(site, older) == Errc::untrusted);
  CHECK(refused(site, older, Floor::waived) == kTaken);
  CHECK(refused(site, site.deliver("1.10.0")) == kTaken);
  CHECK(refused(site, site.deliver("1.9.0-rc.1")) == Errc::untrusted);
}

TEST_CASE("planner: a version with another digest than the one that is here is refused") {
  GivenSite site;
  const bundle::Contents contents = site.deliver("1.0.0");
  site.apply(contents);
  CHECK(refused(site, contents) == kTaken);
  const bundle::Contents other = site.deliver("1.0.0", {{"web", {{"index.html", "evil"}}}});
  CHECK(refused(site, other) == Errc::untrusted);
  CHECK(refused(site, other, Floor::waived) == Errc::untrusted);
}

TEST_CASE("planner: a release of another name, environment, host or installer is refused") {
  GivenSite site;
  using Document = release::ReleaseDocument;
  const tests::Trees trees = {{"web", {{"index.html", "1"}}}};
  const auto with = [&](const std::function<void(Document&)>& adjust) {
    return refused(site, site.deliver("1.0.0", trees, adjust));
  };
  CHECK(with({}) == kTaken);
  CHECK(with([](Document& document) { document.name = "other"; }) == Errc::incompatible);
  CHECK(with([](Document& document) {
          document.environments = {{"staging", {}}};
        }) == Errc::incompatible);
  CHECK(with([](Document& document) { document.arch = {"s390x"}; }) == Errc::incompatible);
  CHECK(with([](Document& document) { document.installer = ">=99.0.0"; }) == Errc::incompatible);
}

TEST_CASE("planner: a release that upgrades from others than the installed one names the next") {
  GivenSite site;
  const tests::Trees trees = {{"web", {{"index.html", "1"}}}};
  const auto from_two = [](release::ReleaseDocument& document) {
    document.upgrade_from = ">=2.0.0";
  };
  const bundle::Contents third = site.deliver("3.0.0", trees, from_two);
  CHECK(refused(site, third) == kTaken);  // a first installation comes from nowhere
  site.apply("1.0.0");
  const auto error =
      error_of([&] { check_requirements(third, site.installation, site.state(), Floor::kept); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->hint() == "carry release 2.0.0 and apply it first");
  site.apply("2.0.0");
  CHECK(refused(site, third) == kTaken);
}

TEST_CASE("planner: a file system with too little room is named before anything begins") {
  GivenSite site;
  Draft draft = site.plan(site.deliver("1.0.0"));
  CHECK_FALSE(error_of([&] { check_space(draft); }));
  draft.needs.push_back({.path = site.path_of("web"), .bytes = 1ULL << 60, .inodes = 1});
  const auto error = error_of([&] { check_space(draft); });
  REQUIRE(error);
  CHECK(error->code() == Errc::io);
  CHECK(error->message().starts_with(site.folder.path().string() + ": has "));
}

}  // namespace sealift::installer::planner_test
