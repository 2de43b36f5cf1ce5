// SPDX-License-Identifier: Apache-2.0
#include "installer/events/site_event.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "base/digest.hpp"
#include "release/site_file/notify.hpp"
#include "release/text/schema.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/source_folder.hpp"

namespace sealift::installer::site_event_test {

using tests::refusal_of;

namespace {

const FixedClock kClock(Time{1'700'000'000});
const Speaker kSite{.site = "0123abcd", .release = "shop", .environment = "production"};

// The event of one line of a log; nothing where it is none.
std::optional<SiteEvent> event_from(const std::string& line, const Json& details) {
  const tests::ScratchFolder folder;
  AuditLog log(folder.path() / "audit.jsonl", kClock);
  log.append("checkpoint", {{"checkpoint", "x"}});
  log.append(line, details);
  return event_of(log.text().lines.at(1), kSite);
}

}  // namespace

TEST_CASE("event: is a line of the audit log, and its id the digest of that line", "[events]") {
  const tests::ScratchFolder folder;
  AuditLog log(folder.path() / "audit.jsonl", kClock);
  log.append("apply", {{"transaction", 4}, {"version", "1.1.0"}, {"reason", "the\nsearch"}});
  const AuditLine line = log.text().lines.at(0);
  const SiteEvent event = event_of(line, kSite).value();
  CHECK(event.id == Digest::of(line.text + "\n").hex());
  CHECK(event.word == "applied");
  CHECK(event.sequence == 1);
  CHECK(event.subject == "shop-1.1.0");
  CHECK(event.text == "shop 1.1.0 was applied (production, transaction 4): the\\x0asearch");
  CHECK(event.time == kClock.now());
}

TEST_CASE("event: the form is that of the schema, and reads back as the same", "[events]") {
  for (const char* name : {"apply", "failed", "drift", "expiring", "backup", "cut-off"}) {
    CAPTURE(name);
    const SiteEvent event = event_from(name, {{"version", "1.0.0"},
                                              {"cutOff", 3},
                                              {"components", {"web", "etc"}},
                                              {"what", "certificate web"}})
                                .value();
    const Json value = to_json(event);
    CHECK(release::check_schema(release::YamlDocument::parse(to_canonical(value), "event"),
                                "event.schema.json")
              .empty());
    CHECK(to_json(event_from_json(value, "event")) == value);
  }
}

TEST_CASE("event: what a later version adds is left out, what is missing is refused", "[events]") {
  const Json value = to_json(event_from("apply", {{"version", "1.0.0"}}).value());
  Json later = value;
  later["traceparent"] = "00-1";
  later["data"]["colour"] = "red";
  later["type"] = std::string(kEventType) + "unheard_of";
  CHECK(event_from_json(later, "event").word == "unheard_of");
  for (const char* key : {"specversion", "id", "source", "type", "time", "sequence", "data"}) {
    CAPTURE(key);
    Json broken = value;
    broken.erase(key);
    CHECK(refusal_of([&] { event_from_json(broken, "event"); }) == Errc::corrupt);
    broken[key] = "x";
    CHECK(refusal_of([&] { event_from_json(broken, "event"); }) == Errc::corrupt);
  }
}

TEST_CASE("event: only fields of a list leave the site, and only plain ones", "[events]") {
  const SiteEvent event = event_from("accepted", {{"version", "1.0.0"},
                                                  {"set", {{"PASSWORD", "canary"}}},
                                                  {"keys", {"canary"}},
                                                  {"colour", "canary"},
                                                  {"reason", {{"deep", "canary"}}},
                                                  {"components", {Json{{"deep", "canary"}}}}})
                              .value();
  CHECK(to_canonical(to_json(event)).find("canary") == std::string::npos);
  CHECK(event.details == Json{{"version", "1.0.0"}});
}

TEST_CASE("event: an undo that failed needs a person, and is called so", "[events]") {
  const auto word = [](const char* code) {
    return event_from("failed", {{"code", code}}).value().word;
  };
  CHECK(word("target_failed") == "failed");
  CHECK(word("needs_operator") == "needs_operator");
}

TEST_CASE("event: lines about the log itself, and unknown ones, are told to nobody", "[events]") {
  for (const char* name : {"checkpoint", "timestamp", "accepting", "unheard-of"}) {
    CHECK_FALSE(event_from(name, Json::object()));
  }
}

TEST_CASE("event: every word of the schema of site.yaml is told by some line", "[events]") {
  std::set<std::string> told;
  for (const char* name :
       {"accepted", "adopt",      "apply",     "backup",   "baseline",  "copied",  "copy-failed",
        "drift",    "dropped",    "exported",  "expiring", "failed",    "flags",   "hook-failed",
        "keys",     "mended",     "recovered", "refused",  "rehearsed", "repair",  "restored",
        "rollback", "drift-gone", "stage",     "trust",    "verified",  "cut-off", "uninstall"}) {
    told.insert(event_from(name, Json::object()).value().word);
  }
  std::set<std::string> words(release::kEventWords.begin(), release::kEventWords.end());
  CHECK(told == words);
  const fs::path file = tests::source_folder() / "schemas/site.schema.json";
  const Json schema = parse_json(read_file(file, 1U << 20), file.string());
  words.insert(std::string(release::kEveryEvent));
  std::set<std::string> in_schema;
  for (const Json& each : schema["/properties/notify/properties/on/items/enum"_json_pointer]) {
    in_schema.insert(each.get<std::string>());
  }
  CHECK(in_schema == words);
}

}  // namespace sealift::installer::site_event_test
