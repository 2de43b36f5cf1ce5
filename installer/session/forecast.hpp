// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a plan can say of time: how long it may take, and when the site may be changed.

#include <chrono>
#include <optional>
#include <string>

#include "installer/planning/draft.hpp"
#include "installer/records/state.hpp"
#include "installer/site/maintenance.hpp"

namespace sealift::installer {

struct Forecast {
  // The median of the last transactions of the same purpose. Nothing where there are none, or none
  // of them wrote nearly as much.
  std::optional<std::chrono::seconds> about;
  std::size_t transactions = 0;       // that it is taken from
  std::optional<Maintenance> window;  // of what one binds
};

Forecast forecast_of(const Draft& draft, const State& state,
                     const std::optional<Maintenance>& window);
// "about 20 s like the last 3; window closed, opens 2026-11-28 22:00:00 +0100"; empty: nothing is
// known.
std::string text(const Forecast& forecast);
// Keys of the document of a plan: `estimate` and `window`, where they are known.
Json to_json(const Forecast& forecast);

}  // namespace sealift::installer
