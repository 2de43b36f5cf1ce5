// SPDX-License-Identifier: Apache-2.0
#pragma once

// Datagrams to a program of this host or of one beside it, which answers none: syslogd, journald,
// an agent that collects metrics.

#include <chrono>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace sealift::net {

class DatagramSocket {
 public:
  // "/dev/log" or "unix:///dev/log", or UDP to an address in digits: "udp://127.0.0.1:8125",
  // "udp://[::1]:8125". Error{invalid_input} for another form, Error{io} where no socket is there.
  // `limit`: how long sending one may take.
  DatagramSocket(std::string address, std::chrono::milliseconds limit);

  // Error{io}. By UDP it is lost where nobody listens, and the next one may say so.
  void send(std::string_view datagram) const;
  // Bytes that collectors take in one.
  std::size_t most() const;

 private:
  std::string address_;
  Fd fd_;
};

}  // namespace sealift::net
