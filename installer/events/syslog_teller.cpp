// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>

#include "base/format.hpp"
#include "installer/events/teller.hpp"
#include "net/datagram.hpp"

namespace sealift::installer {

namespace {

constexpr int kFacility = 1 << 3;  // user
constexpr int kWarning = 4;
constexpr int kNotice = 5;

// What somebody should look at.
bool is_bad(std::string_view word) {
  constexpr std::array kBad = {"copy_failed", "drift_found",    "expiring", "failed",
                               "hook_failed", "needs_operator", "refused"};
  for (const char* each : kBad) {
    if (word == each) return true;
  }
  return false;
}

// A datagram to the host's own log, syslogd's or journald's, in the form that both take: priority,
// name, text (RFC 3164 without time and host, which they add).
class SyslogTeller : public Teller {
 public:
  explicit SyslogTeller(std::string socket) : socket_(std::move(socket)) {}

  Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) override {
    const net::DatagramSocket socket(socket_, limit);
    socket.send(std::string_view(message_of(event)).substr(0, socket.most()));
    return {};
  }

 private:
  static std::string message_of(const SiteEvent& event) {
    return format("<{}>sealift-installer[{}]: {}: {} site={} id={}",
                  kFacility | (is_bad(event.word) ? kWarning : kNotice), ::getpid(), event.word,
                  event.text, event.of.site, event.id);
  }

  std::string socket_;
};

}  // namespace

std::unique_ptr<Teller> syslog_teller(const release::Destination& to) {
  return std::make_unique<SyslogTeller>(to.place);
}

}  // namespace sealift::installer
