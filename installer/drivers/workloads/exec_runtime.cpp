// SPDX-License-Identifier: Apache-2.0
// Commands of a release, for what no other runtime knows: one brings it about, one takes it back,
// one may look. They run in the release's directory, with an environment that is made for them, so
// that they do the same whoever calls the installer.

#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/program_file.hpp"
#include "base/text.hpp"
#include "installer/driver/driver.hpp"
#include "installer/drivers/workloads/runtime.hpp"

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

// The command of a deployment under that key; empty where it has none.
Words words_of(const Deployment& deployment, const char* key) {
  const auto command = deployment.settings.find(key);
  return command == deployment.settings.end() ? Words() : command->get<Words>();
}

bool can_start(const Deployment& deployment, const char* key) {
  return obstacle(words_of(deployment, key), deployment.folder()).empty();
}

// False where neither what brings a deployment about nor what takes it back can be started: then
// nothing of it has run. An undo that can be started is run in any case, for it may find nothing.
bool may_have_run(const Deployment& deployment) {
  return can_start(deployment, "apply") || can_start(deployment, "undo");
}

std::string text(const Words& command) {
  return printable(joined(command, " "), 200);
}

std::string name_of(const Deployment& deployment) {
  return deployment.settings.at("component").get<std::string>();
}

class ExecRuntime : public Runtime {
 public:
  Json settings(const RuntimeQuestion& question) const override {
    const release::Workload& workload = *question.component.document.workload;
    Json settings = release::to_json(workload);
    settings["component"] = question.component.row.name;
    return settings;
  }

  std::vector<release::Claim> claims(const RuntimeQuestion&) const override {
    return {release::command_claim()};
  }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    return format("run {}",
                  text(now != nullptr ? words_of(*now, "apply") : words_of(*before, "undo")));
  }

  void validate(const Deployment& staged) const override {
    Problems problems;
    for (const char* key : {"apply", "undo", "check"}) {
      const Words command = words_of(staged, key);
      if (command.empty()) continue;
      const std::string found = obstacle(command, staged.folder());
      if (found.empty()) continue;
      problems.add(format("{}: {}: {}", key, text(command), found),
                   "it cannot be started on this host: correct that here, or carry a release whose "
                   "command can be");
    }
    problems.throw_if_any(Errc::target_failed);
  }

  void bring_up(const Deployment& now, const Deployment*, StepIo&) const override {
    demand(now, "apply");
    if (now.settings.contains("check")) demand(now, "check");
  }

  void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const override {
    // A removal that could not begin, or a command that was never started, has changed nothing.
    if (failed == nullptr ? !can_start(then, "undo") : !may_have_run(*failed)) {
      io.proved.push_back(format("nothing of {} was started", name_of(then)));
      return;
    }
    if (failed != nullptr) demand(*failed, "undo");
    bring_up(then, failed, io);
  }

  void take_back(const Deployment& failed, StepIo& io) const override {
    if (may_have_run(failed)) {
      demand(failed, "undo");
    } else {
      io.proved.push_back(format("nothing of {} was started", name_of(failed)));
    }
  }

  void take_down(const Deployment& deployment, StepIo&) const override {
    demand(deployment, "undo");
  }

  std::vector<Difference> differences(const Deployment& deployment) const override {
    if (!deployment.settings.contains("check")) return {};
    try {
      demand(deployment, "check");
      return {};
    } catch (const Error& error) {
      return {{"check", error.message()}};
    }
  }

  std::vector<std::string> leftovers(const release::Target&, const std::string&,
                                     const std::vector<Json>&) const override {
    return {};
  }

 private:
  // Runs one of the commands; Error{target_failed} unless it ends with status 0.
  static void demand(const Deployment& deployment, const char* key) {
    const Words command = words_of(deployment, key);
    const std::string what = format("{}: {}", key, text(command));
    const std::optional<Outcome> outcome = blame(Errc::target_failed, key, [&] {
      return run(
          {.arguments = command,
           .folder = deployment.folder().string(),
           .input = {},
           .timeout = std::chrono::seconds(deployment.settings.at("timeout").get<std::uint64_t>()),
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
      const Deployment& deployment) {
    return {{"PATH", search_path()},
            {"LANG", "C.UTF-8"},
            {"HOME", "/"},
            {"SEALIFT_COMPONENT", name_of(deployment)},
            {"SEALIFT_RELEASE", fs::path(deployment.directory).filename().string()},
            {"SEALIFT_DIRECTORY", deployment.folder().string()}};
  }
};

}  // namespace

std::unique_ptr<Runtime> exec_runtime() {
  return std::make_unique<ExecRuntime>();
}

}  // namespace sealift::installer
