// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/exec_runtime.hpp"

#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/program_file.hpp"
#include "base/text.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/runtime/runtime.hpp"
#include "installer/drivers/workloads/exec_settings.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxOutput = 64U << 10;  // bytes kept of what a command says
constexpr std::array kFolders = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                 "/usr/bin",        "/sbin",          "/bin"};

using Words = std::vector<std::string>;

std::string search_path() {
  return joined({kFolders.begin(), kFolders.end()}, ":");
}

// What keeps the program of a command from being started in that folder; empty: nothing known.
std::string obstacle(const Words& command, const fs::path& folder) {
  const std::string& word = command.front();
  if (const std::string inside = release::program_in_tree(command); !inside.empty()) {
    return program_obstacle(folder / inside, search_path());
  }
  const fs::path program = word.front() == '/' ? fs::path(word) : find_program(word, search_path());
  if (program.empty()) return format("was not found in {}", search_path());
  return program_obstacle(program, search_path());
}

// A deployment as commands run it.
struct ExecDeployment {
  explicit ExecDeployment(const Deployment& deployment)
      : folder(deployment.folder()), settings(exec_settings_of(deployment)) {}

  const release::Workload& commands() const { return settings.workload; }
  bool can_start(const Words& command) const { return obstacle(command, folder).empty(); }
  // False where neither what brings it about nor what takes it back can be started: then nothing of
  // it has run. An undo that can be started is run in any case, for it may find nothing.
  bool may_have_run() const { return can_start(commands().apply) || can_start(commands().undo); }

  fs::path folder;
  ExecSettings settings;
};

std::string text(const Words& command) {
  return printable(joined(command, " "), 200);
}

class ExecRuntime : public Runtime {
 public:
  Json settings(const RuntimeQuestion& question) const override {
    return to_json(ExecSettings{.component = question.component.row.name,
                                .workload = *question.component.document.workload});
  }

  std::vector<release::Claim> claims(const RuntimeQuestion&) const override {
    return {release::command_claim()};
  }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    return format("run {}", text(now != nullptr ? exec_settings_of(*now).workload.apply
                                                : exec_settings_of(*before).workload.undo));
  }

  void validate(const Deployment& staged, StepIo&) const override {
    Problems problems;
    const ExecDeployment deployment(staged);
    for (const auto& [key, command] : release::commands_of(deployment.commands())) {
      const std::string found = obstacle(*command, deployment.folder);
      if (found.empty()) continue;
      problems.add(format("{}: {}: {}", key, text(*command), found),
                   "it cannot be started on this host: correct that here, or carry a release whose "
                   "command can be");
    }
    problems.throw_if_any(Errc::target_failed);
  }

  void bring_up(const Deployment& now, const Deployment*, StepIo&) const override {
    const ExecDeployment deployment(now);
    demand(deployment, "apply", deployment.commands().apply);
    if (!deployment.commands().check.empty()) {
      demand(deployment, "check", deployment.commands().check);
    }
  }

  void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const override {
    const ExecDeployment deployment(then);
    // A removal that could not begin, or a command that was never started, has changed nothing.
    if (failed == nullptr ? !deployment.can_start(deployment.commands().undo)
                          : !ExecDeployment(*failed).may_have_run()) {
      tell_unstarted(deployment, io);
      return;
    }
    if (failed != nullptr) undo(ExecDeployment(*failed));
    bring_up(then, failed, io);
  }

  void take_back(const Deployment& failed, StepIo& io) const override {
    const ExecDeployment deployment(failed);
    if (deployment.may_have_run()) {
      undo(deployment);
    } else {
      tell_unstarted(deployment, io);
    }
  }

  void take_down(const Deployment& deployment, StepIo&) const override {
    undo(ExecDeployment(deployment));
  }

  std::vector<Difference> differences(const Deployment& installed, Content&) const override {
    const ExecDeployment deployment(installed);
    if (deployment.commands().check.empty()) return {};
    try {
      demand(deployment, "check", deployment.commands().check);
      return {};
    } catch (const Error& error) {
      return {{"check", error.message()}};
    }
  }

  std::vector<std::string> leftovers(const release::Target&, const std::string&,
                                     const std::vector<Deployment>&) const override {
    return {};
  }

 private:
  static void undo(const ExecDeployment& deployment) {
    demand(deployment, "undo", deployment.commands().undo);
  }

  static void tell_unstarted(const ExecDeployment& deployment, StepIo& io) {
    io.proved.push_back(format("nothing of {} was started", deployment.settings.component));
  }

  // Runs one of the commands; Error{target_failed} unless it ends with status 0.
  static void demand(const ExecDeployment& deployment, const char* key, const Words& command) {
    const std::string what = format("{}: {}", key, text(command));
    const std::optional<Outcome> outcome = blame(Errc::target_failed, key, [&] {
      return run({.arguments = command,
                  .folder = deployment.folder.string(),
                  .input = {},
                  .timeout = std::chrono::seconds(deployment.commands().timeout),
                  .output_limit = kMaxOutput,
                  .environment = environment(deployment),
                  .inherit = Inherit::nothing});
    });
    if (!outcome) throw Error(Errc::target_failed, format("{}: was not found", what));
    if (outcome->status == 0) return;
    throw Error(Errc::target_failed,
                format("{}: ended with status {}: {}", what, outcome->status, said(*outcome)));
  }

  static std::vector<std::pair<std::string, std::string>> environment(
      const ExecDeployment& deployment) {
    return {{"PATH", search_path()},
            {"LANG", "C.UTF-8"},
            {"HOME", "/"},
            {"SEALIFT_COMPONENT", deployment.settings.component},
            {"SEALIFT_RELEASE", deployment.folder.filename().string()},
            {"SEALIFT_DIRECTORY", deployment.folder.string()}};
  }
};

}  // namespace

std::unique_ptr<Runtime> exec_runtime() {
  return std::make_unique<ExecRuntime>();
}

}  // namespace sealift::installer
