// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "installer/health/probes.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxContainers = 256;

std::string ask_engine(const Json& settings, std::vector<std::string> words,
                       std::chrono::seconds limit) {
  auto command = settings.value("engine", std::vector<std::string>{"docker"});
  command.insert(command.end(), words.begin(), words.end());
  const std::optional<Outcome> outcome =
      run({.arguments = command, .folder = {}, .input = {}, .timeout = limit});
  if (!outcome) throw Error(Errc::target_failed, format("{}: was not found", command.front()));
  if (outcome->status == 0) return outcome->output;
  throw Error(Errc::target_failed, format("{}: ended with status {}: {}", command.front(),
                                          outcome->status, printable(outcome->error_output, 300)));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// What is wrong with a container; empty: nothing.
std::string mistake_in(const Json& state) {
  const std::string status = state.value("Status", "unknown");
  if (status == "exited" && state.value("ExitCode", 1) == 0) return "";
  if (status != "running") {
    return format("found {} with exit status {}, expected running", printable(status, 40),
                  state.value("ExitCode", 0));
  }
  const auto health = state.find("Health");
  const std::string word =
      health == state.end() || !health->is_object() ? "" : health->value("Status", "");
  if (word.empty() || word == "healthy" || word == "none") return "";
  return format("found {}, expected healthy", printable(word, 40));
}

}  // namespace

// Of a placement's settings: the project, and the engine's command.
Finding container_probe(const RenderedCheck& rendered) {
  const std::string service = rendered.check.at.substr(rendered.check.at.find('/') + 1);
  const auto limit = std::chrono::ceil<std::chrono::seconds>(rendered.check.timeout);
  const std::string project = rendered.container.value("project", "");
  const std::vector<std::string> ids = lines_of(ask_engine(
      rendered.container,
      {"ps", "-a", "-q", "--filter", format("label=com.docker.compose.project={}", project),
       "--filter", format("label=com.docker.compose.service={}", service)},
      limit));
  if (ids.empty() || ids.size() > kMaxContainers) {
    return {.verdict = Finding::Verdict::fails,
            .found = format("found {} containers of {}", ids.size(), printable(service, 80))};
  }
  std::vector<std::string> words = {"inspect", "--type", "container"};
  words.insert(words.end(), ids.begin(), ids.end());
  const Json all = Json::parse(ask_engine(rendered.container, words, limit));
  std::vector<std::string> wrong;
  for (const Json& container : all) {
    if (std::string mistake = mistake_in(container.at("State")); !mistake.empty()) {
      wrong.push_back(std::move(mistake));
    }
  }
  if (!wrong.empty()) return {.verdict = Finding::Verdict::fails, .found = joined(wrong, "; ")};
  return {.verdict = Finding::Verdict::holds, .found = format("{} running", all.size())};
}

}  // namespace sealift::installer
