// SPDX-License-Identifier: Apache-2.0
#pragma once

// A unit of systemd (systemd.unit(5)) as far as it must be understood: whether it is started by
// itself, and which files of its own release it names. The rest is systemd's to understand.

#include <set>
#include <string>
#include <string_view>

namespace sealift::installer {

struct UnitFile {
  std::string install;  // who wants it by [Install]; empty: it is not started by itself
  bool is_job = false;  // Type=oneshot: it ends by itself

  // Of a unit's file and its drop-ins, one behind the other. What it does not know is left out.
  static UnitFile parse(std::string_view text);
};

// Whether a name stands for instances, such as "web@.service".
bool is_template_unit(std::string_view name);

// What `text` names below `root`, such as "/srv/units/current": "run.sh", "conf" where a part of
// the name depends on the instance, "." for `root` itself.
std::set<std::string> names_below(std::string_view text, const std::string& root);

}  // namespace sealift::installer
