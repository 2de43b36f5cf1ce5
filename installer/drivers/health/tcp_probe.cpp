// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/health/probes.hpp"
#include "net/url.hpp"

namespace sealift::installer {

namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

// 0, or why nothing listens there.
int connect_to(const addrinfo& address, std::chrono::milliseconds limit) {
  const Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return errno;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd ready{fd.get(), POLLOUT, 0};
  if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return ETIMEDOUT;
  int failure = 0;
  socklen_t size = sizeof failure;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

}  // namespace

Finding tcp_probe(const release::HealthCheck& check) {
  const net::Url place = net::Url::parse("http://" + check.at);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int failure = ::getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &list)) {
    return {.verdict = Finding::Verdict::fails,
            .found = format("the name {} cannot be resolved: {}", printable(place.host, 200),
                            ::gai_strerror(failure))};
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
  const auto deadline = std::chrono::steady_clock::now() + check.timeout;
  int failure = ETIMEDOUT;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    failure = connect_to(*each, left);
    if (failure == 0) return {.verdict = Finding::Verdict::holds, .found = "connected"};
  }
  return {.verdict = Finding::Verdict::fails,
          .found = format("{}: {}", printable(check.at, 300), std::strerror(failure))};
}

}  // namespace sealift::installer
