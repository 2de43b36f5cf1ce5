// SPDX-License-Identifier: Apache-2.0
#pragma once

// site.yaml: what an operator says of one site: which release and environment it takes, where its
// targets are, its own values, how many releases it keeps, and what it asks for beyond its trust
// root.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "content/image_name.hpp"
#include "release/documents/allow.hpp"
#include "release/site_file/backup_copy.hpp"
#include "release/site_file/datadog_target.hpp"
#include "release/site_file/keep_rule.hpp"
#include "release/site_file/notify.hpp"
#include "release/site_file/s3_target.hpp"
#include "release/text/window.hpp"
#include "release/values/environment.hpp"
#include "release/values/tls.hpp"
#include "signing/approvals.hpp"

namespace sealift::release {

enum class Sharing {
  automatic,  // unchanged files may be shared with the previous release
  never,
};

struct Target {
  std::string driver;
  std::string path;   // absolute, normalised; empty where the driver has none
  std::string owner;  // "UID:GID"; empty: whoever runs the installer
  Sharing sharing = Sharing::automatic;
  std::vector<std::string> command;  // of an engine; empty: its usual one
  std::string ca;                    // of a registry: a file of certificates; empty: the system's
  bool insecure = false;             // of a registry: may be spoken to without TLS
  std::string project;               // of Compose; empty: made of the component and the site
  std::vector<std::string> engine;   // that Compose speaks to; empty: follows from `command`
  std::string units;                 // of systemd: where it looks for units; empty: the usual place
  unsigned timeout = 300;            // seconds that a workload may take to come up
  // For images: how names begin in a release -> how they begin on the site. Empty: as they are.
  std::map<std::string, std::string> map;

  // Of Kubernetes.
  std::string name_space = {};              // of all objects
  std::string context = {};                 // of the kubeconfig; empty: its current one
  std::string kubeconfig = {};              // a file; empty: kubectl's usual one
  std::vector<std::string> kubectl = {};    // the program; empty: kubectl
  std::vector<std::string> take_over = {};  // KIND/NAME: objects whose conflicts are won

  std::vector<std::string> backup = {};   // folders of data that are backed up before a change
  std::vector<std::string> volumes = {};  // of Compose: those that belong to backups of the site
  bool isolated = false;  // of Compose: a release that would share anything of the host is refused
  std::optional<S3Target> s3 = {};  // of that driver alone
  std::optional<DatadogTarget> datadog = {};

  // The site's name of an image; nothing where the map has no line for it.
  std::optional<std::string> mapped(const content::ImageName& name) const;
};

// Programs that keep backups in our stead (databases/exec_backup.hpp).
struct BackupTool {
  std::vector<std::string> create;
  std::vector<std::string> verify;
  std::vector<std::string> restore;
};

// A workload of Kubernetes that writes to databases: "app/Deployment/web" in site.yaml.
struct FencedWriter {
  std::string target;  // of the driver kubernetes
  std::string kind;    // "Deployment", "StatefulSet", "CronJob"
  std::string name;

  friend bool operator==(const FencedWriter&, const FencedWriter&) = default;
};

// What keeps users from writing while databases change, and lets them in again.
// Either both commands, or writers, or all of them.
struct Fence {
  std::vector<std::string> close = {};
  std::vector<std::string> open = {};
  std::vector<std::string> secrets = {};  // keys that both find in their environment
  std::vector<FencedWriter> writers = {};
};

// How a service of the site takes up new files. Commands, never a shell.
struct Service {
  std::vector<std::string> check;         // refuses files that it would not take; empty: none
  std::string verb;                       // "reload", "restart"
  std::vector<std::string> command;       // does it
  unsigned timeout = 60;                  // seconds, of each command
  std::vector<std::string> secrets = {};  // keys that both find in their environment
};

// A database of the site, and how it is reached.
struct DatabaseEntry {
  std::string driver;              // "postgresql", "sqlite"
  std::string path;                // of SQLite: absolute, normalised
  std::string url;                 // of PostgreSQL, without a password
  std::vector<std::string> tools;  // what stands before psql, pg_dump and pg_restore
  std::string password_file;       // of PostgreSQL; empty: its usual places
  unsigned lock_timeout = 5;       // seconds, each time
  unsigned lock_attempts = 5;
  unsigned statement_timeout = 0;  // seconds; 0: as long as it takes
  std::optional<BackupTool> backup;
};

// Archives of the whole site, from which an empty machine becomes the site again.
struct Exports {
  std::string recovery;  // a recipient of age, whose identity lies offline
  std::string to;        // absolute; empty: said when one is made
  KeepRule rule = {};
};

struct Site {
  std::string release;
  std::string environment;
  std::map<std::string, Target> targets;
  std::map<std::string, DatabaseEntry> databases;
  std::optional<Fence> fence;
  // Whom backups are encrypted to beside the site itself; nothing: they are not encrypted.
  std::optional<std::vector<std::string>> encrypt_to;
  std::vector<BackupCopy> copies = {};
  Values values;
  std::vector<std::string> optional;  // optional components that this site takes
  unsigned keep_releases = 3;
  KeepRule keep_backups = {.count = 5, .days = {}, .gib = {}};  // of each database
  signing::Policy policy;
  Places places = {};  // of values
  std::map<std::string, Service> services = {};
  std::map<std::string, TlsEntry> tls = {};
  std::string health_ca = {};  // certificates that health checks trust beside the system's
  // Secrets that the site keeps itself: key -> an absolute path.
  std::map<std::string, std::string> secrets = {};
  std::optional<Exports> exports = {};
  std::optional<Allow> allow = {};   // nothing: a release may have whatever it was approved with
  std::vector<Window> windows = {};  // when `apply` may change it; none: always
  std::vector<Destination> notify = {};  // whom it tells what happens; none: nobody
  std::string metrics_file = {};         // written after each command; empty: none
  std::string dogstatsd = {};            // an address that they are sent to then; empty: none

  bool takes(const std::string& optional_component) const;
};

// Both throw Error{invalid_input} with every mistake.
Site parse_site(std::string_view text, const std::string& name);
Site load_site(const fs::path& file);

}  // namespace sealift::release
