// SPDX-License-Identifier: Apache-2.0
#include "installer/site/maintenance.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

std::optional<Maintenance> maintenance_of(const Installation& installation, const Clock& clock) {
  const std::vector<release::Window>& windows = installation.site.windows;
  if (windows.empty()) return std::nullopt;
  const Time now = believed_now(installation.layout, clock);
  return Maintenance{.is_open = release::is_open(windows, now),
                     .until = release::next_change(windows, now)};
}

std::string text(const Maintenance& maintenance) {
  const std::string_view word = maintenance.is_open ? "open" : "closed";
  if (!maintenance.until) return std::string(word);
  return format("{}, {} {}", word, maintenance.is_open ? "closes" : "opens",
                to_local_text(*maintenance.until));
}

Json to_json(const Maintenance& maintenance) {
  Json value = {{"open", maintenance.is_open}};
  if (maintenance.until) {
    value[maintenance.is_open ? "closes" : "opens"] = to_text(*maintenance.until);
  }
  return value;
}

void check_window(const Installation& installation, const Clock& clock) {
  const std::optional<Maintenance> maintenance = maintenance_of(installation, clock);
  if (!maintenance || maintenance->is_open) return;
  std::vector<std::string> windows;
  for (const release::Window& each : installation.site.windows) windows.push_back(each.text);
  throw Error(
      Errc::busy,
      format("{}: windows: it is {}, expected {}",
             printable(installation.layout.site_yaml.string()),
             to_local_text(believed_now(installation.layout, clock)), joined(windows)),
      format("{}prepare it now with: sealift-installer stage BUNDLE; or give --now and --reason "
             "TEXT",
             maintenance->until ? format("wait until {}; ", to_local_text(*maintenance->until))
                                : std::string()));
}

}  // namespace sealift::installer
