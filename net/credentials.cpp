// SPDX-License-Identifier: Apache-2.0
#include "net/credentials.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "signing/base64.hpp"

namespace sealift::net {

namespace {

constexpr std::uint64_t kMaxConfig = 1U << 20;
constexpr std::string_view kDockerHub = "docker.io";
constexpr std::string_view kDockerHubKey = "https://index.docker.io/v1/";

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& object_in(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : none;
}

// Whether a key of `auths` is for a host: keys are hosts, or addresses as old clients wrote them.
bool is_for(std::string_view key, std::string_view host) {
  if (host == kDockerHub && key == kDockerHubKey) return true;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  return key.substr(0, key.find('/')) == host;
}

std::optional<Credentials> from_helper(const std::string& helper, const std::string& host,
                                       const std::string& where) {
  const std::string server(host == kDockerHub ? kDockerHubKey : host);
  const auto outcome =
      run({.arguments = {"docker-credential-" + helper, "get"}, .folder = {}, .input = server});
  if (!outcome) {
    throw Error(Errc::invalid_input, format("{}: names docker-credential-{}, which was not found",
                                            where, printable(helper, 80)));
  }
  // A helper that has nothing says so on its output and fails.
  if (outcome->status != 0) return std::nullopt;
  const Json answer = parse_json(outcome->output, "the credential helper", Errc::invalid_input);
  Credentials found{.user = text_in(answer, "Username"),
                    .password = text_in(answer, "Secret"),
                    .identity_token = {}};
  if (found.user == "<token>") {
    found = {.user = {}, .password = {}, .identity_token = found.password};
  }
  return found;
}

Credentials from_entry(const Json& entry, const std::string& where) {
  Credentials found{.user = text_in(entry, "username"),
                    .password = text_in(entry, "password"),
                    .identity_token = text_in(entry, "identitytoken")};
  const std::string joined = text_in(entry, "auth");
  if (joined.empty()) return found;
  std::string pair;
  try {
    pair = signing::from_base64(joined);
  } catch (const Error&) {
    // What is no base64 may be a password, so it is not shown.
    throw Error(Errc::invalid_input, format("{}: auth is not base64", where));
  }
  const std::size_t colon = pair.find(':');
  if (colon == std::string::npos) {
    throw Error(Errc::invalid_input, format("{}: auth is not USER:PASSWORD", where));
  }
  found.user = pair.substr(0, colon);
  found.password = pair.substr(colon + 1);
  return found;
}

}  // namespace

std::optional<Credentials> credentials_in(std::string_view config, const std::string& host,
                                          const std::string& where) {
  Json value;
  try {
    value = parse_json(config, where, Errc::invalid_input);
  } catch (const Error&) {
    throw Error(Errc::invalid_input, format("{}: is not valid JSON", where));
  }
  if (!value.is_object()) throw Error(Errc::invalid_input, format("{}: is no JSON object", where));
  for (const auto& [key, helper] : object_in(value, "credHelpers").items()) {
    if (is_for(key, host) && helper.is_string()) return from_helper(helper, host, where);
  }
  for (const auto& [key, entry] : object_in(value, "auths").items()) {
    // An entry without content says that a helper has it.
    if (is_for(key, host) && entry.is_object() && !entry.empty()) return from_entry(entry, where);
  }
  if (const std::string store = text_in(value, "credsStore"); !store.empty()) {
    return from_helper(store, host, where);
  }
  return std::nullopt;
}

std::optional<Credentials> credentials_for(const std::string& host) {
  if (const char* content = std::getenv("DOCKER_AUTH_CONFIG")) {
    return credentials_in(content, host, "DOCKER_AUTH_CONFIG");
  }
  fs::path file;
  if (const char* named = std::getenv("REGISTRY_AUTH_FILE")) {
    file = named;
  } else if (const char* folder = std::getenv("DOCKER_CONFIG")) {
    file = fs::path(folder) / "config.json";
  } else if (const char* home = std::getenv("HOME")) {
    file = fs::path(home) / ".docker/config.json";
  }
  if (file.empty() || !path_exists(file)) return std::nullopt;
  return credentials_in(read_file(file, kMaxConfig), host, file.string());
}

}  // namespace sealift::net
