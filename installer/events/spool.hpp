// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a site still has to tell: for each destination of site.yaml the lines of the audit log
// behind its cursor. Sending never touches the log or the site's lock; two that send take turns.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "installer/events/cursor.hpp"
#include "installer/events/site_event.hpp"
#include "installer/events/teller.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// The cursor of what is carried out by hand; no destination may have the name.
inline constexpr std::string_view kCarriedOut = "export";

// Whether a destination that failed is left alone for a while. What a destination asks for by
// itself is always kept.
enum class Patience {
  kept,   // 30 s behind the first failure, then twice as long each time, at most an hour
  waived  // a person asks
};

struct Waiting {
  std::string name;               // of a destination, or kCarriedOut
  std::vector<SiteEvent> events;  // oldest first
  Cursor cursor;
  std::string broken;  // why the cursor cannot be read; empty: it can
};

// Of one destination.
struct Sent {
  std::string name;
  std::size_t told = 0;
  std::size_t waiting = 0;  // still
  std::string why = {};     // empty: nothing failed
};

class Spool {
 public:
  // Reads the audit log once, as it is now. Both outlive it.
  Spool(const Installation& installation, const Clock& clock);

  // A destination that is new in site.yaml is told what happens from now on; what was known of one
  // that is gone from it is removed. Before a command writes its first line.
  void begin() const;
  // What waits for each destination, and to be carried out.
  std::vector<Waiting> waiting() const;
  // Everything that the log tells, oldest first.
  std::vector<SiteEvent> all() const;
  // Tells each destination, side by side, for about `limit` at most. A destination that does not
  // take an event is not told the next one. Error{busy} where another command sends.
  std::vector<Sent> send(const SecretOf& secret_of, Patience patience,
                         std::chrono::milliseconds limit) const;
  // What waits for `name` is done with. Error{busy} where another command sends.
  void pass(const std::string& name) const;

 private:
  fs::path cursor_file(std::string_view name) const;
  Waiting waiting_for(const std::string& name, const release::Destination* to) const;
  Sent send_to(const release::Destination& to, const SecretOf& secret_of, Patience patience,
               std::chrono::steady_clock::time_point deadline) const;

  const Installation& installation_;
  const Clock& clock_;
  AuditText log_;
  Speaker speaker_;
};

}  // namespace sealift::installer
