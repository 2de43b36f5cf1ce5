// SPDX-License-Identifier: Apache-2.0
// What programs of commit 7cca061 wrote is read, and would be written the same today
// (tests/fixtures/7cca061/make).

#include <functional>
#include <map>

#include "base/file.hpp"
#include "installer/content/kept_set.hpp"
#include "installer/drivers/databases/database_step.hpp"
#include "installer/drivers/files/directory_steps.hpp"
#include "installer/drivers/health/health_step.hpp"
#include "installer/drivers/images/image_step.hpp"
#include "installer/drivers/services/service_step.hpp"
#include "installer/drivers/workloads/exec_settings.hpp"
#include "installer/records/flags.hpp"
#include "installer/records/plan.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/source_folder.hpp"

namespace sealift::installer::older_test {

namespace {

// The first record of its journal, as it was written.
Json begun() {
  const fs::path file = tests::source_folder() / "tests/fixtures/7cca061/journal.jsonl";
  const std::string lines = read_file(file, 1U << 20);
  return parse_json(lines.substr(0, lines.find('\n')), file.string()).at("detail");
}

using Rewrite = std::function<Json(const Step&)>;

// By "DRIVER/ACTION": the data of a step, read and written again.
const std::map<std::string, Rewrite>& rewrites() {
  static const Rewrite command = [](const Step& s) {
    return to_json(service_command_from_json(s));
  };
  static const Rewrite workload = [](const Step& s) { return to_json(workload_step_from_json(s)); };
  static const Rewrite naming = [](const Step& s) { return to_json(naming_from_json(s)); };
  static const Rewrite health = [](const Step& s) { return to_json(health_step_from_json(s)); };
  static const std::map<std::string, Rewrite> all = {
      {"directory/unpack", [](const Step& s) { return to_json(unpack_from_json(s)); }},
      {"directory/keep", [](const Step& s) { return to_json(keep_from_json(s)); }},
      {"directory/switch", [](const Step& s) { return to_json(switch_from_json(s)); }},
      {"exec/unpack", [](const Step& s) { return to_json(unpack_from_json(s)); }},
      {"exec/switch", [](const Step& s) { return to_json(switch_from_json(s)); }},
      {"exec/validate", workload},
      {"exec/guard", workload},
      {"exec/up", workload},
      {"exec/down", workload},
      {"fence/close",
       [](const Step& s) { return to_json(fence_commands_from_json(s.data, s.id)); }},
      {"health/prove", health},
      {"health/check", health},
      {"hook/run", [](const Step& s) { return to_json(hook_step_from_json(s)); }},
      {"oci-layout/load", [](const Step& s) { return to_json(loading_from_json(s)); }},
      {"oci-layout/tag", naming},
      {"oci-layout/untag", naming},
      {"service/guard", [](const Step& s) { return to_json(service_guard_from_json(s)); }},
      {"service/check", command},
      {"service/reload", command},
      {"sqlite/backup", [](const Step& s) { return to_json(backup_step_from_json(s)); }},
      {"sqlite/migrate", [](const Step& s) { return to_json(database_change_from_json(s)); }}};
  return all;
}

Json rewritten(const Placement& placement) {
  const Json& settings = placement.settings;
  if (settings.is_null()) return settings;
  if (placement.driver == "sqlite") return to_json(database_settings_of(placement));
  if (placement.driver == "oci-layout") return to_json(image_settings_of(placement));
  if (placement.driver == "exec") return to_json(exec_settings_of(deployment_of(placement)));
  if (has_flags(placement)) return to_settings(flags_of(placement));
  return to_json(kept_settings_from_json(settings, "settings").value());
}

}  // namespace

TEST_CASE("older: a plan of an older program is read and would be written the same") {
  const Json written = begun();
  const Plan plan = plan_from_json(written, "journal");
  CHECK(to_canonical(to_json(plan)) == to_canonical(written));
  for (const Step& step : plan.steps) {
    CAPTURE(step.id, step.driver, step.action);
    const auto rewrite = rewrites().find(step.driver + "/" + step.action);
    REQUIRE(rewrite != rewrites().end());
    CHECK(to_canonical(rewrite->second(step)) == to_canonical(step.data));
  }
  for (const Placement& placement : plan.outcome.placements) {
    CAPTURE(placement.component);
    CHECK(to_canonical(rewritten(placement)) == to_canonical(placement.settings));
  }
}

}  // namespace sealift::installer::older_test
