// SPDX-License-Identifier: Apache-2.0
#pragma once

// One repository of one registry, asked over HTTP: where it is, and how it comes to know us (basic
// authentication, or a token as in "Token Authentication Specification" of Distribution). What is
// asked is repository.hpp's to say.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/challenge.hpp"
#include "net/credentials.hpp"
#include "net/http.hpp"

namespace sealift::net {

inline constexpr std::uint64_t kMaxAnswer = 1U << 20;  // bytes of what is no manifest or blob

class RegistrySession {
 public:
  // HTTPS, but for a registry that is named insecure, and for one on this host's loopback where no
  // file of certificate authorities is given.
  RegistrySession(HttpSettings settings, std::string host, std::string name,
                  std::optional<Credentials> credentials);

  // "registry.site:5000/chanuka/server", for people.
  std::string shown() const;
  // The address of `path` below /v2/NAME/.
  Url at(const std::string& path) const;
  // Sends a request, again with what the registry asks for to know us. The caller reads the status.
  std::unique_ptr<Reply> send(Request request);
  // Waits, unless the client is stopped.
  void pause(std::chrono::milliseconds time) { client_.pause(time); }

  // Error{io} with what the registry said, read from `reply` or in `body`; `doing` completes
  // "HOST/NAME: ...".
  [[noreturn]] void refuse(Reply& reply, std::string_view doing) const;
  [[noreturn]] void refuse(Reply& reply, std::string_view body, std::string_view doing) const;

 private:
  bool authenticate(const std::vector<std::string>& headers);
  bool authenticate(const Challenge& challenge);
  std::string basic() const;
  std::string token(const std::map<std::string, std::string>& asked);

  HttpSettings settings_;
  std::string host_;
  std::string name_;
  std::optional<Credentials> credentials_;
  HttpClient client_;
  Url base_;
  std::string authorization_;  // the header that worked last
};

}  // namespace sealift::net
