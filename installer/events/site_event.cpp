// SPDX-License-Identifier: Apache-2.0
#include "installer/events/site_event.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"

namespace sealift::installer {

namespace {

// Of a message or a reason; the audit log has all of it.
constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxList = 64;

// What an audit log's line is called -> what its event is called, and how it is said of a release.
struct Naming {
  std::string_view line;
  std::string_view word;
  std::string_view said;
};

constexpr std::array kNamings = {
    Naming{"accepted", "accepted", "was accepted, and is about to change the site"},
    Naming{"adopt", "adopted", "was adopted"},
    Naming{"apply", "applied", "was applied"},
    Naming{"backup", "backup_made", "a backup was made"},
    Naming{"baseline", "repaired", "migrations were recorded by hand"},
    Naming{"copied", "backup_copied", "a backup was copied"},
    Naming{"copy-failed", "copy_failed", "a backup could not be copied"},
    Naming{"cut-off", "needs_operator", "was cut off while it was installed: a person must decide"},
    Naming{"drift", "drift_found", "is not as it was installed"},
    Naming{"drift-gone", "drift_gone", "is as it was installed again"},
    Naming{"dropped", "backup_dropped", "what a restore had kept was dropped"},
    Naming{"evidence", "site_changed", "evidence was exported"},
    Naming{"expiring", "expiring", "something is about to expire"},
    Naming{"exported", "site_changed", "an archive of the site was exported"},
    Naming{"failed", "failed", "could not be installed, and all was undone"},
    Naming{"flags", "flags_set", "has other flags"},
    Naming{"hook-failed", "hook_failed", "is installed, and a hook behind it failed"},
    Naming{"keys", "keys_made", "the site has new keys"},
    Naming{"mended", "site_changed", "the site was mended"},
    Naming{"recovered", "recovered", "a transaction that was cut off has ended"},
    Naming{"refused", "refused", "was refused"},
    Naming{"rehearsed", "rehearsed", "was rehearsed"},
    Naming{"repair", "repaired", "was repaired"},
    Naming{"repaired", "repaired", "migrations were recorded by hand"},
    Naming{"restored", "backup_restored", "a backup was restored"},
    Naming{"rollback", "rolled_back", "was returned to"},
    Naming{"site-restored", "site_changed", "the site was restored from an archive"},
    Naming{"stage", "staged", "was staged"},
    Naming{"trust", "trust_changed", "the site trusts another root"},
    Naming{"uninstall", "uninstalled", "was uninstalled"},
    Naming{"verified", "backups_verified", "backups were verified"}};

// What may leave the site. No `set`, whose values are the operator's; no `drop`, no keys.
constexpr std::array kTold = {"archive",     "backup",      "bundle",  "code",      "components",
                              "count",       "database",    "digest",  "direction", "environment",
                              "expires",     "fingerprint", "hook",    "late",      "message",
                              "name",        "place",       "purpose", "reason",    "rootVersion",
                              "transaction", "version",     "what"};

// Lines of a transaction that needs a person are `failed` by name, and say so in their code.
std::string_view word_of(const Naming& naming, const Json& details) {
  const bool needs_operator =
      naming.line == "failed" && text_at(details, "code") == name(Errc::needs_operator);
  return needs_operator ? "needs_operator" : naming.word;
}

// A text, a number, true, false, or a list of texts; nothing for anything else.
std::optional<Json> told_value(const Json& value) {
  if (value.is_string()) return Json(printable(value.text(), kMaxText));
  if (value.is_number_integer() || value.is_boolean()) return value;
  if (!value.is_array()) return std::nullopt;
  Json list = Json::array();
  for (const Json& each : value) {
    if (!each.is_string() || list.size() == kMaxList)
      return list.empty() ? std::nullopt : std::optional(list);
    list.push_back(printable(each.text(), kMaxText));
  }
  return list;
}

Json told_from_json(const Json& details) {
  Json value = Json::object();
  for (const char* key : kTold) {
    const auto found = details.find(key);
    if (found == details.end()) continue;
    if (auto each = told_value(*found)) value[key] = *std::move(each);
  }
  // A transaction that was cut off stands under another key (operations/recovery).
  if (const auto cut = details.find("cutOff"); cut != details.end()) value["transaction"] = *cut;
  return value;
}

// Whether the sentence is about the release, and not about the site.
bool is_of_release(std::string_view said) {
  return said.starts_with("was ") || said.starts_with("is ") || said.starts_with("has ") ||
         said.starts_with("could ");
}

// 0 where it is about none.
std::uint64_t transaction_from_json(const Json& details) {
  const auto number = details.find("transaction");
  return number != details.end() && number->is_number_unsigned() ? number->get<std::uint64_t>() : 0;
}

std::string text_of(const SiteEvent& event, std::string_view said) {
  const std::string version = text_at(event.details, "version");
  std::string line(said);
  if (is_of_release(said)) {
    line = format("{}{}{} {}", event.of.release, version.empty() ? "" : " ", version, said);
  }
  std::vector<std::string> about = {event.of.environment};
  if (const std::uint64_t number = transaction_from_json(event.details); number != 0) {
    about.push_back(format("transaction {}", number));
  }
  for (const char* key : {"what", "expires", "backup", "name", "database", "place", "hook"}) {
    if (const std::string found = text_at(event.details, key); !found.empty()) {
      about.push_back(found);
    }
  }
  line += format(" ({})", joined(about));
  for (const char* key : {"message", "reason"}) {
    if (const std::string found = text_at(event.details, key); !found.empty()) {
      return format("{}: {}", line, on_one_line(found));
    }
  }
  return line;
}

std::uint64_t number_from(const std::string& text, const std::string& where) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error(Errc::corrupt,
                format("{}: found \"{}\", expected a number", where, printable(text, 80)));
  }
  return number;
}

