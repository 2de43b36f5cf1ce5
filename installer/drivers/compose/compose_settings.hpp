// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a placement of Compose remembers: all that running it takes beside its
// files, with its one reader and its one writer. The reader is strict:
// Error{corrupt} that names the place and the key.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/drivers/runtime/workload_step.hpp"

namespace sealift::installer {

struct ServiceSettings {
  std::string image;  // so that only it can be meant
  unsigned replicas = 1;
  bool job = false;
  bool canary = false;
  bool moves = false;            // it mounts a folder of the release, and is made again with each
  std::string inputs;            // a digest of all that its containers are made of
  std::string pull_policy = {};  // empty: the file has none to be replaced

  // `inputs`, with the release's directory where the containers mount a folder of it: what the
  // label of a container that was made for this release says.
  std::string inputs_in(const std::string& directory) const;

  friend bool operator==(const ServiceSettings&, const ServiceSettings&) = default;
};

struct ComposeSettings {
  std::string project;
  std::string site;  // the site's id
  std::vector<std::string> command;
  std::string generation;  // of ComposeProgram
  std::vector<std::string> engine;
  std::string file;      // in the component's tree
  unsigned timeout = 0;  // seconds
  std::map<std::string, ServiceSettings> services;
  std::string version = {};                // of the file; empty: it says none
  std::vector<std::string> built = {};     // services that the file would build
  std::vector<std::string> left_out = {};  // services behind a profile, for podman-compose

  friend bool operator==(const ComposeSettings&, const ComposeSettings&) = default;
};

Json to_json(const ComposeSettings& settings);
ComposeSettings compose_settings_from_json(const Json& value, const std::string& where);

// A deployment as Compose runs it.
struct ComposeDeployment {
  explicit ComposeDeployment(const Deployment& deployment);

  std::string path;
  std::string directory;
  ComposeSettings settings;

  fs::path folder() const { return fs::path(path) / directory; }
};

}  // namespace sealift::installer
