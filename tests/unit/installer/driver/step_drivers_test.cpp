// SPDX-License-Identifier: Apache-2.0

// Drivers whose steps stand around those of components: services, the fence, health, hooks. Each
// has its steps around the switch of a line, and keeps what installer/driver/driver.hpp promises.

#include <catch2/catch.hpp>
#include <functional>

#include "base/format.hpp"
#include "installer/drivers/health/health.hpp"
#include "installer/drivers/health/hook.hpp"
#include "installer/drivers/services/fence.hpp"
#include "installer/drivers/services/service.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/installer/driver/line/line.hpp"
#include "tests/unit/installer/given.hpp"
#include "tests/unit/installer/store.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::step_drivers_test {

namespace {

using Steps = std::vector<Step>;
using Words = std::vector<std::string>;

// A place with a line of release 1, on which the drivers of all steps work.
struct Stage {
  tests::ScratchFolder folder;
  Layout layout{.site_yaml = folder / "site.yaml", .state = folder / "state"};
  tests::Store store;
  std::string line = folder / "line";
  std::string loaded = folder / "loaded";  // what a service has taken up, or a fence has done
  std::optional<Drivers> drivers;
  Silence silence;
  StopFlag stop;
  StepIo io{.content = store, .progress = silence, .stop = stop};

  Stage() {
    for (const std::uint64_t revision : {1, 2}) make_dirs(scripts_folder(layout, revision));
    write_site("test, -f");
    write_file(line, "release 1\n");
    write_file(loaded, "release 1\n");
    std::map<std::string, std::unique_ptr<Driver>> all;
    all["line"] = line_driver();
    all["service"] = service_driver(layout);
    all["fence"] = fence_driver(layout);
    all["health"] = health_driver(layout);
    all["hook"] = hook_driver(layout);
    drivers.emplace(std::move(all));
  }
  // A site whose service takes up the line, once `check` has looked at it.
  void write_site(const std::string& check) const {
    write_file(layout.site_yaml,
               format("schema: 1\nrelease: chanuka\nenvironment: production\n"
                      "targets: {{web: {{driver: directory, path: /srv/web}}}}\n"
                      "services: {{web: {{check: [{0}, '{1}'], reload: [cp, '{1}', '{2}']}}}}\n",
                      check, line, loaded));
  }
  // The switch to release 2.
  Step turn() {
    return drivers->named("line")
        .plan(tests::with_tree(tests::given_wish(2, line), store.add("release 2\n"), 1))
        .at(0);
  }
  std::string seen() const {
    return read_file(line, 100) + (path_exists(loaded) ? read_file(loaded, 100) : "closed\n");
  }
  void apply(const Steps& steps, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      io.begun.insert(steps[i].id);
      io.furthest = std::max(io.furthest, std::optional(steps[i].phase));
      drivers->named(steps[i].driver).apply(steps[i], io);
    }
  }
  void undo(const Steps& steps, std::size_t count) {
    for (std::size_t i = count; i-- > 0;) drivers->named(steps[i].driver).undo(steps[i], {}, io);
  }
};

// `around` makes the steps of a stage; `after` is what is seen once all are applied.
void sit_step_exam(const std::function<Steps(Stage&)>& around, const std::string& after) {
  Stage stage;
  const std::string before = stage.seen();
  const Steps steps = around(stage);
  REQUIRE(steps.size() > 1);
  SECTION("applied twice is as once, and undone twice too") {
    stage.apply(steps, steps.size());
    CHECK(stage.seen() == after);
    stage.apply(steps, steps.size());
    CHECK(stage.seen() == after);
    stage.undo(steps, steps.size());
    CHECK(stage.seen() == before);
    stage.undo(steps, steps.size());
    CHECK(stage.seen() == before);
  }
  SECTION("undoing what was never applied does nothing") {
    stage.undo(steps, steps.size());
    CHECK(stage.seen() == before);
  }
  SECTION("cut off behind any step, it goes back and on") {
    for (std::size_t count = 0; count <= steps.size(); ++count) {
      CAPTURE(count);
      stage.io.begun.clear();
      stage.io.furthest.reset();
      stage.apply(steps, count);
      stage.undo(steps, count);
      CHECK(stage.seen() == before);
      stage.apply(steps, count);
      stage.apply(steps, steps.size());
      CHECK(stage.seen() == after);
      stage.undo(steps, steps.size());
      CHECK(stage.seen() == before);
    }
  }
  SECTION("whether a command has run is not known: it is done again") {
    stage.apply(steps, steps.size());
    for (const Step& step : steps) {
      const StepState state = stage.drivers->named(step.driver).check(step, stage.io);
      CHECK((state == StepState::not_applied) == (step.driver != "line"));
    }
  }
}

