// SPDX-License-Identifier: Apache-2.0
#include "installer/session/totals.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "installer/drivers/databases/database_step.hpp"

namespace sealift::installer {

namespace {

// The files of a database are its migrations, which are counted by their steps.
bool is_of_database(const ComponentChange& change) {
  return change.path.starts_with("database:");
}

void count(const ComponentChange& change, Totals& totals) {
  totals.bytes += change.new_bytes;
  if (is_of_database(change)) return;
  if (change.images) {
    totals.images += change.added + change.changed;
    return;
  }
  totals.added += change.added;
  totals.changed += change.changed;
  totals.removed += change.removed;
}

void count(const Step& step, Totals& totals) {
  if (step.phase == Phase::migrate && step.action == kMigrate) {
    if (const auto pending = database_change_from_json(step).pending) {
      totals.migrations += pending->size();
    }
  }
  if (step.phase != Phase::activate) return;
  totals.reloads += step.action == "reload" ? 1 : 0;
  // Nothing runs at Datadog.
  const bool is_up = step.action == "up" && step.driver != "datadog";
  totals.restarts += step.action == "restart" || is_up ? 1 : 0;
}

}  // namespace

Totals totals_of(const Draft& draft) {
  Totals totals;
  for (const ComponentChange& change : draft.changes) count(change, totals);
  for (const Step& step : draft.plan.steps) count(step, totals);
  for (const Need& need : draft.needs) {
    const std::uint64_t free = free_space(existing_part(need.path)).bytes;
    totals.free = std::min(totals.free.value_or(free), free);
  }
  return totals;
}

}  // namespace sealift::installer
