// SPDX-License-Identifier: Apache-2.0
#pragma once

// Events that were carried out of a site, told on a host that has a network. What was told to whom
// stands in a record beside the list of destinations, so that a file that is brought twice, or two
// files with the same events, are told once.

#include <chrono>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "installer/events/site_event.hpp"
#include "installer/events/teller.hpp"

namespace sealift::installer {

inline constexpr std::uint64_t kMaxEventsFile = 256ULL << 20;  // bytes

// One CloudEvent on each line, each with a newline behind it.
std::string events_text(const std::vector<SiteEvent>& events);
// Error{corrupt} that names the line.
std::vector<SiteEvent> read_events(const fs::path& file);

struct Forwarded {
  std::string name;  // of a destination
  std::size_t told = 0;
  std::size_t known = 0;    // had been told before
  std::size_t waiting = 0;  // was not taken
  std::string why = {};     // of the first that was not
};

// Error{busy} where another command forwards by the same record; Error{corrupt} where the record
// cannot be read. `limit` is for each event.
std::vector<Forwarded> forward(const std::vector<SiteEvent>& events,
                               const std::vector<release::Destination>& to, const fs::path& record,
                               std::chrono::milliseconds limit, const Clock& clock);

}  // namespace sealift::installer
