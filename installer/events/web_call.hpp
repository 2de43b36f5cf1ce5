// SPDX-License-Identifier: Apache-2.0
#pragma once

// Requests to a destination, one attempt each, within the time that it may take. Its token stands
// in a header or in the address, and in nothing that is said.

#include <chrono>
#include <cstdint>
#include <string>

#include "installer/events/teller.hpp"
#include "net/http.hpp"

namespace sealift::installer {

struct WebCall {
  std::string method;
  std::string url;
  net::Headers headers = {};
  std::string body = {};  // JSON, unless a header says another type; empty: none
};

struct WebAnswer {
  int status = 0;
  std::string body;                                // the first kMaxWebAnswer bytes of it
  std::optional<std::chrono::seconds> pause = {};  // that the server asks for, a day at most

  bool is_success() const { return status >= 200 && status < 300; }
};

inline constexpr std::size_t kMaxWebAnswer = 1U << 18;

class WebCaller {
 public:
  // `limit`: of all calls together.
  WebCaller(const release::Destination& to, std::string token, std::chrono::milliseconds limit);

  // Error{io} without an answer.
  WebAnswer call(const WebCall& call) const;
  // What became of the event: it was taken, or why not.
  Answer outcome(const WebAnswer& answer) const;

 private:
  WebAnswer send(const WebCall& call) const;
  std::string without_token(std::string text) const;

  const release::Destination& to_;
  std::string token_;
  std::chrono::steady_clock::time_point until_;
};

}  // namespace sealift::installer
