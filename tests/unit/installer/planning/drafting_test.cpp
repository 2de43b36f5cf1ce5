// SPDX-License-Identifier: Apache-2.0

// How wishes become a plan: what drivers are asked, in which order their steps come, and what is
// put around them.

#include "installer/planning/drafting.hpp"

#include <catch2/catch.hpp>

#include "installer/drivers/services/fence.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/installer/given.hpp"
#include "tests/unit/installer/store.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::drafting_test {

using tests::error_of;
using tests::given_revision;

namespace {

using Words = std::vector<std::string>;

// Plans the steps that it is told, and remembers what it was asked.
class Listener : public Driver {
 public:
  std::vector<Step> steps;
  bool stands = true;  // what is installed is what is served
  std::vector<Difference> running;
  mutable std::vector<Wish> wishes;

  bool accepts(std::string_view) const override { return true; }
  std::vector<Step> plan(const Wish& wish) const override {
    wishes.push_back(wish);
    std::vector<Step> planned = steps;
    for (Step& step : planned) step.component = wish.component;
    return planned;
  }
  StepState check(const Step&, StepIo&) const override { return StepState::not_applied; }
  Json apply(const Step&, StepIo&) override { return nullptr; }
  void undo(const Step&, const std::optional<Json>&, StepIo&) override {}
  std::vector<Difference> inspect(const Placement&, Thoroughness, Strangers,
                                  Content&) const override {
    return {};
  }
  std::vector<Difference> differences(const Placement&, Content&) const override { return running; }
  bool is_current(const Placement&) const override { return stands; }
  std::vector<std::string> leftovers(const release::Target&, const std::string&,
                                     const std::vector<Placement>&) const override {
    return {};
  }
  void prune(const Placement&) override {}
};

struct Desk {
  tests::ScratchFolder folder;
  tests::Store store;
  Installation installation{
      .layout = {.site_yaml = folder / "site.yaml", .state = folder / "state"},
      .id = "0123456789abcdef",
      .site = {},
      .site_text = {}};
  State state;
  Listener* listener = nullptr;
  std::optional<Drivers> drivers;
  Request request{
      .purpose = Purpose::apply, .actor = "anna", .reason = "a test", .now = Time{1'700'000'000}};

  Desk() {
    auto owned = std::make_unique<Listener>();
    listener = owned.get();
    listener->steps = {tests::given_step("switch", Phase::activate, "listener"),
                       tests::given_step("unpack", Phase::stage, "listener")};
    std::map<std::string, std::unique_ptr<Driver>> list;
    list["listener"] = std::move(owned);
    drivers.emplace(std::move(list));
  }
  // A component with one file, at a path of its name.
  Placement placement(const std::string& component, const std::string& text) {
    return {.component = component,
            .target = component,
            .driver = "listener",
            .path = "/srv/" + component,
            .directory = {},
            .table = store.table_of({store.file("page", text)}),
            .files = 1,
            .services = {{"nginx", {"*"}}}};
  }
  // Release 1.0.0 is installed with these.
  void install(const std::vector<Placement>& placements) {
    Revision revision = given_revision(1, "1.0.0");
    revision.placements = placements;
    state.revisions = {revision};
    state.next_number = 2;
  }
  Drafting drafting(const std::string& version = "2.0.0") {
    return {installation, state, *drivers, store, request, given_revision(0, version)};
  }
};

Words ids(const Draft& draft) {
  Words words;
  for (const Step& step : draft.plan.steps) words.push_back(step.id);
  return words;
}

Revision outcome_of(const Draft& draft) {
  return draft.plan.outcome;
}

}  // namespace

TEST_CASE("drafting: a driver is told what its component is on this site, and what was before") {
  Desk desk;
  const Placement before = desk.placement("web", "old");
  desk.install({before});
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "new"), {}, "");
  REQUIRE(desk.listener->wishes.size() == 1);
  const Wish& wish = desk.listener->wishes[0];
  CHECK(wish.component == "web");
  CHECK(wish.path == "/srv/web");
  CHECK(wish.site == "0123456789abcdef");
  CHECK(wish.number == 2);
  CHECK(wish.label == "2.0.0-" + Digest::of("2.0.0").short_hex());
  CHECK(wish.table == desk.placement("web", "new").table);
  CHECK(wish.before == before);
  CHECK(wish.files != nullptr);
  CHECK(wish.database == nullptr);
}

