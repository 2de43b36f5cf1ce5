// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Runtime runs what a component of manifests describes: a project of Compose, units of systemd,
// commands. The files lie in a directory of the target, which the directory driver unpacks and
// switches; a Runtime is told which of them shall run. Everything here is idempotent: after a crash
// nobody knows how far it came.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "installer/driver/difference.hpp"
#include "installer/driver/driver.hpp"
#include "installer/driver/runtime_question.hpp"
#include "installer/drivers/runtime/workload_step.hpp"
#include "release/documents/allow.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// What keeps something that shall run from running as it should.
struct Complaint {
  std::string found;      // "has ended with status 1"; empty: nothing does
  bool is_final = false;  // waiting will not help
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  // All that running it takes beside its files; equal settings and files run alike.
  // Error{incompatible} with everything that keeps it from running here.
  virtual Json settings(const RuntimeQuestion& question) const = 0;
  // What running it asks of the host beyond what is its own.
  virtual std::vector<release::Claim> claims(const RuntimeQuestion& question) const = 0;
  // Folders in the data that releases share, which it mounts -> "UID:GID" of whom it runs as; empty
  // where that is not said.
  virtual std::map<std::string, std::string> data_folders(const RuntimeQuestion&) const {
    return {};
  }
  // What bring_up() will do, for people: "recreate api, remove old". Either may be null.
  virtual std::string outlook(const Deployment* before, const Deployment* now) const = 0;
  // Refuses files that would not run; nothing that runs is touched. Error{target_failed}.
  virtual void validate(const Deployment& staged, StepIo& io) const = 0;
  // `now` stands under PATH/current: lets it run, and nothing else of `before`, which ran there, or
  // may have been about to. Returns when it runs; Error{target_failed} where it does not.
  virtual void bring_up(const Deployment& now, const Deployment* before, StepIo& io) const = 0;
  // The way back: `then` stands again under PATH/current, and `failed` may have been let run.
  virtual void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const {
    bring_up(then, failed, io);
  }
  // The way back where nothing ran before `failed`, which may have been let run.
  virtual void take_back(const Deployment& failed, StepIo& io) const { take_down(failed, io); }
  // Nothing of it runs afterwards. Data stays.
  virtual void take_down(const Deployment& deployment, StepIo& io) const = 0;
  // Opens what it asks of secrets, and remembers it for questions that come without content.
  virtual void open_keys(const Deployment&, Content&) const {}
  // How what runs differs from what should; `content` is of its release.
  virtual std::vector<Difference> differences(const Deployment& deployment,
                                              Content& content) const = 0;
  // What is there under names of ours, of none of `known`.
  virtual std::vector<std::string> leftovers(const release::Target& target, const std::string& site,
                                             const std::vector<Deployment>& known) const = 0;
};

}  // namespace sealift::installer
