// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/containers.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/lines.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

constexpr std::chrono::minutes kIdle{5};
constexpr std::uint64_t kMaxRestarts = 3;
constexpr std::size_t kSaid =
    400;  // bytes of what an engine or a container says that are passed on
constexpr const char* kService = "com.docker.compose.service";

// What an engine says of containers is its own document.
Json documents_in(std::string_view output) {
  return parse_json(output, "what the engine says", Errc::target_failed, Numbers::any);
}

std::string text_at(const Json& value, const JsonPointer& place) {
  if (!value.contains(place) || !value.at(place).is_string()) return "";
  return value.at(place).get<std::string>();
}

std::uint64_t number_at(const Json& value, const JsonPointer& place) {
  return value.contains(place) && value.at(place).is_number_unsigned()
             ? value.at(place).get<std::uint64_t>()
             : 0;
}

std::string label(const Json& value, const char* name) {
  return text_at(value, "/Config/Labels"_json_pointer / name);
}

bool has_own_check(const Json& value) {
  const auto place = "/Config/Healthcheck/Test"_json_pointer;
  if (!value.contains(place) || !value.at(place).is_array() || value.at(place).empty())
    return false;
  return value.at(place).front() != "NONE";
}

// Docker and Podman say the same in nearly the same words.
Container container_of(const Json& value) {
  Container container{.id = text_at(value, "/Id"_json_pointer),
                      .name = text_at(value, "/Name"_json_pointer),
                      .service = label(value, kService),
                      .state = text_at(value, "/State/Status"_json_pointer),
                      .health = text_at(value, "/State/Health/Status"_json_pointer),
                      .inputs = label(value, kInputsLabel)};
  if (container.name.starts_with('/')) container.name.erase(0, 1);
  if (container.health == "none") container.health.clear();
  container.error = printable(text_at(value, "/State/Error"_json_pointer), kSaid);
  container.exit_code = static_cast<int>(number_at(value, "/State/ExitCode"_json_pointer));
  container.restarts = number_at(value, "/RestartCount"_json_pointer);
  container.has_check = has_own_check(value);
  return container;
}

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.size() > kSaid) text.erase(0, text.size() - kSaid);
  return printable(on_one_line(text), kSaid);
}

}  // namespace

std::vector<Container> parse_containers(std::string_view said) {
  const Json all = documents_in(said);
  std::vector<Container> found;
  found.reserve(all.size());
  for (const Json& value : all) found.push_back(container_of(value));
  return found;
}

Engine::Engine(std::vector<std::string> command) : command_(std::move(command)) {}

bool Engine::is_podman() const {
  const std::string& program = command_.front();
  return program.substr(program.rfind('/') + 1).starts_with("podman");
}

Outcome Engine::call(std::vector<std::string> arguments, std::string input) const {
  arguments.insert(arguments.begin(), command_.begin(), command_.end());
  const auto outcome =
      run({.arguments = arguments, .folder = {}, .input = std::move(input), .timeout = kIdle});
  if (!outcome) {
    throw Error(Errc::target_failed, format("the program {} was not found", command_.front()),
                "install it, or correct engine in site.yaml");
  }
  return *outcome;
}

Outcome Engine::demand(std::vector<std::string> arguments) const {
  const std::string what = format("{} {}", command_.front(), arguments.front());
  Outcome outcome = call(std::move(arguments));
  if (outcome.status == 0) return outcome;
  throw Error(
      Errc::target_failed,
      format("{}: ended with status {}: {}", what, outcome.status, one_line(outcome.error_output)),
      "see to it that the engine answers, or correct engine in site.yaml");
}

std::vector<std::string> Engine::lines(std::vector<std::string> arguments) const {
  std::vector<std::string> found;
  const Outcome outcome = demand(std::move(arguments));
  for (const std::string_view line : split_lines(outcome.output)) {
    if (!line.empty()) found.emplace_back(line);
  }
  return found;
}

std::vector<Container> Engine::containers(const std::string& project) const {
  std::vector<std::string> inspect =
      lines({"ps", "-aq", "--no-trunc", "--filter", format("label={}={}", kProjectLabel, project)});
  if (inspect.empty()) return {};
  inspect.insert(inspect.begin(), {"container", "inspect"});
  // One that went in between makes this fail as a whole: the next look has it right.
  const Outcome outcome = call(std::move(inspect));
  if (outcome.output.empty()) return {};
  std::vector<Container> found = parse_containers(outcome.output);
  if (!is_podman()) return found;
  // Podman without systemd looks only when it is asked to.
  for (Container& container : found) {
    if (container.state != "running" || !container.has_check) continue;
    container.health =
        call({"healthcheck", "run", container.id}).status == 0 ? "healthy" : "starting";
  }
  return found;
}

