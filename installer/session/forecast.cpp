// SPDX-License-Identifier: Apache-2.0
#include "installer/session/forecast.hpp"

#include <algorithm>
#include <vector>

#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "installer/session/past.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kLast = 5;  // transactions that are looked at
// How many times what was written before may be written in about the same time.
constexpr std::uint64_t kAlike = 2;

// At most so many bytes were written: those of components that the release before had otherwise.
std::uint64_t most_written(const PastTransaction& past, const Revision* before) {
  std::uint64_t bytes = 0;
  for (const Placement& now : past.outcome.placements) {
    const bool was_there =
        before != nullptr && std::any_of(before->placements.begin(), before->placements.end(),
                                         [&](const Placement& each) {
                                           return each.component == now.component &&
                                                  each.table == now.table;
                                         });
    if (!was_there) bytes += now.bytes;
  }
  return bytes;
}

std::uint64_t to_write(const Draft& draft) {
  std::uint64_t bytes = 0;
  for (const ComponentChange& change : draft.changes) bytes += change.new_bytes;
  return bytes;
}

}  // namespace

Forecast forecast_of(const Draft& draft, const State& state,
                     const std::optional<Maintenance>& window) {
  Forecast forecast;
  if (draft.plan.purpose == Purpose::apply) forecast.window = window;
  std::vector<std::chrono::seconds> took;
  std::uint64_t most = 0;
  const Revision* before = nullptr;
  for (const PastTransaction& past : state.history) {
    if (past.ending != Event::commit || !past.ended) continue;
    if (past.purpose == draft.plan.purpose) {
      took.push_back(duration_of(past));
      most = std::max(most, most_written(past, before));
    }
    if (past.purpose != Purpose::stage) before = &past.outcome;
  }
  if (draft.plan.steps.empty() || took.empty() || to_write(draft) > kAlike * most) return forecast;
  if (took.size() > kLast) took.erase(took.begin(), took.end() - kLast);
  std::sort(took.begin(), took.end());
  forecast.about = std::max(took[took.size() / 2], std::chrono::seconds(1));
  forecast.transactions = took.size();
  return forecast;
}

std::string text(const Forecast& forecast) {
  std::vector<std::string> parts;
  if (forecast.about) {
    parts.push_back(
        format("about {} like the last {}", cli::duration_text(*forecast.about),
               forecast.transactions == 1 ? "one" : std::to_string(forecast.transactions)));
  }
  if (forecast.window) parts.push_back(format("window {}", text(*forecast.window)));
  return joined(parts, "; ");
}

Json to_json(const Forecast& forecast) {
  Json value = Json::object();
  if (forecast.about) {
    value["estimate"] = {{"seconds", forecast.about->count()},
                         {"transactions", forecast.transactions}};
  }
  if (forecast.window) value["window"] = to_json(*forecast.window);
  return value;
}

}  // namespace sealift::installer
