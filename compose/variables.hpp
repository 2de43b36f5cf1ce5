// SPDX-License-Identifier: Apache-2.0
#pragma once

// The variables of a Compose file, as Compose fills them in from the file .env beside it: $NAME,
// ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?message}, ${NAME?message}, ${NAME:+other} and
// ${NAME+other}, one inside another too. $$ is one $. Any other $ but one before { stays as it
// stands, as docker compose and podman-compose have it; docker-compose 1 refuses it.

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sealift::compose {

using Variables = std::map<std::string, std::string>;

// The file that Compose takes them from, beside its own.
inline constexpr const char* kVariablesFile = ".env";
// The one that chooses profiles, with commas between them.
inline constexpr const char* kProfilesVariable = "COMPOSE_PROFILES";
// Its text; a key without a value is not set. Error{invalid_input} with every mistake.
Variables read_variables(std::string_view text);

// What Compose and the engine's client are given of the host's environment: where the engine is,
// never a variable that a file might mean, such as DOCKER_TAG.
inline constexpr std::array kHostVariables = {"PATH",
                                              "HOME",
                                              "TMPDIR",
                                              "XDG_RUNTIME_DIR",
                                              "DOCKER_HOST",
                                              "DOCKER_CONTEXT",
                                              "DOCKER_CONFIG",
                                              "DOCKER_CERT_PATH",
                                              "DOCKER_TLS_VERIFY",
                                              "CONTAINER_HOST",
                                              "CONTAINERS_CONF",
                                              "CONTAINERS_STORAGE_CONF"};
// Whether a variable is one of those, or one that Compose is run with whatever .env says: nobody
// knows its value before. PWD is the folder of the Compose file, ".".
bool is_of_host(std::string_view name);

class Interpolation {
 public:
  explicit Interpolation(const Variables& variables) : variables_(variables) {}

  // A variable of the host stays as it stands. Error{invalid_input} for a ${ that begins nothing,
  // and for ${NAME:?message} where NAME is not set.
  std::string fill(std::string_view text);
  // Those that nothing sets and that have no default: Compose takes an empty text for each.
  const std::set<std::string>& unset() const { return unset_; }
  // Texts from a $ on that begins no variable, cut to a length to show.
  const std::set<std::string>& lone() const { return lone_; }

 private:
  std::string fill(std::string_view text, int depth);
  std::string braced(std::string_view inside, int depth);
  std::string plain(const std::string& name, std::string_view written);

  const Variables& variables_;
  std::set<std::string> unset_;
  std::set<std::string> lone_;
};

// The names of all variables that a text, which may be a template, looks for; comments of YAML are
// passed over.
std::set<std::string> variables_in(std::string_view text);

}  // namespace sealift::compose
