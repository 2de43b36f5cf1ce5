// SPDX-License-Identifier: Apache-2.0
#pragma once

// For whom secrets are sealed: the sites of each environment and the recovery recipient, as the
// repository's environments/recipients.yaml lists them.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "signing/age.hpp"

namespace sealift::release {

// What a sealed value is for. Without a site it is for all of the environment's.
struct SecretPlace {
  std::string environment;
  std::string key;
  std::string site = {};

  // "DATABASE_URL of production", "DATABASE_URL of production for the site vault-room"
  std::string str() const;
};

// environments/recipients.yaml.
struct Recipients {
  signing::AgeRecipient recovery;
  // Environment -> site -> recipient.
  std::map<std::string, std::map<std::string, signing::AgeRecipient>> sites;

  // The file, below the folder of release.yaml.
  static fs::path file_in(const fs::path& folder) {
    return folder / "environments" / "recipients.yaml";
  }
  // Error{invalid_input} with every mistake; `name` is for messages.
  static Recipients parse(std::string_view text, const std::string& name);
  // Reads it in the folder of release.yaml; nothing where there is none.
  static std::optional<Recipients> load(const fs::path& folder);
  // Whom something of that place is sealed to, by name: the sites and "recovery".
  // Error{invalid_input} for an environment or a site that is not listed.
  std::map<std::string, signing::AgeRecipient> of(const SecretPlace& place) const;

  friend bool operator==(const Recipients&, const Recipients&) = default;
};

// The text of a recipients.yaml that lists no site yet.
std::string new_recipients(const signing::AgeRecipient& recovery);
// The text with one line more for a site that is not listed; every other line stays as it is, but
// for braces with nothing in them. Error{invalid_input} where the file is not written line by line,
// with the line to add by hand.
std::string with_site(std::string_view text, const std::string& environment,
                      const std::string& site, const signing::AgeRecipient& recipient);

// What a person sees of recipients: "vault-room ...q9zk4s7n", sorted.
std::vector<std::string> labels(const std::map<std::string, signing::AgeRecipient>& recipients);

// Throws Error{invalid_input} unless the name is one that the registration desk gives: it becomes a
// key of YAML and JSON.
void check_site_name(const std::string& name);

}  // namespace sealift::release
