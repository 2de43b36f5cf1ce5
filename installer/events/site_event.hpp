// SPDX-License-Identifier: Apache-2.0
#pragma once

// What happened on a site, as it is told to others: CloudEvents 1.0 in JSON
// (schemas/event.schema.json). An event is a line of the audit log and nothing more: there is no
// second record that could say something else. Its id is the digest of that line, so whoever is
// told twice, or by two ways, knows it again.
//
// Of a line only the fields of a list are told, all of them texts, numbers and lists of texts:
// what a later version writes into the log does not leave the site by itself.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "installer/site/audit.hpp"

namespace sealift::installer {

// Before the word, in a CloudEvents type.
inline constexpr std::string_view kEventType = "dev.sealift.site.";
// Before a site's id, in a CloudEvents source.
inline constexpr std::string_view kEventSource = "urn:sealift:site:";

// Who speaks.
struct Speaker {
  std::string site;         // its id
  std::string release;      // the name of the release that it takes
  std::string environment;  // as site.yaml says it now
};

struct SiteEvent {
  std::string id;              // 64 hex digits
  std::string word;            // of release::kEventWords; of a later version perhaps another
  std::uint64_t sequence = 0;  // of its line in the audit log, from 1
  Time time;
  std::string actor;
  Speaker of;
  std::string subject;  // "chanuka-1.1.0"; "chanuka" where it is about no version
  // One line for people: "chanuka 1.1.0 was applied (production, transaction 4): the search".
  std::string text;
  Json details = Json::object();  // what the line says, as far as it is told
};

// Nothing where the line tells of nothing that others are told: checkpoints, what cannot be read,
// and what this version does not know.
std::optional<SiteEvent> event_of(const AuditLine& line, const Speaker& of);

// One CloudEvent.
Json to_json(const SiteEvent& event);
// What this version does not know, of a later one, is left out; Error{corrupt}.
SiteEvent event_from_json(const Json& value, const std::string& where);

}  // namespace sealift::installer
