// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/systemctl.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"

namespace sealift::installer {

namespace {

constexpr unsigned kSystemctlMaxRestarts = 3;
// As org.freedesktop.systemd1(5) names them.
constexpr const char* kProperties =
    "Id,LoadState,ActiveState,SubState,Result,Type,ExecMainStatus,"
    "ExecMainStartTimestampMonotonic,NRestarts";

using Words = std::vector<std::string>;

// "A=b" lines; an empty line ends a unit.
std::vector<std::map<std::string, std::string>> blocks(std::string_view text) {
  std::vector<std::map<std::string, std::string>> all;
  bool is_new = true;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos) {
      is_new = true;
      continue;
    }
    if (std::exchange(is_new, false)) all.emplace_back();
    all.back()[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  return all;
}

unsigned number(const std::string& text) {
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Of the properties that `show` prints.
UnitState parse_state(const std::string& unit, std::map<std::string, std::string>& properties) {
  const std::string& began = properties["ExecMainStartTimestampMonotonic"];
  return {.name = unit,
          .load = properties["LoadState"],
          .active = properties["ActiveState"],
          .sub = properties["SubState"],
          .result = properties["Result"],
          .type = properties["Type"],
          .status = properties["ExecMainStatus"],
          .has_run = !began.empty() && began != "0",
          .restarts = number(properties["NRestarts"])};
}

}  // namespace

// One that restarts again and again looks well between; a oneshot that ended well does not run, and
// need not.
Complaint judge(const UnitState& unit) {
  if (unit.load != "loaded") return {format("is {}", printable(unit.load, 40)), true};
  if (unit.active == "failed") {
    return {format("has failed: {}, status {}", printable(unit.result, 40),
                   unit.status.empty() ? "unknown" : printable(unit.status, 20)),
            true};
  }
  if (unit.restarts >= kSystemctlMaxRestarts)
    return {format("was restarted {} times", unit.restarts), true};
  const bool is_done =
      unit.type == "oneshot" && unit.active == "inactive" && unit.result == "success";
  if (unit.active == "active" || unit.active == "reloading" || is_done) return {};
  return {format("is {} ({})", printable(unit.active, 40), printable(unit.sub, 40)),
          unit.active == "inactive"};
}

Systemctl::Systemctl(Words command, std::chrono::seconds timeout)
    : command_(std::move(command)), timeout_(timeout) {}

bool Systemctl::is_of_user() const {
  return std::find(command_.begin(), command_.end(), "--user") != command_.end();
}

const Words& Systemctl::verbs() {
  static const Words all = {"start",        "stop",   "restart", "try-restart",
                            "reset-failed", "enable", "disable", "is-enabled"};
  return all;
}

std::string_view Systemctl::properties() {
  return kProperties;
}

// "--" goes before the names: a unit may begin with a dash, as -.mount does.
Outcome Systemctl::call(const std::string& verb, const Words& units) const {
  if (units.empty()) return {};
  if (std::find(verbs().begin(), verbs().end(), verb) == verbs().end()) {
    throw Error(Errc::internal, format("systemctl {}: a verb that nobody is given", verb));
  }
  Words arguments = command_;
  arguments.insert(arguments.end(), {verb, "--"});
  arguments.insert(arguments.end(), units.begin(), units.end());
  return demand_answer(std::move(arguments));
}

Outcome Systemctl::demand_answer(Words arguments) const {
  const std::string program = arguments.front();
  const auto outcome = blame(Errc::target_failed, "systemd", [&] {
    return run({.arguments = arguments,
                .folder = "/",
                .input = {},
                .timeout = timeout_,
                .environment = {{"LC_ALL", "C"}, {"SYSTEMD_PAGER", ""}, {"SYSTEMD_COLORS", "0"}}});
  });
  if (outcome) return *outcome;
  throw Error(Errc::target_failed, format("the program {} was not found", printable(program)),
              "install it, or correct command in site.yaml");
}

void Systemctl::demand(const std::string& verb, const Words& units) const {
  const Outcome outcome = call(verb, units);
  if (outcome.status == 0) return;
  throw Error(Errc::target_failed,
              format("systemctl {}: ended with status {}: {}", verb, outcome.status, said(outcome)),
              "see to it that systemd answers");
}

void Systemctl::reload() const {
  Words arguments = command_;
  arguments.emplace_back("daemon-reload");
  const Outcome outcome = demand_answer(std::move(arguments));
  if (outcome.status == 0) return;
  throw Error(
      Errc::target_failed,
      format("systemctl daemon-reload: ended with status {}: {}", outcome.status, said(outcome)),
      "see to it that systemd answers");
}

std::vector<UnitState> Systemctl::show(const Words& units) const {
  if (units.empty()) return {};
  Words arguments = command_;
  arguments.insert(arguments.end(), {"show", "-p", kProperties, "--"});
  arguments.insert(arguments.end(), units.begin(), units.end());
  const Outcome outcome = demand_answer(std::move(arguments));
  std::vector<std::map<std::string, std::string>> all = blocks(outcome.output);
  if (outcome.status != 0 || all.size() != units.size()) {
    throw Error(Errc::target_failed,
                format("systemctl show: ended with status {}: {}", outcome.status,
                       printable(outcome.error_output, 400)),
                "see to it that systemd answers");
  }
  std::vector<UnitState> states;
  for (std::size_t i = 0; i < all.size(); ++i) {
    states.push_back(parse_state(units[i], all[i]));
  }
  return states;
}

Words Systemctl::not_enabled(const Words& units) const {
  Words found;
  for (const std::string& unit : units) {
    const Outcome outcome = call("is-enabled", {unit});
    if (!outcome.output.starts_with("enabled")) found.push_back(unit);
  }
  return found;
}

std::string Systemctl::last_words(const std::string& unit) const {
  Words arguments = {"journalctl"};
  if (is_of_user()) arguments.emplace_back("--user");
  arguments.insert(arguments.end(), {"--no-pager", "-q", "-o", "cat", "-n", "5", "-u", unit});
  const auto outcome = run({.arguments = arguments,
                            .folder = "/",
                            .input = {},
                            .timeout = std::chrono::seconds(20),
                            .privileges = Privileges::no_new});
  if (!outcome || outcome->status != 0 || outcome->output.empty()) return "";
  return said({0, outcome->output, {}});
}

std::optional<Outcome> Systemctl::verify(const Words& files) const {
  Words arguments = {"systemd-analyze"};
  if (is_of_user()) arguments.emplace_back("--user");
  arguments.insert(arguments.end(), {"--man=no", "verify", "--"});
  arguments.insert(arguments.end(), files.begin(), files.end());
  return run({.arguments = arguments,
              .folder = "/",
              .input = {},
              .timeout = timeout_,
              .environment = {{"LC_ALL", "C"}, {"SYSTEMD_COLORS", "0"}},
              .privileges = Privileges::no_new});
}

}  // namespace sealift::installer