TEST_CASE("drafting: steps of all components stand in the order of their phases") {
  Desk desk;
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "1"), {}, "");
  drafting.want(desk.placement("docs", "1"), {}, "");
  const Draft draft = drafting.finish();
  CHECK(ids(draft) == Words{"unpack", "unpack", "switch", "switch"});
  CHECK(draft.plan.steps[0].component == "web");
  CHECK(draft.plan.steps[1].component == "docs");
  CHECK(draft.plan.number == 1);
  CHECK(outcome_of(draft).number == 1);
  CHECK_FALSE(outcome_of(draft).parent);
  CHECK(draft.needs.size() == 2);
}

TEST_CASE("drafting: what stands as it is wanted is not asked for; what does not hold is") {
  Desk desk;
  const Placement web = desk.placement("web", "same");
  desk.install({web});
  const auto wishes = [&](const Placement& wanted, const std::vector<Difference>& differences) {
    Drafting drafting = desk.drafting();
    desk.listener->wishes.clear();
    drafting.want(wanted, {}, "", differences);
    CHECK(outcome_of(drafting.finish()).placements.size() == 1);
    return desk.listener->wishes.size();
  };
  CHECK(wishes(web, {}) == 0);
  CHECK(wishes(web, {{"page", "content differs"}}) == 1);
  CHECK(wishes(desk.placement("web", "other"), {}) == 1);
  Placement kept = web;
  kept.persist = {{"data", ""}};
  CHECK(wishes(kept, {}) == 1);
  Placement set = web;
  set.settings = {{"keep", 3}};
  CHECK(wishes(set, {}) == 1);
  desk.listener->stands = false;
  CHECK(wishes(web, {}) == 1);
  desk.listener->stands = true;
  desk.listener->running = {{"container", "exited"}};
  CHECK(wishes(web, {}) == 1);
}

TEST_CASE("drafting: a damaged file counts as changed, a lost tree as all of it") {
  Desk desk;
  Placement web = desk.placement("web", "same");
  web.table = desk.store.table_of({desk.store.file("a", "1"), desk.store.file("b", "22")});
  web.directory = "releases/1";
  desk.install({web});
  const auto changed = [&](const std::vector<Difference>& differences) {
    Drafting drafting = desk.drafting();
    drafting.want(web, {}, "", differences);
    return drafting.finish().changes.at(0).changed;
  };
  CHECK(changed({}) == 0);
  CHECK(changed({{"b", "content differs"}}) == 1);
  CHECK(changed({{"/srv/web/releases/1", "missing"}}) == 2);
}

TEST_CASE("drafting: what is installed and not wanted any more goes, what is kept stays") {
  Desk desk;
  desk.install(
      {desk.placement("web", "1"), desk.placement("docs", "1"), desk.placement("old", "1")});
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "2"), {}, "");
  drafting.keep(desk.placement("docs", "1"));
  drafting.drop_the_rest();
  REQUIRE(desk.listener->wishes.size() == 2);
  CHECK(desk.listener->wishes[1].component == "old");
  CHECK_FALSE(desk.listener->wishes[1].table);
  const Draft draft = drafting.finish();
  REQUIRE(outcome_of(draft).placements.size() == 2);
  CHECK(outcome_of(draft).placements[1].component == "docs");
  CHECK(outcome_of(draft).parent == 1);
}

TEST_CASE("drafting: a change of the installed release leads back where that release does") {
  Desk desk;
  desk.install({});
  desk.state.revisions[0].number = 5;
  desk.state.revisions[0].parent = 3;
  Drafting drafting = desk.drafting("1.0.0");
  drafting.change_the_current();
  const Revision outcome = outcome_of(drafting.finish());
  CHECK(outcome.changes == 5);
  CHECK(outcome.parent == 3);
  // Of a change of a change: the revision that the release came with.
  desk.state.revisions[0].changes = 4;
  Drafting again = desk.drafting("1.0.0");
  again.change_the_current();
  CHECK(outcome_of(again.finish()).changes == 4);
}

