// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "installer/events/teller.hpp"

namespace sealift::installer {

namespace {

constexpr int kFacility = 1 << 3;  // user
constexpr int kWarning = 4;
constexpr int kNotice = 5;
constexpr std::size_t kMaxMessage = 8192;  // what collectors take in one datagram

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
    struct sockaddr_un address {};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) {
      throw Error(Errc::invalid_input, format("{}: is too long for a socket", socket_));
    }
    std::memcpy(address.sun_path, socket_.c_str(), socket_.size());
    const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) throw_errno(socket_, "make a socket for");
    const struct timeval wait {
      .tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000
    };
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    const std::string line = message_of(event);
    // The address of a socket is passed as the address of any.
    if (::sendto(fd.get(), line.data(), line.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const struct sockaddr*>(&address), sizeof address) < 0) {
      throw_errno(socket_, "send to");
    }
    return {};
  }

 private:
  static std::string message_of(const SiteEvent& event) {
    std::string line = format("<{}>sealift-installer[{}]: {}: {} site={} id={}",
                              kFacility | (is_bad(event.word) ? kWarning : kNotice), ::getpid(),
                              event.word, event.text, event.of.site, event.id);
    if (line.size() > kMaxMessage) line.resize(kMaxMessage);
    return line;
  }

  std::string socket_;
};

}  // namespace

std::unique_ptr<Teller> syslog_teller(const release::Destination& to) {
  return std::make_unique<SyslogTeller>(to.place);
}

}  // namespace sealift::installer
