// SPDX-License-Identifier: Apache-2.0
#include "net/datagram.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::net {

namespace {

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kUdp = "udp://";
constexpr std::size_t kMostLocal = 8192;
constexpr std::size_t kMostUdp = 1432;  // with its headers it is one packet of Ethernet

// Of any family, as the operating system wants it.
struct Place {
  struct sockaddr_storage address {};
  socklen_t size = 0;
};

template <typename Address>
Place place_of(const Address& address) {
  Place place{.address = {}, .size = sizeof address};
  std::memcpy(&place.address, &address, sizeof address);
  return place;
}

[[noreturn]] void refuse(const std::string& address) {
  throw Error(Errc::invalid_input,
              format("found the address \"{}\", expected such as unix:///run/dsd.socket or "
                     "udp://127.0.0.1:8125, in digits",
                     printable(address, 200)));
}

Place local_place(const std::string& address, std::string_view path) {
  struct sockaddr_un place {};
  place.sun_family = AF_UNIX;
  if (path.size() >= sizeof place.sun_path) {
    throw Error(Errc::invalid_input, format("{}: is too long for a socket", address));
  }
  path.copy(place.sun_path, path.size());
  return place_of(place);
}

Place udp_place(const std::string& address, std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) refuse(address);
  const std::string_view digits = text.substr(colon + 1);
  std::string host(text.substr(0, colon));
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc() || end != digits.data() + digits.size()) refuse(address);
  if (host.starts_with('[') && host.ends_with(']')) {
    struct sockaddr_in6 place {};
    place.sin6_family = AF_INET6;
    place.sin6_port = htons(port);
    host = host.substr(1, host.size() - 2);
    if (::inet_pton(AF_INET6, host.c_str(), &place.sin6_addr) != 1) refuse(address);
    return place_of(place);
  }
  struct sockaddr_in place {};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &place.sin_addr) != 1) refuse(address);
  return place_of(place);
}

Place place_named(const std::string& address) {
  const std::string_view text = address;
  if (text.starts_with(kUdp)) return udp_place(address, text.substr(kUdp.size()));
  if (text.starts_with(kUnix)) return local_place(address, text.substr(kUnix.size()));
  if (text.starts_with('/')) return local_place(address, text);
  refuse(address);
}

}  // namespace

DatagramSocket::DatagramSocket(std::string address, std::chrono::milliseconds limit)
    : address_(std::move(address)) {
  const Place place = place_named(address_);
  fd_ = Fd(::socket(place.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd_.is_open()) throw_errno(address_, "make a socket for");
  const struct timeval wait {
    .tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000
  };
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  // The address of a socket is passed as the address of any.
  if (::connect(fd_.get(), reinterpret_cast<const struct sockaddr*>(&place.address), place.size) !=
      0) {
    throw_errno(address_, "send to");
  }
}

void DatagramSocket::send(std::string_view datagram) const {
  if (::send(fd_.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) < 0) {
    throw_errno(address_, "send to");
  }
}

std::size_t DatagramSocket::most() const {
  return address_.starts_with(kUdp) ? kMostUdp : kMostLocal;
}

}  // namespace sealift::net
