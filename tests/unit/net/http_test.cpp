// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::net::http_test {

namespace {

// A server on loopback that breaks the connections that it has kept.
class Server {
 public:
  // What it does behind an answer.
  enum class Kept {
    closed,  // at once
    broken   // once it has read another request
  };

  explicit Server(Kept kept) : kept_(kept), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    struct sockaddr_in place {};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    auto* address = reinterpret_cast<struct sockaddr*>(&place);
    REQUIRE(::bind(listener_.get(), address, size) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    REQUIRE(::getsockname(listener_.get(), address, &size) == 0);
    port_ = ntohs(place.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  Url url() const { return Url::parse("http://127.0.0.1:" + std::to_string(port_) + "/x"); }
  // Once nobody asks any more.
  unsigned requests() const { return requests_; }

 private:
  void serve() {
    for (;;) {
      const Fd connection(::accept(listener_.get(), nullptr, nullptr));
      if (connection.get() < 0) return;
      if (!hear(connection)) continue;
      constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
      (void)::send(connection.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
      if (kept_ == Kept::broken) hear(connection);
    }
  }

  // One request without a body; whether there was one.
  bool hear(const Fd& connection) {
    std::string text;
    std::array<char, 512> block{};
    while (text.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(connection.get(), block.data(), block.size(), 0);
      if (count <= 0) return false;
      text.append(block.data(), static_cast<std::size_t>(count));
    }
    ++requests_;
    return true;
  }

  Kept kept_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> requests_ = 0;
  std::thread thread_;
};

HttpSettings impatient() {
  HttpSettings settings;
  settings.sleep = [](std::chrono::milliseconds) {};
  return settings;
}

int ask(HttpClient& client, const Url& url, Repeat repeat) {
  const std::unique_ptr<Reply> reply =
      client.send({.method = "POST", .url = url, .repeat = repeat});
  std::array<char, 16> rest{};
  while (reply->read(rest) > 0) {
  }
  return reply->status();
}

}  // namespace

TEST_CASE("http: what must not arrive twice is not sent again when its connection breaks") {
  Server server(Server::Kept::broken);
  HttpClient client(impatient());
  CHECK(ask(client, server.url(), Repeat::never) == 200);
  CHECK(tests::refusal_of([&] { ask(client, server.url(), Repeat::never); }) == Errc::io);
  CHECK(server.requests() == 2);
  CHECK(ask(client, server.url(), Repeat::never) == 200);
  CHECK(ask(client, server.url(), Repeat::allowed) == 200);
  CHECK(server.requests() == 5);
}

TEST_CASE("http: a connection that was closed meanwhile is made anew, whatever is sent") {
  Server server(Server::Kept::closed);
  HttpClient client(impatient());
  for (unsigned count = 1; count < 4; ++count) {
    CHECK(ask(client, server.url(), Repeat::never) == 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // its end is under way
    CHECK(server.requests() == count);
  }
}

TEST_CASE("http: a header with a line end in its value is not sent, and not repeated") {
  Server server(Server::Kept::closed);
  HttpClient client(impatient());
  const auto refused = tests::error_of([&] {
    client.send({.method = "GET", .url = server.url(), .headers = {{"key", "hunter2\r\nx: 1"}}});
  });
  REQUIRE(refused);
  CHECK(refused->code() == Errc::invalid_input);
  CHECK(refused->message().find("hunter2") == std::string::npos);
  CHECK(server.requests() == 0);
}

}  // namespace sealift::net::http_test
