// SPDX-License-Identifier: Apache-2.0
#pragma once

// The maintenance windows of a site: outside of them nothing new is applied without a person saying
// so. What leads back (rollback, recover, flags) and what nobody sees (stage) is never bound.

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

struct Maintenance {
  bool is_open;
  std::optional<Time> until;  // nothing: it stays so
};

// At the time that this site believes; nothing where it has no windows.
std::optional<Maintenance> maintenance_of(const Installation& installation, const Clock& clock);

// "closed, opens 2026-11-28 22:00:00 +0100" Times are the host's local ones, for people.
std::string text(const Maintenance& maintenance);
Json to_json(const Maintenance& maintenance);

// Throws Error{busy} where the site has windows and all are closed.
void check_window(const Installation& installation, const Clock& clock);

}  // namespace sealift::installer
