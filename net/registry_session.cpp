// SPDX-License-Identifier: Apache-2.0
#include "net/registry_session.hpp"

#include "base/ascii.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "net/registry_answers.hpp"
#include "signing/base64.hpp"

namespace sealift::net {

namespace {

constexpr const char* kRealm = "realm";

}  // namespace

// docker.io is a name of images; the registry behind it has another.
RegistrySession::RegistrySession(HttpSettings given, std::string host_name, std::string repository,
                                 std::optional<Credentials> known)
    : settings_(std::move(given)),
      host_(std::move(host_name)),
      name_(std::move(repository)),
      credentials_(std::move(known)),
      client_(settings_) {
  const std::string server = host_ == "docker.io" ? "registry-1.docker.io" : host_;
  Url url = Url::parse(format("https://{}/", server));
  const bool plain =
      settings_.insecure.contains(server) || (url.is_loopback() && settings_.ca_file.empty());
  base_ = plain ? Url::parse(format("http://{}/", server)) : url;
}

std::string RegistrySession::shown() const {
  return format("{}/{}", host_, name_);
}

// `path` is of our own making: digests and tags that were checked.
Url RegistrySession::at(const std::string& path) const {
  Url url = base_;
  url.target = format("/v2/{}/{}", name_, path);
  return url;
}

// An answer of 401 must be read to its end, or the connection cannot be used again. A token that
// has expired is asked for once more.
std::unique_ptr<Reply> RegistrySession::send(Request request) {
  for (unsigned attempt = 0;; ++attempt) {
    if (!authorization_.empty()) request.headers["authorization"] = authorization_;
    std::unique_ptr<Reply> reply = client_.send(request);
    constexpr unsigned kAttempts = 2;
    if (reply->status() != 401 || attempt == kAttempts) return reply;
    const std::vector<std::string> asked = reply->headers("www-authenticate");
    read_all(*reply, kMaxAnswer, shown());
    if (!authenticate(asked)) return client_.send(request);
  }
}

// Answers the first challenge that can be; false where nothing more can be tried.
bool RegistrySession::authenticate(const std::vector<std::string>& headers) {
  for (const std::string& header : headers) {
    for (const Challenge& challenge : Challenge::parse(header)) {
      if (authenticate(challenge)) return true;
    }
  }
  return false;
}

// A password that was refused is not sent again.
bool RegistrySession::authenticate(const Challenge& challenge) {
  if (challenge.scheme == "basic") {
    if (!credentials_ || !authorization_.empty()) return false;
    authorization_ = basic();
    return true;
  }
  if (challenge.scheme != "bearer" || !challenge.parameters.contains(kRealm)) return false;
  authorization_ = "Bearer " + token(challenge.parameters);
  return true;
}

// RFC 7617.
std::string RegistrySession::basic() const {
  return "Basic " + signing::to_base64(credentials_->user + ":" + credentials_->password);
}

// Distribution's token authentication: a token for the scope that was asked for.
std::string RegistrySession::token(const std::map<std::string, std::string>& asked) {
  const auto parameter = [&](const char* key) {
    const auto found = asked.find(key);
    return found == asked.end() ? "" : found->second;
  };
  Url realm = Url::parse(parameter(kRealm));
  std::string query = format("service={}&scope={}", percent_encoded(parameter("service")),
                             percent_encoded(parameter("scope")));
  Request request{.method = "GET", .url = realm};
  std::string form;
  if (credentials_ && !credentials_->identity_token.empty()) {
    form = format("{}&grant_type=refresh_token&client_id=sealift&refresh_token={}", query,
                  percent_encoded(credentials_->identity_token));
    request.method = "POST";
    request.headers["content-type"] = "application/x-www-form-urlencoded";
    request.body = [&form] { return std::make_unique<StringSource>(form); };
    request.body_size = form.size();
  } else {
    request.url.add_query(query);
    if (credentials_) request.headers["authorization"] = basic();
  }
  const std::unique_ptr<Reply> reply = client_.send(request);
  const std::string text = read_all(*reply, kMaxAnswer, realm.shown());
  if (reply->status() != 200) refuse(*reply, text, "asking for a token");
  std::string token = read_token(text, realm.shown());
  if (!token.empty()) return token;
  throw Error(Errc::io, format("{}: found no token in the answer", realm.shown()));
}

void RegistrySession::refuse(Reply& reply, std::string_view body, std::string_view doing) const {
  const std::string said = read_complaint(body);
  const int status = reply.status();
  const std::string found =
      format("{}: {}: the registry answered {}{}", shown(), doing, status, printable(said, 300));
  // It is there and says no to this one name or user: what it says to others is another question.
  if (status == 401 || status == 403) {
    throw Error(Errc::invalid_input, found,
                "give credentials: docker login, podman login, DOCKER_AUTH_CONFIG or "
                "REGISTRY_AUTH_FILE; or correct the name");
  }
  throw Error(Errc::io, found);
}

void RegistrySession::refuse(Reply& reply, std::string_view doing) const {
  refuse(reply, read_all(reply, kMaxAnswer, shown()), doing);
}

}  // namespace sealift::net
