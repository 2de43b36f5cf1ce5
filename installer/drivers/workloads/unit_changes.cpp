// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/unit_changes.hpp"

#include <algorithm>
#include <set>

#include "release/documents/unit_file.hpp"

namespace sealift::installer {

namespace {

// A unit without a section [Install] is started by others (a timer, a socket), and a template only
// with an instance's name.
bool is_started(const std::string& name, const UnitSettings& unit) {
  return unit.ours && !unit.install.empty() && !release::is_template_unit(name);
}

constexpr std::string_view kSocket = ".socket";

bool is_socket(const std::string& unit) {
  return unit.ends_with(kSocket);
}

// For commands that act on what is loaded.
std::string pattern(const std::string& unit) {
  if (!release::is_template_unit(unit)) return unit;
  const std::size_t at = unit.find("@.");
  return unit.substr(0, at + 1) + "*" + unit.substr(at + 1);
}

// A socket that changed takes its service along: systemd starts no socket while its service runs.
std::set<std::string> changed(const UnitsSettings& was, const UnitsSettings& is) {
  std::set<std::string> names;
  for (const auto& [name, unit] : is) {
    const auto before = was.find(name);
    if (before == was.end() || before->second.inputs == unit.inputs) continue;
    names.insert(name);
    if (is.contains(service_of(name))) names.insert(service_of(name));
  }
  return names;
}

}  // namespace

std::string service_of(const std::string& unit) {
  return is_socket(unit) ? unit.substr(0, unit.size() - kSocket.size()) + ".service" : "";
}

std::array<std::vector<std::string>, 2> sockets_first(std::vector<std::string> units) {
  const auto others = std::stable_partition(units.begin(), units.end(), is_socket);
  return {std::vector<std::string>(units.begin(), others),
          std::vector<std::string>(others, units.end())};
}

// A drop-in for a unit of the host's own changes that unit, but never decides whether it runs: such
// a unit is only restarted where it does.
UnitChanges changes_between(const UnitsSettings& was, const UnitsSettings& is) {
  const std::set<std::string> other = changed(was, is);
  UnitChanges change;
  for (const auto& [name, unit] : was) {
    const auto next = is.find(name);
    const bool is_gone = next == is.end() || (unit.ours && !next->second.ours);
    if (is_gone) (unit.ours ? change.gone : change.take_up).push_back(pattern(name));
    if (!unit.install.empty() && (is_gone || next->second.install != unit.install)) {
      change.disable.push_back(name);
    }
  }
  for (const auto& [name, unit] : is) {
    if (is_started(name, unit)) {
      change.installed.push_back(name);
      (other.contains(name) ? change.restart : change.start).push_back(name);
    } else if (!unit.job && (other.contains(name) || (!was.contains(name) && !unit.ours))) {
      change.take_up.push_back(pattern(name));
    }
  }
  return change;
}

std::vector<std::string> plain_names(std::vector<std::string> units) {
  units.erase(std::remove_if(units.begin(), units.end(),
                             [](const std::string& name) { return name.find('*') != name.npos; }),
              units.end());
  return units;
}

}  // namespace sealift::installer
