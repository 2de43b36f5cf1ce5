// SPDX-License-Identifier: Apache-2.0
#include "installer/session/approvers.hpp"

#include <optional>

#include "base/error.hpp"

namespace sealift::installer {

namespace {

// That a release was accepted, by whose keys.
struct Acceptance {
  std::string digest;
  std::vector<std::string> keys;
};

// Of what an entry `accepted` says; nothing where it names no key.
std::optional<Acceptance> acceptance_from_json(const Json& details) {
  if (!details.contains("keys")) return std::nullopt;
  Acceptance accepted{.digest = details.value("digest", ""), .keys = {}};
  for (const Json& key : details["keys"]) accepted.keys.push_back(key.get<std::string>());
  return accepted;
}

std::map<std::string, std::string> names_by_id(const Layout& layout) {
  std::map<std::string, std::string> names;
  try {
    const signing::Root root = trusted_root(layout);
    for (const signing::PublicKey& key : root.keys()) names[key.id()] = root.name_of(key);
  } catch (const Error&) {
    // Ids say it too.
  }
  return names;
}

}  // namespace

Approvers::Approvers(const Tools& tools) {
  const std::map<std::string, std::string> names = names_by_id(tools.installation.layout);
  try {
    for (const AuditEntry& entry : tools.audit().entries()) {
      if (entry.event != "accepted") continue;
      const std::optional<Acceptance> accepted = acceptance_from_json(entry.details);
      if (!accepted) continue;
      std::vector<std::string>& by = by_digest_[accepted->digest];
      by.clear();
      for (const std::string& id : accepted->keys) {
        const auto named = names.find(id);
        by.push_back(named == names.end() ? id : named->second);
      }
    }
  } catch (const Error&) {
    by_digest_.clear();  // `status` says elsewhere that the log is damaged
  }
}

std::vector<std::string> Approvers::of(const Revision& revision) const {
  if (!revision.digest) return {};
  const auto known = by_digest_.find(revision.digest->str());
  return known == by_digest_.end() ? std::vector<std::string>() : known->second;
}

}  // namespace sealift::installer