std::string behind(std::string_view prefix, const std::string& text, const std::string& where) {
  if (text.starts_with(prefix)) return text.substr(prefix.size());
  throw Error(Errc::corrupt,
              format("{}: found \"{}\", expected {}...", where, printable(text, 80), prefix));
}

}  // namespace

std::optional<SiteEvent> event_of(const AuditLine& line, const Speaker& of) {
  if (!line.entry) return std::nullopt;
  const AuditEntry& entry = *line.entry;
  const auto naming = std::find_if(kNamings.begin(), kNamings.end(),
                                   [&](const Naming& each) { return each.line == entry.event; });
  if (naming == kNamings.end()) return std::nullopt;
  SiteEvent event{.id = digest_of_line(line.text).hex(),
                  .word = std::string(word_of(*naming, entry.details)),
                  .sequence = line.number,
                  .time = entry.time,
                  .actor = printable(entry.actor, 80),
                  .of = of,
                  .subject = of.release,
                  .text = {},
                  .details = told_from_json(entry.details)};
  // What a line says of its time counts, not what site.yaml says today.
  if (const std::string then = text_at(event.details, "environment"); !then.empty()) {
    event.of.environment = then;
  }
  event.details.erase("environment");
  if (const std::string version = text_at(event.details, "version"); !version.empty()) {
    event.subject += "-" + version;
  }
  event.text = text_of(event, word_of(*naming, entry.details) == naming->word
                                  ? naming->said
                                  : "needs a person: an undo failed");
  return event;
}

Json to_json(const SiteEvent& event) {
  return {{"specversion", "1.0"},
          {"id", event.id},
          {"source", std::string(kEventSource) + event.of.site},
          {"type", std::string(kEventType) + event.word},
          {"subject", event.subject},
          {"time", to_text(event.time)},
          {"sequence", std::to_string(event.sequence)},
          {"datacontenttype", "application/json"},
          {"data",
           {{"site", event.of.site},
            {"release", event.of.release},
            {"environment", event.of.environment},
            {"actor", event.actor},
            {"text", event.text},
            {"details", event.details}}}};
}

SiteEvent event_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  fields.constant("specversion", "1.0");
  Fields data(fields.object("data"), fields.at("data"));
  SiteEvent event{.id = while_reading(fields.at("id"),
                                      [&] { return Digest::from_hex(fields.text("id")).hex(); }),
                  .word = behind(kEventType, fields.text("type"), fields.at("type")),
                  .sequence = number_from(fields.text("sequence"), fields.at("sequence")),
                  .time = fields.time("time"),
                  .actor = data.text("actor"),
                  .of = {.site = behind(kEventSource, fields.text("source"), fields.at("source")),
                         .release = data.text("release"),
                         .environment = data.text("environment")},
                  .subject = fields.text("subject"),
                  .text = data.text("text"),
                  .details = data.object("details")};
  return event;
}

}  // namespace sealift::installer
