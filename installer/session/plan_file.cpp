// SPDX-License-Identifier: Apache-2.0
#include "installer/session/plan_file.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kMaxPlanFile = 1 << 20;  // bytes
constexpr std::string_view kPlanFileKind = "sealift-plan";

constexpr const char* kNewPlan = "look at a new one: sealift-installer plan BUNDLE --output FILE";

[[noreturn]] void refuse_plan(const std::string& found) {
  throw Error(Errc::incompatible, format("the plan file was made for another plan: {}", found),
              kNewPlan);
}

PlanFile plan_file_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("kind", kPlanFileKind);
  fields.constant("format", std::uint64_t{1});
  PlanFile plan{.bundle = fields.texts("bundle"),
                .digest = fields.digest("digest"),
                .site = fields.text("site"),
                .number = fields.number("transaction"),
                .plan = fields.digest("plan"),
                .set = fields.texts("set"),
                .trust = {.accept_expired = fields.flag("acceptExpired"),
                          .below_floor = fields.flag("belowFloor")},
                .change_environment = fields.flag("changeEnvironment")};
  fields.done();
  if (plan.bundle.empty()) fields.refuse("bundle", "found nothing, expected a file or volumes");
  return plan;
}

}  // namespace

Digest digest_of_plan(const Draft& draft) {
  Json steps = Json::array();
  for (const Step& step : draft.plan.steps) {
    // The data of backups and migrations says who plans, and when; what they do is in the summary.
    const bool has_author = step.phase == Phase::fence || step.phase == Phase::migrate;
    steps.push_back({step.id, name(step.phase), step.component, step.target, step.driver,
                     step.action, step.summary, has_author ? Json() : step.data});
  }
  Revision outcome = draft.plan.outcome;
  outcome.bundle.clear();  // a name in the store, which `plan` does not know
  return Digest::of(to_canonical({{"purpose", name(draft.plan.purpose)},
                                  {"steps", std::move(steps)},
                                  {"outcome", to_json(outcome)},
                                  {"set", draft.set},
                                  {"siteChanges", to_json(draft.site_changes)}}));
}

void write_plan_file(const std::string& file, const PlanFile& plan) {
  const Json value = {{"kind", kPlanFileKind},
                      {"format", 1},
                      {"bundle", plan.bundle},
                      {"digest", plan.digest.str()},
                      {"site", plan.site},
                      {"transaction", plan.number},
                      {"plan", plan.plan.str()},
                      {"set", plan.set},
                      {"acceptExpired", plan.trust.accept_expired},
                      {"belowFloor", plan.trust.below_floor},
                      {"changeEnvironment", plan.change_environment}};
  write_file(file, to_pretty(value), FileMode::plain);
}

std::optional<PlanFile> read_plan_file(const std::string& file) {
  const Fd fd = open_for_reading(file);
  std::string first(1, '\0');
  FdSource source(fd.get(), file);
  if (source.read(first) != 1 || first != "{") return std::nullopt;
  try {
    return plan_file_from_json(parse_json(read_file(file, kMaxPlanFile), file), file);
  } catch (const Error& error) {
    throw Error(error.code(), error.message(), kNewPlan);
  }
}

void check_plan(const PlanFile& planned, const Draft& draft, const std::string& site) {
  const Revision& outcome = draft.plan.outcome;
  if (planned.site != site) {
    refuse_plan(format("found the site {}, expected {}", site, planned.site));
  }
  if (outcome.digest != planned.digest) {
    refuse_plan(format("found the bundle {}, expected {}",
                       outcome.digest ? outcome.digest->str() : "none", planned.digest.str()));
  }
  if (draft.plan.number != planned.number) {
    refuse_plan(format("found that transaction {} of this site comes next, expected {}",
                       draft.plan.number, planned.number));
  }
  if (digest_of_plan(draft) != planned.plan) {
    refuse_plan("the site, its site.yaml or its secrets changed since, so that other steps follow");
  }
}

}  // namespace sealift::installer
