// SPDX-License-Identifier: Apache-2.0
#pragma once

// A unit of systemd (systemd.unit(5)) as far as it must be understood: whether it is started by
// itself, whether it runs as root, and which files of its own release it names. The rest is
// systemd's to understand.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "release/documents/allow.hpp"

namespace sealift::release {

struct UnitFile {
  std::string install;  // who wants it by [Install]; empty: it is not started by itself
  bool is_job = false;  // Type=oneshot: it ends by itself

  std::string user;           // that its commands run as; empty: nothing is said
  bool is_dynamic = false;    // DynamicUser=: a user of its own, where nothing is said
  bool has_commands = false;  // any Exec line
  bool keeps_rights = false;  // some of it has root's rights, whoever the user is

  // A unit's file, and then its drop-ins in their order. What it does not know is left out.
  void add(std::string_view text);
  static UnitFile parse(std::string_view text);

  // Whether any part of it does: also where it does not say whom it runs as, or by a specifier.
  bool runs_as_root(std::string_view name) const;

 private:
  void take(std::string_view section, std::string_view key, std::string_view value);
};

// The unit that a file of a release's tree makes or adds to: "web.service",
// "web.service.d/10-limits.conf"; empty: it is neither.
std::string unit_of(const std::string& path);

// What units, by their names, ask of a host; `command` calls its systemd. A user's own systemd runs
// nothing as root.
std::vector<Claim> claims_of(const std::map<std::string, UnitFile>& units,
                             const std::vector<std::string>& command);

// Whether a name stands for instances, such as "web@.service".
bool is_template_unit(std::string_view name);

// What `text` names below `root`, such as "/srv/units/current": "run.sh", "conf" where a part of
// the name depends on the instance, "." for `root` itself.
std::set<std::string> names_below(std::string_view text, const std::string& root);

}  // namespace sealift::release
