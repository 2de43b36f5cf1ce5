// SPDX-License-Identifier: Apache-2.0
// Commands of a release, for what no other runtime knows: one brings it about, one takes it back,
// one may look. They run in the release's directory, with an environment that is made for them, so
// that they do the same whoever calls the installer.

#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/driver.hpp"
#include "installer/workloads/runtime.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxOutput = 64U << 10;  // bytes kept of what a command says
constexpr std::array kFolders = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                 "/usr/bin",        "/sbin",          "/bin"};

using Words = std::vector<std::string>;

std::string search_path() {
  return joined({kFolders.begin(), kFolders.end()}, ":");
}

// What keeps the program of a command from being run in that folder; empty: nothing.
std::string obstacle(const Words& command, const fs::path& folder) {
  const std::string& word = command.front();
  if (const std::string inside = release::program_in_tree(command); !inside.empty()) {
    return is_program(folder / inside) ? "" : "is no program of the release";
  }
  if (word.front() == '/') return is_program(word) ? "" : "is no program here";
  for (const char* each : kFolders) {
    if (is_program(format("{}/{}", each, word))) return "";
  }
  return format("was not found in {}", search_path());
}

std::string text(const Json& command) {
  return printable(joined(command.get<Words>(), " "), 200);
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
    return {{release::Reach::commands, "runs commands of its own"}};
  }

  std::string outlook(const Deployment* before, const Deployment* now) const override {
    return format("run {}",
                  text(now != nullptr ? now->settings.at("apply") : before->settings.at("undo")));
  }

  void validate(const Deployment& staged) const override {
    Problems problems;
    for (const char* key : {"apply", "undo", "check"}) {
      const auto command = staged.settings.find(key);
      if (command == staged.settings.end()) continue;
      const std::string found = obstacle(command->get<Words>(), staged.folder());
      if (!found.empty()) problems.add(format("{}: {}: {}", key, text(*command), found));
    }
    problems.throw_if_any(Errc::target_failed);
  }

  void bring_up(const Deployment& now, const Deployment*, StepIo&) const override {
    demand(now, "apply");
    if (now.settings.contains("check")) demand(now, "check");
  }

  void bring_back(const Deployment& then, const Deployment* failed, StepIo& io) const override {
    if (failed != nullptr) demand(*failed, "undo");
    bring_up(then, failed, io);
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
    const Json& command = deployment.settings.at(key);
    const std::string what = format("{}: {}", key, text(command));
    const std::optional<Outcome> outcome = blame(Errc::target_failed, key, [&] {
      return run(
          {.arguments = command.get<Words>(),
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
            {"SEALIFT_COMPONENT", deployment.settings.at("component").get<std::string>()},
            {"SEALIFT_RELEASE", fs::path(deployment.directory).filename().string()},
            {"SEALIFT_DIRECTORY", deployment.folder().string()}};
  }
};

}  // namespace

std::unique_ptr<Runtime> exec_runtime() {
  return std::make_unique<ExecRuntime>();
}

}  // namespace sealift::installer
