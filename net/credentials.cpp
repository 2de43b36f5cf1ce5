// SPDX-License-Identifier: Apache-2.0
#include "net/credentials.hpp"

#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "signing/base64.hpp"

namespace sealift::net {

namespace {

// Bytes of a file.
constexpr std::uint64_t kMaxConfig = 1U << 20;
constexpr std::string_view kDockerHub = "docker.io";
// What `docker login` writes for Docker Hub.
constexpr std::string_view kDockerHubKey = "https://index.docker.io/v1/";

// What a key of `auths` stands for: HOST or HOST/PART/OF/A/REPOSITORY. Old clients wrote addresses,
// of which only the host counts.
std::string_view place_of(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    key = key.substr(0, key.find('/'));
  }
  for (const std::string_view end : {"/v1/", "/v2/", "/"}) {
    if (key.ends_with(end)) key.remove_suffix(end.size());
  }
  return key == "index.docker.io" || key == "registry-1.docker.io" ? kDockerHub : key;
}

// Whether a key's place is HOST/REPOSITORY or above it. A part of a name is never split.
bool is_above(std::string_view place, std::string_view repository) {
  return repository.starts_with(place) &&
         (repository.size() == place.size() || repository[place.size()] == '/');
}

// The protocol of docker-credential-helpers: the server on standard input, JSON on standard output.
// "<token>" as the user stands for an identity token.
std::optional<Credentials> from_helper(const std::string& helper, const std::string& host,
                                       const std::string& where) {
  const std::string server(host == kDockerHub ? kDockerHubKey : host);
  const auto outcome = run({.arguments = {"docker-credential-" + helper, "get"},
                            .folder = {},
                            .input = server,
                            .privileges = Privileges::no_new});
  if (!outcome) {
    throw Error(Errc::invalid_input, format("{}: names docker-credential-{}, which was not found",
                                            where, printable(helper, 80)));
  }
  // A helper that has nothing says so on its output and fails.
  if (outcome->status != 0) return std::nullopt;
  const Json answer = parse_json(outcome->output, "the credential helper", Errc::invalid_input);
  Credentials found{.user = text_at(answer, "Username"),
                    .password = text_at(answer, "Secret"),
                    .identity_token = {}};
  if (found.user == "<token>") {
    found = {.user = {}, .password = {}, .identity_token = found.password};
  }
  return found;
}

// `auth` comes over user and password.
Credentials from_entry(const Json& entry, const std::string& where) {
  Credentials found{.user = text_at(entry, "username"),
                    .password = text_at(entry, "password"),
                    .identity_token = text_at(entry, "identitytoken")};
  const std::string joined = text_at(entry, "auth");
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

// A helper of a host comes first, then entries, then the helper of all, as Docker looks for them.
std::optional<Credentials> credentials_in(std::string_view config, const std::string& host,
                                          const std::string& repository, const std::string& where) {
  Json value;
  try {
    value = parse_json(config, where, Errc::invalid_input);
  } catch (const Error&) {
    throw Error(Errc::invalid_input, format("{}: is not valid JSON", where));
  }
  if (!value.is_object()) throw Error(Errc::invalid_input, format("{}: is no JSON object", where));
  for (const auto& [key, helper] : object_at(value, "credHelpers").items()) {
    if (place_of(key) == host && helper.is_string()) return from_helper(helper, host, where);
  }
  const std::string wanted = format("{}/{}", host, repository);
  const Json* nearest = nullptr;
  std::size_t length = 0;
  for (const auto& [key, entry] : object_at(value, "auths").items()) {
    const std::string_view place = place_of(key);
    // An entry without content says that a helper has it.
    if (!is_above(place, wanted) || !entry.is_object() || entry.empty()) continue;
    if (nearest != nullptr && place.size() <= length) continue;
    nearest = &entry;
    length = place.size();
  }
  if (nearest != nullptr) return from_entry(*nearest, where);
  if (const std::string store = text_at(value, "credsStore"); !store.empty()) {
    return from_helper(store, host, where);
  }
  return std::nullopt;
}

namespace {

// Nothing where the variable is not set, or empty.
std::optional<fs::path> below(const char* variable, const char* file) {
  const char* folder = std::getenv(variable);
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return fs::path(folder) / file;
}

std::optional<fs::path> named_file(const char* variable) {
  const char* file = std::getenv(variable);
  if (file == nullptr || *file == '\0') return std::nullopt;
  return fs::path(file);
}

// The files that may say it, the first of which that does counts. One that is named is the only
// one.
std::vector<fs::path> credential_files() {
  for (const auto& named :
       {named_file("REGISTRY_AUTH_FILE"), below("DOCKER_CONFIG", "config.json")}) {
    if (named) return {*named};
  }
  std::vector<fs::path> files = {
      below("XDG_RUNTIME_DIR", "containers/auth.json")
          .value_or(format("/run/containers/{}/auth.json", ::geteuid()))};
  for (const auto& kept :
       {below("XDG_CONFIG_HOME", "containers/auth.json"),
        below("HOME", ".config/containers/auth.json"), below("HOME", ".docker/config.json")}) {
    if (kept) files.push_back(*kept);
  }
  return files;
}

}  // namespace

// A file that does not know the repository lets the next one be asked.
std::optional<Credentials> credentials_for(const std::string& host, const std::string& repository) {
  if (const char* content = std::getenv("DOCKER_AUTH_CONFIG")) {
    return credentials_in(content, host, repository, "DOCKER_AUTH_CONFIG");
  }
  for (const fs::path& file : credential_files()) {
    if (!path_exists(file)) continue;
    auto found = credentials_in(read_file(file, kMaxConfig), host, repository, file.string());
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace sealift::net
