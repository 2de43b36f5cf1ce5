// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Compose file (the Compose Specification) as far as it must be understood: which services it
// has, from which images, and which files of its own tree they read. Everything else is the
// engine's to understand. The builder judges a file with this before it is signed, the installer
// reads it with the same before it is run.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "compose/variables.hpp"
#include "release/documents/allow.hpp"
#include "release/text/yaml.hpp"

namespace sealift::compose {

// A file or folder of the release's own tree that a Compose file names.
struct OwnFile {
  enum class Use { mount, read, read_if_there };
  std::string path;  // relative, normalised
  Use use;
  std::string where;  // "compose.yaml:7: services.api.volumes[0]", for messages

  friend bool operator<(const OwnFile& a, const OwnFile& b) { return a.path < b.path; }
};

struct ComposeService {
  std::string name;
  std::string image;           // as the file says it
  std::string image_place;     // where it says it, for messages
  std::vector<OwnFile> files;  // which it mounts or reads: sorted, each path once
  unsigned replicas = 1;
  bool is_job = false;           // another waits for its end: service_completed_successfully
  bool has_pull_policy = false;  // which means nothing here: images are those of the release
  std::string user;              // as the file says it; empty: that of the image
  Json definition;               // its variables filled in, with what it refers to
};

struct ComposeFile {
  std::string version;  // of the form; empty: not said
  // Those that start by themselves: without a profile, or with one that the variable
  // COMPOSE_PROFILES names.
  std::vector<ComposeService> services;
  std::vector<std::string> left_out;      // the other services
  std::vector<std::string> other_images;  // of the other services, as the file says them
  std::vector<std::string> built;         // services that have a `build`, which is the developers'
  std::vector<OwnFile> volume_folders;    // of the tree, which a volume binds
  std::vector<std::string> host_env_files;  // from which services take variables: absolute
  std::vector<release::Claim> claims;       // what it asks of the host
  std::vector<Problem> host_names;          // what a second project of it would share
  std::vector<Problem> findings;            // what is no mistake, and may not be what was meant
  std::vector<Problem> old_objections;      // what docker-compose 1 alone refuses: findings too
  // What Compose itself refuses: keys that it does not know, variables that cannot be filled in,
  // and what does not fit together (compose/consistency.hpp). The builder refuses it too; an
  // installer, which may have taken it before, leaves it to the Compose of its site.
  std::vector<Problem> objections;

  // `variables` are those of the file .env beside it. Nothing: nobody can read them here, and each
  // stays as it stands. Error{invalid_input} with every mistake: no service, one without an image,
  // and what would reach outside of the release.
  static ComposeFile parse(std::string_view text, const std::string& name,
                           const std::optional<Variables>& variables = {});
  // As far as the file can be understood, with its mistakes added to `problems`.
  // Error{invalid_input} where it has no services, or is no YAML. `origins`: of a file that others
  // were merged into, for messages.
  static ComposeFile read(std::string_view text, const std::string& name,
                          const std::optional<Variables>& variables, Problems& problems,
                          const release::YamlOrigins& origins = {});
};

}  // namespace sealift::compose