Steps around_services(Stage& stage) {
  const AffectedService web{
      .name = "web",
      .service = release::load_site(stage.layout.site_yaml).services.at("web"),
      .change = {.files = {"line changed"}, .count = 1, .stood = true}};
  Steps steps = {service_guard({web}), stage.turn()};
  for (Step& step : service_steps({web})) steps.push_back(std::move(step));
  return steps;
}

// It takes `loaded` away, and puts it back.
Steps around_fence(Stage& stage) {
  const release::Fence fence{.close = {"rm", "-f", stage.loaded},
                             .open = {"sh", "-c", "echo release 1 >" + stage.loaded}};
  return {fence_step(fence, 2), stage.turn()};
}

RenderedCheck asks_for(const std::string& text, const std::string& line) {
  RenderedCheck check;
  check.check.name = "line";
  check.check.probe = release::Probe::exec;
  check.check.command = {"grep", "-q", text, line};
  check.check.within = std::chrono::milliseconds(200);
  check.check.every = std::chrono::milliseconds(100);
  return check;
}

Steps around_health(Stage& stage) {
  const Health old{.checks = {asks_for("release 1", stage.line)}, .hooks = {}, .scripts = {}};
  const Health next{.checks = {asks_for("release 2", stage.line)}, .hooks = {}, .scripts = {}};
  return {prove_step(old, tests::given_revision(1, "1.0.0")), stage.turn(), check_step(next, 2)};
}

Steps around_hooks(Stage& stage) {
  std::vector<RenderedHook> hooks;
  for (const release::Moment moment :
       {release::Moment::before_stage, release::Moment::after_check}) {
    RenderedHook hook{.moment = moment, .run = asks_for("release", stage.line)};
    hook.run.check.name = format("hook-{}", hooks.size());
    hooks.push_back(std::move(hook));
  }
  Steps steps = {stage.turn()};
  add_hooks(hooks, 2, steps);
  return steps;
}

}  // namespace

TEST_CASE("driver: services pass the exam of steps") {
  sit_step_exam(around_services, "release 2\nrelease 2\n");
}

TEST_CASE("driver: the fence passes the exam of steps") {
  sit_step_exam(around_fence, "release 2\nclosed\n");
}

TEST_CASE("driver: health passes the exam of steps") {
  sit_step_exam(around_health, "release 2\nrelease 1\n");
}

TEST_CASE("driver: hooks pass the exam of steps") {
  sit_step_exam(around_hooks, "release 2\nrelease 1\n");
}

TEST_CASE("driver: a service that refuses the new files has taken up the old ones in the end") {
  Stage stage;
  Steps steps = around_services(stage);
  stage.write_site("grep, -q, 'release 1'");
  const std::string before = stage.seen();
  CHECK(tests::refusal_of([&] { stage.apply(steps, steps.size()); }) == Errc::target_failed);
  stage.undo(steps, 3);
  CHECK(stage.seen() == before);
}

TEST_CASE("driver: an undo whose release is less healthy than it was has not succeeded") {
  Stage stage;
  const Steps steps = around_health(stage);
  stage.apply(steps, 2);
  stage.undo({steps[1]}, 1);
  write_file(stage.line, "by hand\n");
  CHECK(tests::refusal_of([&] { stage.undo(steps, 1); }) == Errc::target_failed);
}

}  // namespace sealift::installer::step_drivers_test
