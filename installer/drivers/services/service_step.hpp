// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the steps of services and of the fence say, as the journal keeps it, each with its one
// reader and its one writer. A reader is strict: Error{corrupt} that names the step and the key.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/records/plan.hpp"

namespace sealift::installer {

// A command of a service. What is run is what site.yaml says at that moment; the command and its
// timeout are what it said when the plan was made.
struct ServiceCommand {
  std::string service;
  std::vector<std::string> command;
  std::uint64_t timeout = 0;  // seconds
  // Of a step that has it take up new files: the first that differ, and how many do.
  std::optional<std::vector<std::string>> files = {};
  std::uint64_t count = 0;

  friend bool operator==(const ServiceCommand&, const ServiceCommand&) = default;
};

Json to_json(const ServiceCommand& command);
ServiceCommand service_command_from_json(const Step& step);

// One service that the guard watches.
struct GuardedService {
  std::string service;
  std::vector<std::string> command;
  std::uint64_t timeout = 0;  // seconds
  std::string step;           // the one that has it take up the new files
  bool stood = false;         // it had files of ours before

  friend bool operator==(const GuardedService&, const GuardedService&) = default;
};

// Of the step in front of the switches, whose undo has the services take up the old files.
struct ServiceGuard {
  std::vector<GuardedService> services;

  friend bool operator==(const ServiceGuard&, const ServiceGuard&) = default;
};

Json to_json(const ServiceGuard& guard);
ServiceGuard service_guard_from_json(const Step& step);

// How the fence is closed and opened; the file that says that it is closed holds the same.
struct FenceCommands {
  std::uint64_t transaction = 0;
  std::vector<std::string> close;         // the command that keeps users out, with its arguments
  std::vector<std::string> open;          // the one that lets them in again
  std::vector<std::string> secrets = {};  // that both need

  friend bool operator==(const FenceCommands&, const FenceCommands&) = default;
};

Json to_json(const FenceCommands& fence);
FenceCommands fence_commands_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
