// SPDX-License-Identifier: Apache-2.0
#include "installer/rescue/free_ports.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/file.hpp"
#include "base/format.hpp"

namespace sealift::installer {

namespace {

// The system chooses the port; it is taken as long as the socket is open.
Fd bound_socket(sockaddr_in& address) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (!socket.is_open() || ::bind(socket.get(), general, size) != 0 ||
      ::getsockname(socket.get(), general, &size) != 0) {
    throw_errno("127.0.0.1", "find a free port of");
  }
  return socket;
}

}  // namespace

std::vector<std::string> with_free_ports(const std::vector<std::string>& keys) {
  std::vector<Fd> sockets;
  std::vector<std::string> set;
  for (const std::string& key : keys) {
    sockaddr_in address{};
    sockets.push_back(bound_socket(address));
    set.push_back(format("{}={}", key, ntohs(address.sin_port)));
  }
  return set;
}

}  // namespace sealift::installer
