// SPDX-License-Identifier: Apache-2.0
#include "installer/records/plan.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::installer::plan_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;

namespace {

Plan some_plan() {
  Plan plan{.purpose = Purpose::rollback,
            .number = 3,
            .actor = "anna",
            .reason = "the search finds nothing",
            .created = Time{1'700'000'000},
            .steps = {},
            .outcome = {}};
  plan.outcome.number = 3;
  plan.outcome.version = "1.0.0";
  plan.outcome.parent = 1;
  plan.outcome.restores = 1;
  plan.steps.push_back({.id = "switch:web",
                        .phase = Phase::activate,
                        .component = "web",
                        .target = "web",
                        .driver = "directory",
                        .action = "switch",
                        .data = {{"to", "releases/1.0.0"}},
                        .summary = "switch",
                        .undo = Undo::automatic});
  return plan;
}

}  // namespace

TEST_CASE("plan: it is data, and comes back from it as it was") {
  CHECK(plan_from_json(to_json(some_plan()), "plan") == some_plan());
  Plan flags = some_plan();
  flags.purpose = Purpose::flags;
  CHECK(plan_from_json(to_json(flags), "plan") == flags);
}

TEST_CASE("plan: a plan with an unknown field, phase, purpose or format is refused") {
  const std::vector<std::pair<std::string, Json>> changes = {
      {"/format", 0},           {"/purpose", "sell"},     {"/number", -1},
      {"/steps/0/phase", "hm"}, {"/steps/0/undo", "no"},  {"/steps/0/extra", 1},
      {"/extra", true},         {"/created", "tomorrow"}, {"/steps", "none"},
      {"/outcome", nullptr},    {"/outcome/extra", 1},    {"/outcome/number", "three"}};
  for (const auto& [pointer, value] : changes) {
    Json changed = to_json(some_plan());
    changed[JsonPointer(pointer)] = value;
    CAPTURE(pointer);
    CHECK(refusal_of([&] { plan_from_json(changed, "plan"); }) == Errc::corrupt);
  }
}

TEST_CASE("plan: one of a newer form is told apart from a damaged one") {
  Json changed = to_json(some_plan());
  changed["format"] = 2;
  CHECK(refusal_of([&] { plan_from_json(changed, "plan"); }) == Errc::incompatible);
}

TEST_CASE("plan: what is wrong with the revision that it leads to is named by its place") {
  Json changed = to_json(some_plan());
  changed["outcome"].erase("version");
  CHECK(messages(error_of([&] { plan_from_json(changed, "plan"); })) ==
        "plan.outcome.version: found nothing, expected this field\n");
}

TEST_CASE("plan: an unknown word is shown without its hidden characters") {
  Json changed = to_json(some_plan());
  changed["purpose"] = "\u202e";
  CHECK(messages(error_of([&] { plan_from_json(changed, "plan"); })) ==
        "plan.purpose: found the unknown word \"\\xe2\\x80\\xae\"\n");
}

}  // namespace sealift::installer::plan_test
