// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Compose file says, as far as anything here asks: read once, from values that have their
// merges resolved and their variables filled in. A value of another form than Compose takes reads
// as if it were not there, except where it could ask the host for something: who refuses is
// compose/consistency.hpp.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sealift::compose {

// `place`: a pointer from the service's own, "volumes/0", for messages.
struct NamedPart {
  std::string name;  // of whatever sort: as text
  std::string place;
  bool is_text = true;
};

struct Dependency {
  std::string name;
  std::string place;
  bool is_needed = true;       // required, which is so unless it says no
  bool waits_for_end = false;  // service_completed_successfully
};

struct Mount {
  std::string text;  // of the short form; empty: the long form
  std::string type;  // of the long form
  std::string source;
  std::string place;
};

struct NamedFile {
  std::string path;
  std::string place;
  bool is_needed = true;
};

struct Service {
  Json definition;  // all of it
  std::string image;
  std::string pull_policy;
  std::string container_name;
  std::string user;
  bool extends = false;
  bool has_build = false;
  bool has_networks = false;
  std::vector<std::string> profiles;
  Json replicas = 1U;  // anything, for a message
  Json health_test = Json::array();

  std::vector<Dependency> depends_on;
  std::vector<NamedPart> links;
  std::vector<NamedPart> volumes_from;
  std::vector<NamedPart> networks;
  std::vector<NamedPart> configs;
  std::vector<NamedPart> secrets;
  std::vector<Mount> volumes;
  std::vector<NamedFile> env_files;
  std::vector<NamedFile> label_files;

  std::string network_mode;
  std::string pid;
  std::string ipc;
  std::string uts;
  std::string userns_mode;
  std::string cgroup;

  bool is_privileged = false;
  bool reserves_devices = false;
  bool has_provider = false;
  std::vector<std::string> rights = {};  // keys that make it more than an ordinary container
  std::vector<std::string> privileged_hooks = {};
  Json security_opt = Json::array();
};

// An entry of networks, volumes, configs or secrets.
struct SharedPart {
  std::vector<std::string> keys;
  std::string name;
  std::string driver;
  bool is_external = false;
  std::string file;
  // driver_opts
  std::string type;
  std::string flags;
  std::string device;
};
using SharedParts = std::map<std::string, SharedPart>;

struct Document {
  std::string version;  // of the form; empty: not said
  bool has_include = false;
  std::map<std::string, Service> services;
  SharedParts networks;
  SharedParts volumes;
  SharedParts configs;
  SharedParts secrets;
  Json shared;  // networks and volumes as they are written: what services refer to

  // By the word of its key: networks, volumes, configs or secrets.
  const SharedParts& parts(std::string_view sort) const;
};

Document document_from_json(const Json& root);

}  // namespace sealift::compose
