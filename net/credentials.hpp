// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who we are to a registry, as Docker and its relatives keep it (docs.docker.com, config.json;
// containers-auth.json(5)): DOCKER_AUTH_CONFIG (a file's content), else the file that
// REGISTRY_AUTH_FILE names, else $DOCKER_CONFIG/config.json, else ~/.docker/config.json.

#include <optional>
#include <string>
#include <string_view>

namespace sealift::net {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  // instead of a password, for the token server
};

// Those for a registry's host, from a config.json; helpers (credHelpers, credsStore) are run.
// Error{invalid_input} that names `where` and no content, for a file that is none.
std::optional<Credentials> credentials_in(std::string_view config, const std::string& host,
                                          const std::string& where);
// Looks where the variables say; nothing where nothing is said of the host.
std::optional<Credentials> credentials_for(const std::string& host);

}  // namespace sealift::net
