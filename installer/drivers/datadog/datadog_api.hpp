// SPDX-License-Identifier: Apache-2.0
#pragma once

// Datadog's API v1 over HTTP (docs.datadoghq.com/api). The keys stand in headers and in nothing
// that is said. Too many requests (429, X-RateLimit-Reset) and failures of the server are waited
// out, at most five attempts a request.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/json.hpp"
#include "net/http.hpp"
#include "release/site_file/datadog_target.hpp"

namespace sealift::installer {

inline constexpr unsigned kApiAttempts = 5;
inline constexpr std::uint64_t kMaxApiAnswer = 64U << 20;  // bytes

struct DatadogKeys {
  std::string api;
  std::string application;
};

class DatadogApi {
 public:
  struct Answer {
    int status = 0;
    Json body;
    std::string said;  // what the server says is wrong; empty: nothing
    std::optional<std::chrono::milliseconds> wait = {};  // that it asks for

    bool is_good() const { return status >= 200 && status < 300; }
  };

  DatadogApi(release::DatadogTarget target, DatadogKeys keys);

  // Of requests that may be repeated. Any status but one that may pass is an answer.
  Answer get(const std::string& path) { return send("GET", path, nullptr); }
  Answer put(const std::string& path, const Json& body) { return send("PUT", path, body); }
  Answer remove(const std::string& path) { return send("DELETE", path, nullptr); }
  Answer post(const std::string& path, const Json& body) { return send("POST", path, body); }
  // One attempt, over a connection of its own: what was sent over one that breaks is sent never
  // again. Error{io} where nobody knows what became of it.
  Answer post_once(const std::string& path, const Json& body) const;
  void pause(std::chrono::milliseconds time) const { client_.pause(time); }

  // Error{target_failed} where the server does not take our keys, with what to do.
  void check_keys();
  // Error{target_failed} with what the server said; `doing` as in "create monitors/latency".
  [[noreturn]] void refuse(const Answer& answer, const std::string& doing) const;
  const release::DatadogTarget& target() const { return target_; }

 private:
  net::HttpSettings settings() const;
  net::Request request(const std::string& method, const std::string& path,
                       const std::string& text) const;
  Answer send(const std::string& method, const std::string& path, const Json& body);
  Answer read_answer(net::Reply& reply) const;
  std::string hidden(std::string text) const;

  release::DatadogTarget target_;
  DatadogKeys keys_;
  net::HttpClient client_;
};

}  // namespace sealift::installer
