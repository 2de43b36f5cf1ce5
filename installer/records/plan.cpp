// SPDX-License-Identifier: Apache-2.0
#include "installer/records/plan.hpp"

#include <array>

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kFormat = 1;
constexpr std::array kPhases = {Phase::preflight, Phase::stage, Phase::fence, Phase::migrate,
                                Phase::activate,  Phase::check, Phase::commit};
constexpr std::array kPurposes = {Purpose::apply,    Purpose::stage, Purpose::rollback,
                                  Purpose::adopt,    Purpose::flags, Purpose::repair,
                                  Purpose::uninstall};
constexpr std::array kUndos = {Undo::automatic, Undo::impossible};

std::string_view name(Undo undo) {
  return undo == Undo::automatic ? "automatic" : "impossible";
}

template <typename Values>
auto parse_word(Fields& fields, const char* key, const Values& values) {
  const std::string word = fields.text(key);
  for (const auto value : values) {
    if (name(value) == word) return value;
  }
  fields.refuse(key, format("found the unknown word \"{}\"", printable(word, 40)));
}

Json step_to_json(const Step& step) {
  return {{"id", step.id},         {"phase", name(step.phase)}, {"component", step.component},
          {"target", step.target}, {"driver", step.driver},     {"action", step.action},
          {"data", step.data},     {"summary", step.summary},   {"undo", name(step.undo)}};
}

Step step_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Step step{.id = fields.text("id"),
            .phase = parse_word(fields, "phase", kPhases),
            .component = fields.text("component"),
            .target = fields.text("target"),
            .driver = fields.text("driver"),
            .action = fields.text("action"),
            .data = fields.value("data"),
            .summary = fields.text("summary"),
            .undo = parse_word(fields, "undo", kUndos)};
  fields.done();
  return step;
}

}  // namespace

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::preflight:
      return "preflight";
    case Phase::stage:
      return "stage";
    case Phase::fence:
      return "fence";
    case Phase::migrate:
      return "migrate";
    case Phase::activate:
      return "activate";
    case Phase::check:
      return "check";
    case Phase::commit:
      return "commit";
  }
  return "";
}

std::string_view name(Purpose purpose) {
  switch (purpose) {
    case Purpose::apply:
      return "apply";
    case Purpose::stage:
      return "stage";
    case Purpose::rollback:
      return "rollback";
    case Purpose::adopt:
      return "adopt";
    case Purpose::flags:
      return "flags";
    case Purpose::repair:
      return "repair";
    case Purpose::uninstall:
      return "uninstall";
  }
  return "";
}

std::string Plan::stands_after() const {
  return title_of(purpose == Purpose::uninstall ? nullptr : &outcome);
}

Json to_json(const Plan& plan) {
  Json steps = Json::array();
  for (const Step& step : plan.steps) steps.push_back(step_to_json(step));
  return {{"format", kFormat},         {"purpose", name(plan.purpose)},
          {"number", plan.number},     {"actor", plan.actor},
          {"reason", plan.reason},     {"created", to_text(plan.created)},
          {"steps", std::move(steps)}, {"outcome", to_json(plan.outcome)}};
}

Plan plan_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("format", kFormat);
  Plan plan{.purpose = parse_word(fields, "purpose", kPurposes),
            .number = fields.number("number"),
            .actor = fields.text("actor"),
            .reason = fields.text("reason"),
            .created = fields.time("created"),
            .steps = {},
            .outcome = revision_from_json(fields.value("outcome"), fields.at("outcome"))};
  for (const Json& step : fields.array("steps")) {
    plan.steps.push_back(
        step_from_json(step, format("{}[{}]", fields.at("steps"), plan.steps.size())));
  }
  fields.done();
  return plan;
}

}  // namespace sealift::installer
