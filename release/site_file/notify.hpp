// SPDX-License-Identifier: Apache-2.0
#pragma once

// `notify`: which events are told to whom. A site has it in site.yaml; a host that forwards the
// events of sites that have no network has it in a file of its own (schemas/notify.schema.json).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"

namespace sealift::release {

// What an event may be called: the last part of its CloudEvents type, and a word of `on`.
inline constexpr std::array<std::string_view, 26> kEventWords = {
    "accepted",    "adopted",         "applied",          "backup_copied", "backup_dropped",
    "backup_made", "backup_restored", "backups_verified", "copy_failed",   "drift_found",
    "drift_gone",  "expiring",        "failed",           "flags_set",     "hook_failed",
    "keys_made",   "needs_operator",  "recovered",        "refused",       "rehearsed",
    "repaired",    "rolled_back",     "site_changed",     "staged",        "trust_changed",
    "uninstalled"};
// Of `on`: every one of them, also of later versions.
inline constexpr std::string_view kEveryEvent = "all";

// Whether an event says that another release is installed now: a deployment, as services call it.
bool is_deployment(std::string_view word);

enum class Means : std::uint8_t { file, webhook, slack, mail, syslog, exec, datadog, sentry };
// Its key in a destination.
std::string_view name(Means means);

// Where a webhook's token stands instead of in a header.
inline constexpr std::string_view kTokenPlace = "{token}";

struct Destination {
  std::string name;  // of a-z 0-9 -; what it is where none is said
  Means means = Means::file;
  // A file's path, an address (of datadog and sentry without a path behind it), a socket of syslog;
  // empty: the means has none.
  std::string place;
  std::vector<std::string> command;     // of exec; of mail: takes a message as sendmail -t does
  std::vector<std::string> recipients;  // of mail
  std::string sender;                   // of mail; empty: the program decides
  std::string service;                  // of datadog: whose deployments are told; empty: none's
  std::vector<std::string> tags;        // of datadog, beside our own
  std::string organization;             // of sentry
  std::vector<std::string> projects;    // of sentry
  std::string token_file;               // absolute; empty: none
  std::string token_secret;             // the key of a secret of the site; empty: none
  std::string ca;                       // certificates that are trusted beside the system's
  std::vector<std::string> on;          // words of kEventWords or kEveryEvent; never empty

  bool takes(std::string_view word) const;
};

// Of a document that fits its schema; none where it has no `notify`.
std::vector<Destination> read_notify(const YamlDocument& document, std::vector<Mistake>& mistakes);

// Error{invalid_input} with every mistake.
std::vector<Destination> load_notify(const fs::path& file);

}  // namespace sealift::release
