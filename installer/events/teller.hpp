// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Teller tells one destination of events, one after the other. It may be told to tell an event
// that the destination has had already, after a crash: a file is looked at first, others know the
// event by its id.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "installer/events/site_event.hpp"
#include "release/site_file/notify.hpp"

namespace sealift::installer {

// What a destination said.
struct Answer {
  bool is_taken = true;
  std::string why = {};                            // of what was not taken
  std::optional<std::chrono::seconds> pause = {};  // that it asks for
};

class Teller {
 public:
  virtual ~Teller() = default;
  // Comes back within about `limit`; what goes wrong is an Answer or an Error.
  virtual Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) = 0;
};

// The value of a secret of the site by its key; throws where there is none.
using SecretOf = std::function<std::string(const std::string& key)>;

// `secret_of` is asked at once; `clock` outlives the Teller. Error{io}, Error{untrusted} where its
// token cannot be read.
std::unique_ptr<Teller> teller_for(const release::Destination& to, const SecretOf& secret_of,
                                   const Clock& clock);

// One for each means; teller_for() chooses.
std::unique_ptr<Teller> file_teller(const release::Destination& to);
std::unique_ptr<Teller> web_teller(const release::Destination& to, std::string token);
std::unique_ptr<Teller> datadog_teller(const release::Destination& to, std::string key,
                                       const Clock& clock);
std::unique_ptr<Teller> sentry_teller(const release::Destination& to, std::string token);
std::unique_ptr<Teller> program_teller(const release::Destination& to);
std::unique_ptr<Teller> syslog_teller(const release::Destination& to);

}  // namespace sealift::installer
