// SPDX-License-Identifier: Apache-2.0
#pragma once

// HTTP/1.1 for registries (RFC 9110, 9112): streams in both directions, TLS 1.2 or newer, proxies,
// redirects, retries. Every wait has a limit, every header block and redirect chain too. Failures
// are Error{io}; what a server says is shown as far as it is printable, and no header or query of
// ours ever is.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "net/url.hpp"

namespace sealift::net {

struct HttpSettings {
  fs::path ca_file;                // PEM; trusted beside the system's; empty: none
  std::set<std::string> insecure;  // authorities that may be spoken to without TLS; loopback may
  std::chrono::milliseconds connect_limit{30'000};
  std::chrono::milliseconds idle_limit{60'000};
  std::chrono::milliseconds total_limit{0};  // from a request to the end of its answer; 0: none
  unsigned attempts = 5;                     // of one request, the first among them
  unsigned redirects = 5;                    // that are followed; 0: a redirect is an answer
  // A header, beside Retry-After, of the seconds that a server asks to wait; empty: none.
  std::string wait_header = {};
  // How retries wait; tests do not.
  std::function<void(std::chrono::milliseconds)> sleep = {};
};

// Header names are in lower case.
using Headers = std::map<std::string, std::string>;
using OpenSource = std::function<std::unique_ptr<Source>()>;

// Whether a request may be sent again when it is not known what became of it.
enum class Repeat { allowed, never };

struct Request {
  std::string method;
  Url url;
  Repeat repeat = Repeat::allowed;
  Headers headers = {};
  OpenSource body = {};  // opened for every attempt; nothing: no body
  std::uint64_t body_size = 0;
};

// An answer whose body is still to be read.
class Reply : public Source {
 public:
  ~Reply() override = default;
  virtual int status() const = 0;
  // Empty where there is no such header.
  virtual std::string header(const std::string& name) const = 0;
  // The values of all headers of that name, in their order.
  virtual std::vector<std::string> headers(const std::string& name) const = 0;
  // Where the answer came from, after redirects.
  virtual const Url& url() const = 0;
};

class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends a request and reads the head of the answer; any status is an answer. Follows
  // redirects of GET and HEAD, with the header `authorization` only to the same host and port, and
  // never from TLS to none. Repeats, at growing distances, what failed for a reason that may pass:
  // broken connections, 429 and 5xx (Retry-After is kept to up to a minute).
  std::unique_ptr<Reply> send(const Request& request);
  // Waits as retries do.
  void pause(std::chrono::milliseconds time) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sealift::net
