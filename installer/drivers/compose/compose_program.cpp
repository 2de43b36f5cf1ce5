// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/compose_program.hpp"

#include <array>
#include <cstdlib>
#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/program_file.hpp"
#include "base/text.hpp"
#include "compose/variables.hpp"

namespace sealift::installer {

namespace {

using Words = std::vector<std::string>;

std::string base_name(const std::string& program) {
  return program.substr(program.rfind('/') + 1);
}

// Compose 1 as Debian and pip install it, which takes a second or two to say its version. One that
// may be run and not read is asked.
bool is_python_script(const std::string& program) try {
  const char* path = std::getenv("PATH");
  const fs::path file = find_program(program, path == nullptr ? "" : path);
  if (file.empty()) return false;
  const Fd fd = open_for_reading(file);
  std::array<char, kProgramHead> begin{};
  const std::size_t count = FdSource(fd.get(), file.string()).read(begin);
  const std::string_view head(begin.data(), count);
  const std::string_view line = head.substr(0, head.find('\n'));
  return line.starts_with("#!") && line.find("python") != line.npos;
} catch (const Error&) {
  return false;
}

std::optional<std::string> generation_of(Words command) {
  if (base_name(command.front()) == "podman-compose") {
    return is_program(command.front()) ? std::optional<std::string>(kPodman) : std::nullopt;
  }
  command.insert(command.end(), {"version", "--short"});
  const auto outcome =
      run({.arguments = command, .folder = {}, .input = {}, .timeout = std::chrono::seconds(30)});
  if (!outcome || outcome->status != 0) return std::nullopt;
  return outcome->output.starts_with("1.") ? kV1 : kV2;
}

std::vector<std::pair<std::string, std::string>> environment(const fs::path& folder) {
  std::vector<std::pair<std::string, std::string>> found = {{"LANG", "C.UTF-8"},
                                                            {"PWD", folder.string()}};
  for (const char* name : compose::kHostVariables) {
    if (const char* value = std::getenv(name); value != nullptr) found.emplace_back(name, value);
  }
  return found;
}

}  // namespace

ComposeProgram find_compose(const release::Target& target) {
  std::vector<Words> candidates = {{"docker", "compose"}, {"docker-compose"}, {"podman-compose"}};
  if (!target.command.empty()) {
    candidates = {target.command};
    // Whether it works is seen when it checks the file, before anything changes.
    const std::string& program = target.command.front();
    if (base_name(program) == "docker-compose" && is_python_script(program)) {
      return {target.command, kV1};
    }
  }
  for (const Words& command : candidates) {
    if (const auto generation = generation_of(command)) return {command, *generation};
  }
  throw Error(Errc::incompatible,
              target.command.empty()
                  ? std::string("found none of docker compose, docker-compose and podman-compose")
                  : format("{}: is no Compose that works", printable(joined(target.command, " "))),
              "install one, or name it: command in site.yaml");
}

Words engine_of(const release::Target& target, const Words& compose) {
  if (!target.engine.empty()) return target.engine;
  Words engine = compose;
  const std::string program = base_name(compose.front());
  if (program == "podman-compose") return {"podman"};
  if (program == "docker-compose") {
    engine.front() = "docker";
  } else if (engine.back() == "compose") {
    engine.pop_back();
  }
  return engine;
}

Outcome run_compose(const std::vector<std::string>& words, const fs::path& folder,
                    std::chrono::seconds timeout) {
  const auto outcome = run({.arguments = words,
                            .folder = "/",
                            .input = {},
                            .timeout = timeout,
                            .environment = environment(folder),
                            .inherit = Inherit::nothing});
  if (outcome) return *outcome;
  throw Error(Errc::target_failed, format("the program {} was not found", words.front()),
              "install it again, or correct command in site.yaml");
}

}  // namespace sealift::installer