bool Engine::has_image(const std::string& reference) const {
  return call({"image", "inspect", "--format", "{{.Id}}", reference}).status == 0;
}

std::string Engine::last_words(const Container& container) const {
  const Outcome outcome = call({"logs", "--tail", "3", container.id});
  return one_line(outcome.output + outcome.error_output);
}

std::string Engine::start(const Container& container) const {
  const Outcome outcome = call({"start", container.id});
  return outcome.status == 0 ? "" : printable(one_line(outcome.error_output), kSaid);
}

void Engine::remove(const Container& container) const {
  call({"stop", container.id});
  std::vector<std::string> arguments = {"rm", "-f"};
  if (is_podman()) arguments.emplace_back("--depend");
  arguments.push_back(container.id);
  const Outcome outcome = call(std::move(arguments));
  if (outcome.status == 0) return;
  log::warning(format("{} is not removed: {}", container.name, one_line(outcome.error_output)));
}

std::vector<std::string> Engine::networks(const std::string& project) const {
  return lines({"network", "ls", "-q", "--filter", format("label={}={}", kProjectLabel, project)});
}

std::vector<std::string> Engine::volumes(const std::string& project) const {
  return lines({"volume", "ls", "-q", "--filter", format("label={}={}", kProjectLabel, project)});
}

std::string Engine::volume_label(const std::string& name, const char* label) const {
  const Json all = documents_in(demand({"volume", "inspect", name}).output);
  return all.empty() ? "" : text_at(all.front(), "/Labels"_json_pointer / label);
}

void Engine::remove_network(const std::string& name) const {
  remove_named("network", name);
}

void Engine::remove_volume(const std::string& name) const {
  remove_named("volume", name);
}

void Engine::remove_named(const std::string& sort, const std::string& name) const {
  const Outcome outcome = call({sort, "rm", name});
  if (outcome.status == 0) return;
  log::warning(format("{} {} stays: {}", sort, name, one_line(outcome.error_output)));
}

std::vector<std::string> Engine::projects_of(const std::string& site) const {
  const std::vector<std::string> ids =
      lines({"ps", "-aq", "--no-trunc", "--filter", format("label={}={}", kSiteLabel, site)});
  if (ids.empty()) return {};
  std::vector<std::string> inspect = {"container", "inspect"};
  inspect.insert(inspect.end(), ids.begin(), ids.end());
  std::set<std::string> projects;
  for (const Json& value : documents_in(demand(std::move(inspect)).output)) {
    projects.insert(label(value, kProjectLabel));
  }
  return {projects.begin(), projects.end()};
}

std::vector<Container> containers_of(const std::vector<Container>& all,
                                     const std::string& service) {
  std::vector<Container> own;
  std::copy_if(all.begin(), all.end(), std::back_inserter(own),
               [&](const Container& each) { return each.service == service; });
  return own;
}

Complaint judge(const std::vector<Container>& containers, unsigned replicas, Ending ending) {
  unsigned good = 0;
  for (const Container& each : containers) {
    const bool has_ended =
        each.state == "exited" || each.state == "stopped" || each.state == "dead";
    const bool is_done = has_ended && ending == Ending::expected && each.exit_code == 0;
    const bool runs = ending == Ending::never && each.state == "running" &&
                      (each.health.empty() || each.health == "healthy");
    if (has_ended && !is_done) {
      return {format("{} has ended with status {}{}{}", each.name, each.exit_code,
                     each.error.empty() ? "" : ": ", each.error),
              true};
    }
    if (each.health == "unhealthy" && !has_ended) {
      return {format("{} says that it is not healthy", each.name), true};
    }
    if (each.restarts >= kMaxRestarts && !has_ended) {
      return {format("{} was restarted {} times", each.name, each.restarts), true};
    }
    if (is_done || runs) ++good;
  }
  if (good >= replicas) return {};
  if (containers.empty()) return {"has no container", true};
  return {replicas == 1 ? format("{} is {}", containers.front().name,
                                 containers.front().health.empty() ? containers.front().state
                                                                   : containers.front().health)
                        : format("{} of {} containers run", good, replicas)};
}

}  // namespace sealift::installer
