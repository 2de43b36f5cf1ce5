// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/workloads/unit_verification.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "installer/drivers/runtime/installed_file.hpp"
#include "installer/drivers/workloads/systemd_settings.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kRefusing = "Refusing";  // a word of systemd-analyze

// An earlier run may have been killed with its copies in place.
void clear_scratch(const fs::path& scratch) {
  const fs::path above = scratch.parent_path();
  if (dir_exists(above)) Dir::open(above).remove_tree(scratch.filename().string());
}

// The units as they will be read, though PATH/current does not lead to them yet.
std::vector<std::string> copies_of(const Deployment& staged, const fs::path& scratch) {
  clear_scratch(scratch);
  const std::string current = staged.path + "/current";
  std::vector<std::string> units;
  for (const std::string& name : links_of(systemd_settings_of(staged))) {
    const std::string folder = staged.folder().string();
    std::string text = installed_file(staged.path, staged.directory, name, kMaxUnitBytes);
    replace_all(text, current, folder);
    make_dirs((scratch / name).parent_path());
    write_file(scratch / name, text, FileMode::secret);
    if (name.find('/') == name.npos) units.push_back((scratch / name).string());
  }
  return units;
}

// Whether a unit that has nothing wrong passes. Some hosts refuse every unit, as containers do
// without a running systemd: then its verdict on ours says nothing.
bool can_verify(const Systemctl& systemd, const fs::path& scratch) {
  clear_scratch(scratch);
  make_dirs(scratch);
  const fs::path sound = scratch / "sealift-sound.service";
  write_file(sound, "[Service]\nType=oneshot\nExecStart=/bin/true\n", FileMode::secret);
  const auto outcome = systemd.verify({sound.string()});
  return outcome && outcome->status == 0;
}

// A program of another component may not be there yet; of this one it is.
void judge_verification(const Outcome& outcome, const Deployment& staged, const fs::path& scratch) {
  std::string text = outcome.error_output;
  const std::string prefix = scratch.string() + "/";
  for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix)) {
    text.erase(at, prefix.size());
  }
  const std::string words = said({outcome.status, {}, text});
  bool waits_for_others = false;
  bool is_refused = false;
  for (const std::string_view line : split_lines(text)) {
    const bool is_missing = line.find("is not executable") != line.npos;
    const bool is_ours = line.find(staged.folder().string()) != line.npos;
    waits_for_others = waits_for_others || (is_missing && !is_ours);
    is_refused = is_refused || (is_missing && is_ours) || line.find(kRefusing) != line.npos;
  }
  if (outcome.status != 0 && (is_refused || !waits_for_others)) {
    throw Error(Errc::target_failed, format("systemd does not take the units: {}", words),
                "correct them in the release");
  }
  log::warning(format("systemd-analyze: {}", words));
}

}  // namespace

void verify_units(const Deployment& staged, const Systemctl& systemd, const fs::path& scratch) {
  const std::vector<std::string> files = copies_of(staged, scratch);
  const std::optional<Outcome> outcome = systemd.verify(files);
  const bool is_useful = outcome && (outcome->status == 0 || can_verify(systemd, scratch));
  clear_scratch(scratch);
  if (!is_useful) {
    log::warning("systemd-analyze cannot look at units here: they are seen when they start");
  } else if (!outcome->error_output.empty()) {
    judge_verification(*outcome, staged, scratch);
  }
}

}  // namespace sealift::installer
