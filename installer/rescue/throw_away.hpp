// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site that stands for a rehearsal, in a folder of its own beside the real one: data comes back
// under other names, a release is applied, its health is asked, and all of it is taken back.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/json.hpp"
#include "installer/drivers/databases/backups.hpp"
#include "installer/session/release.hpp"
#include "installer/site/layout.hpp"
#include "installer/site/lock.hpp"
#include "release/site_file/rehearsal.hpp"

namespace sealift::installer {

struct RehearsalOptions {
  std::string place;                        // where its folder is made; empty: for temporary files
  bool start = false;                       // containers, too
  std::vector<std::string> set;             // KEY=VALUE
  std::vector<std::string> secrets;         // KEY=FILE
  std::vector<std::string> free_ports;      // keys of values
  std::vector<std::string> without_checks;  // names of health checks
};

// Adds --place, --start, --set, --secret, --free-port and --without-check.
void add_rehearsal_options(cli::Command& command, RehearsalOptions& options);

// The real site, of which the throw-away one is made.
struct Original {
  std::string settings;       // its site.yaml
  std::string settings_name;  // for messages
  // Fills an empty state folder with trust and keys. History that comes along is removed.
  std::function<void(const Layout& into)> fill;
};

// Backups of the real site.
struct KeptData {
  const Backups& backups;
  std::vector<Backup> chosen;
};

class ThrowAway {
 public:
  // Removes first what rehearsals that were cut off have left in the same place.
  ThrowAway(const RehearsalOptions& options, const Original& original, cli::Session& session);
  ThrowAway(const ThrowAway&) = delete;
  ThrowAway& operator=(const ThrowAway&) = delete;
  // Nothing stays: what cannot be removed is a warning that names it.
  ~ThrowAway();

  // Each backup comes back; nothing: those that `fill` has brought.
  void restore(const std::optional<KeptData>& data) const;
  // Applies the bundle, asks its health, and takes it back. `brought` is what the real site had.
  void prove(const std::vector<std::string>& bundle, std::optional<Brought> brought) const;
  Layout layout() const;

 private:
  void fill(const Original& original) const;

  const RehearsalOptions& options_;
  cli::Session& session_;
  fs::path folder_;
  std::optional<SiteLock> lock_;  // of the folder: nobody takes it for a leftover
};

}  // namespace sealift::installer
