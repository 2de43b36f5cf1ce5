// SPDX-License-Identifier: Apache-2.0
#pragma once

// The containers of one project of Compose, as Docker or Podman shows them through its own program.

#include <string>
#include <vector>

#include "base/process.hpp"
#include "installer/drivers/runtime/runtime.hpp"

namespace sealift::installer {

struct Container {
  std::string id;
  std::string name;
  std::string service;
  std::string state;       // "running", "exited", "restarting", ...
  std::string health;      // "healthy", "starting", "unhealthy"; empty: it has no such check
  std::string error = {};  // what the engine says of a start that failed
  int exit_code = 0;
  std::uint64_t restarts = 0;
  std::string inputs;      // the label that says what it was made of
  bool has_check = false;  // of its own health
};

// What `container inspect` prints. Error{target_failed} for what is no JSON; what it leaves out, or
// says in another form, is empty.
std::vector<Container> parse_containers(std::string_view said);

// Those of `all` that belong to one service.
std::vector<Container> containers_of(const std::vector<Container>& all, const std::string& service);

// The label of a container's `inputs`, and the one of the site's id.
inline constexpr const char* kInputsLabel = "org.sealift.inputs";
inline constexpr const char* kSiteLabel = "org.sealift.site";
// Labels that Compose gives to what it makes.
inline constexpr const char* kProjectLabel = "com.docker.compose.project";
inline constexpr const char* kVolumeLabel = "com.docker.compose.volume";

class Engine {
 public:
  // `command` is what site.yaml says, such as {docker, -H, unix:///run/docker.sock}.
  explicit Engine(std::vector<std::string> command);

  // Podman reads what Docker's program reads, but shows and does some of it otherwise.
  bool is_podman() const;
  // Error{target_failed} where the engine cannot be asked.
  std::vector<Container> containers(const std::string& project) const;
  bool has_image(const std::string& reference) const;
  // What a container said last, on one line.
  std::string last_words(const Container& container) const;
  // Starts one that was created; what the engine says where it does not, on one line.
  std::string start(const Container& container) const;
  // Stops and removes a container, and those that cannot be without it.
  void remove(const Container& container) const;
  // Names of the project's networks, volumes and pods.
  std::vector<std::string> networks(const std::string& project) const;
  std::vector<std::string> volumes(const std::string& project) const;
  // What a label of a volume says; empty: it has none.
  std::string volume_label(const std::string& name, const char* label) const;
  void remove_network(const std::string& name) const;
  void remove_volume(const std::string& name) const;
  // Projects of which a container is there that has the label of this site.
  std::vector<std::string> projects_of(const std::string& site) const;

  // The engine's program with these arguments, whatever it answers.
  Outcome call(std::vector<std::string> arguments, std::string input = {}) const;
  // What it prints; Error{target_failed} where it does not end well.
  std::vector<std::string> lines(std::vector<std::string> arguments) const;

 private:
  // What stays is a warning.
  void remove_named(const std::string& sort, const std::string& name) const;
  Outcome demand(std::vector<std::string> arguments) const;

  std::vector<std::string> command_;
};

// Jobs end by themselves; others keep running.
enum class Ending { never, expected };
// What is wrong with the containers of one service. Restarts since the first look count; who wants
// no past sets them to 0.
Complaint judge(const std::vector<Container>& containers, unsigned replicas, Ending ending);

}  // namespace sealift::installer
