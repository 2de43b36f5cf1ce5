// SPDX-License-Identifier: Apache-2.0
#include "net/datagram.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::net::datagram_test {

namespace {

constexpr std::chrono::milliseconds kLimit{1000};

}  // namespace

TEST_CASE("datagram: a socket of the file system hears each whole") {
  const tests::ScratchFolder folder;
  const std::string path = folder / "s";
  struct sockaddr_un place {};
  place.sun_family = AF_UNIX;
  path.copy(place.sun_path, sizeof place.sun_path - 1);
  const Fd listener(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(listener.get(), reinterpret_cast<const struct sockaddr*>(&place), sizeof place) ==
          0);
  for (const std::string& address : {path, "unix://" + path}) {
    const DatagramSocket socket(address, kLimit);
    socket.send("one");
    socket.send("two\n");
    CHECK(socket.most() == 8192);
    std::array<char, 16> heard{};
    CHECK(::recv(listener.get(), heard.data(), heard.size(), 0) == 3);
    CHECK(::recv(listener.get(), heard.data(), heard.size(), 0) == 4);
  }
}

TEST_CASE("datagram: addresses that are none, and places where nobody is") {
  for (const char* each :
       {"", "tcp://127.0.0.1:1", "udp://localhost:1", "udp://127.0.0.1", "udp://127.0.0.1:70000",
        "udp://127.0.0.1:1x", "udp://[::1:1", "udp://[x]:1", "relative"}) {
    CAPTURE(each);
    CHECK(tests::refusal_of([&] { DatagramSocket(each, kLimit); }) == Errc::invalid_input);
  }
  CHECK(tests::refusal_of([&] { DatagramSocket("/" + std::string(200, 'a'), kLimit); }) ==
        Errc::invalid_input);
  CHECK(tests::refusal_of([&] { DatagramSocket("/nobody/is/here", kLimit); }) == Errc::io);
  CHECK(DatagramSocket("udp://[::1]:9", kLimit).most() == 1432);
}

}  // namespace sealift::net::datagram_test