TEST_CASE("drafting: the fence is closed before anything of a database, and only for that") {
  Desk desk;
  desk.installation.site.fence = release::Fence{.close = {"true"}, .open = {"true"}};
  Drafting without = desk.drafting();
  without.want(desk.placement("web", "1"), {}, "");
  CHECK(ids(without.finish()) == Words{"unpack", "switch"});
  desk.listener->steps = {tests::given_step("migrate", Phase::migrate, "listener"),
                          tests::given_step("backup", Phase::fence, "listener"),
                          tests::given_step("unpack", Phase::stage, "listener")};
  Drafting with = desk.drafting();
  with.want(desk.placement("web", "1"), {}, "");
  const Draft draft = with.finish();
  REQUIRE(draft.plan.steps.size() == 4);
  CHECK(draft.plan.steps[0].id == "unpack");
  CHECK(draft.plan.steps[1].driver == "fence");
  CHECK(draft.plan.steps[2].id == "backup");
  CHECK(draft.plan.steps[3].id == "migrate");
  REQUIRE(draft.details.size() == 1);
  CHECK(draft.details[0].starts_with("users are kept out from step 2 "));
}

TEST_CASE("drafting: writers are stopped behind the fence's command and started before checks") {
  Desk desk;
  release::Target cluster;
  cluster.driver = "kubernetes";
  cluster.name_space = "shop";
  cluster.kubectl = {"true"};
  desk.installation.site.targets["app"] = cluster;
  desk.installation.site.fence =
      release::Fence{.close = {"true"},
                     .open = {"true"},
                     .writers = {{.target = "app", .kind = "Deployment", .name = "web"},
                                 {.target = "app", .kind = "CronJob", .name = "nightly"}}};
  desk.listener->steps = {tests::given_step("up", Phase::activate, "listener"),
                          tests::given_step("migrate", Phase::migrate, "listener"),
                          tests::given_step("backup", Phase::fence, "listener")};
  Drafting both = desk.drafting();
  both.want(desk.placement("web", "1"), {}, "");
  CHECK(ids(both.finish()) ==
        Words{"fence", "writers:stop", "backup", "migrate", "up", "writers:start"});
  desk.installation.site.fence->close.clear();
  Drafting alone = desk.drafting();
  alone.want(desk.placement("web", "1"), {}, "");
  const Draft draft = alone.finish();
  CHECK(ids(draft) == Words{"writers:stop", "backup", "migrate", "up", "writers:start"});
  CHECK(draft.plan.steps[0].summary ==
        "stop the writers of the fence: Deployment web, CronJob nightly; they start with their "
        "new version");
  REQUIRE(draft.details.size() == 1);
  CHECK(
      draft.details[0].starts_with("the writers of the fence are stopped from step 1 until "
                                   "their new version starts, step 5 at the latest"));
}

TEST_CASE("drafting: without a fence, a migration says that users go on writing") {
  Desk desk;
  desk.listener->steps = {tests::given_step("migrate", Phase::migrate, "listener")};
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "1"), {}, "");
  const Draft draft = drafting.finish();
  REQUIRE(draft.details.size() == 1);
  CHECK(draft.details[0].starts_with("site.yaml has no fence"));
}

TEST_CASE("drafting: a secret that the fence needs is asked for before anything begins") {
  Desk desk;
  desk.installation.site.fence =
      release::Fence{.close = {"true"}, .open = {"true"}, .secrets = {"LB_TOKEN"}};
  desk.listener->steps = {tests::given_step("backup", Phase::fence, "listener")};
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "1"), {}, "");
  const auto error = error_of([&] { drafting.finish(); });
  REQUIRE(error);
  CHECK(error->message().find("LB_TOKEN") != std::string::npos);
}

