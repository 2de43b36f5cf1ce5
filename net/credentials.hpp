// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who we are to a registry, as Docker and its relatives keep it (docs.docker.com, config.json;
// containers-auth.json(5)): DOCKER_AUTH_CONFIG (a file's content), else the file that
// REGISTRY_AUTH_FILE names, else $DOCKER_CONFIG/config.json; else the first that knows the
// repository of $XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID/auth.json without that
// variable), $XDG_CONFIG_HOME/containers/auth.json, ~/.config/containers/auth.json and
// ~/.docker/config.json.

#include <optional>
#include <string>
#include <string_view>

namespace sealift::net {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  // instead of a password, for the token server
};

// Those for a repository, from a config.json: of its keys HOST and HOST/PART/OF/A/REPOSITORY the
// longest that is above the repository, so that no password goes to another one; helpers
// (credHelpers, credsStore) are run, and know hosts alone.
// Error{invalid_input} that names `where` and no content, for a file that is none.
std::optional<Credentials> credentials_in(std::string_view config, const std::string& host,
                                          const std::string& repository, const std::string& where);
// Looks where the variables say; nothing where nothing is said of the repository.
std::optional<Credentials> credentials_for(const std::string& host, const std::string& repository);

}  // namespace sealift::net