TEST_CASE("drafting: services whose files change stand around the switches") {
  Desk desk;
  desk.installation.site.services["nginx"] =
      release::Service{.check = {"true"}, .verb = "reload", .command = {"true"}};
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "1"), {}, "");
  const Draft draft = drafting.finish();
  REQUIRE(draft.plan.steps.size() == 5);
  CHECK(draft.plan.steps[0].id == "unpack");
  CHECK(draft.plan.steps[1].driver == "service");
  CHECK(draft.plan.steps[2].id == "switch");
  CHECK(draft.plan.steps[3].action == "check");
  CHECK(draft.plan.steps[4].action == "reload");
  CHECK(draft.warnings.empty());
}

TEST_CASE("drafting: files of a service that the site lacks are a warning") {
  Desk desk;
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "1"), {}, "");
  const Draft draft = drafting.finish();
  CHECK(draft.plan.steps.size() == 2);
  REQUIRE(draft.warnings.size() == 1);
  CHECK(draft.warnings[0].ends_with("site.yaml has no service nginx"));
}

TEST_CASE("drafting: every program that services need and the host lacks is named at once") {
  Desk desk;
  desk.installation.site.services["nginx"] =
      release::Service{.check = {"no-such-check"}, .verb = "reload", .command = {"no-such-reload"}};
  Drafting drafting = desk.drafting();
  drafting.want(desk.placement("web", "1"), {}, "");
  const auto error = error_of([&] { drafting.finish(); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->problems().size() == 2);
  CHECK(error->hint() == "correct services.nginx in site.yaml");
}

TEST_CASE("drafting: checks come last, those of the installed release first, `stage` has none") {
  Desk desk;
  const auto check = [](const char* name) {
    RenderedCheck rendered;
    rendered.check.name = name;
    rendered.check.probe = release::Probe::exec;
    rendered.check.command = {"true"};
    return rendered;
  };
  desk.install({desk.placement("web", "1")});
  make_dirs(desk.installation.layout.revisions() / "1");
  keep_health(desk.installation.layout, 1, {.checks = {check("old")}, .hooks = {}, .scripts = {}});
  const auto planned = [&](Purpose purpose) {
    desk.request.purpose = purpose;
    Drafting drafting = desk.drafting();
    drafting.want(desk.placement("web", "2"), {}, "");
    drafting.draft().health.checks = {check("new")};
    Words words;
    for (const Step& step : drafting.finish().plan.steps) words.push_back(step.driver);
    return words;
  };
  CHECK(planned(Purpose::apply) == Words{"health", "listener", "listener", "health"});
  CHECK(planned(Purpose::rollback) == Words{"health", "listener", "listener", "health"});
  CHECK(planned(Purpose::stage) == Words{"listener", "listener"});
  CHECK(planned(Purpose::flags) == Words{"listener", "listener"});
}

TEST_CASE("drafting: hooks belong to an apply alone, and those behind the commit are no step") {
  Desk desk;
  const auto hook = [](release::Moment moment, const char* name) {
    RenderedHook rendered{.moment = moment, .run = {}};
    rendered.run.check.name = name;
    rendered.run.check.command = {"true"};
    return rendered;
  };
  const auto drafted = [&](Purpose purpose) {
    desk.request.purpose = purpose;
    Drafting drafting = desk.drafting();
    drafting.want(desk.placement("web", "2"), {}, "");
    drafting.draft().health.hooks = {hook(release::Moment::after_commit, "tell"),
                                     hook(release::Moment::before_stage, "warm")};
    return drafting.finish();
  };
  const Draft apply = drafted(Purpose::apply);
  REQUIRE(apply.plan.steps.size() == 3);
  CHECK(apply.plan.steps[0].driver == "hook");
  REQUIRE(apply.last_hooks().size() == 1);
  CHECK(apply.last_hooks()[0].run.check.name == "tell");
  const Draft back = drafted(Purpose::rollback);
  CHECK(back.plan.steps.size() == 2);
  CHECK(back.last_hooks().empty());
}

}  // namespace sealift::installer::drafting_test
