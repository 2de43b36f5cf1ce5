// SPDX-License-Identifier: Apache-2.0
#include "installer/events/spool.hpp"

#include <catch2/catch.hpp>

#include "installer/events/forwarding.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::spool_test {

using release::Destination;
using release::Means;
using tests::refusal_of;

namespace {

const FixedClock kClock(Time{1'700'000'000});
constexpr std::chrono::milliseconds kLimit{10'000};

Destination destination(const std::string& name, Means means, const std::string& place) {
  Destination to;
  to.name = name;
  to.means = means;
  to.place = place;
  to.on = {"all"};
  return to;
}

// A site with a log, and destinations that are files.
class GivenSite {
 public:
  GivenSite() {
    make_dirs(folder_.path() / "state");
    installation_.layout = {.site_yaml = folder_.path() / "site.yaml",
                            .state = folder_.path() / "state"};
    installation_.id = "abc";
    installation_.site.release = "shop";
    installation_.site.environment = "production";
  }

  void add(const std::string& name, std::vector<std::string> on = {"all"}) {
    installation_.site.notify.push_back(destination(name, Means::file, file(name).string()));
    installation_.site.notify.back().on = std::move(on);
  }
  void remove(const std::string& name) {
    std::erase_if(installation_.site.notify,
                  [&](const Destination& each) { return each.name == name; });
  }
  void happens(const std::string& event) {
    AuditLog(installation_.layout.audit(), kClock).append(event, {{"version", "1.0.0"}});
  }
  Spool spool(const Clock& clock = kClock) const { return {installation_, clock}; }
  std::vector<Sent> send(Patience patience = Patience::kept, const Clock& clock = kClock) const {
    return spool(clock).send([](const std::string&) { return std::string(); }, patience, kLimit);
  }
  fs::path file(const std::string& name) const { return folder_.path() / (name + ".jsonl"); }
  fs::path cursor(const std::string& name) const {
    return installation_.layout.events() / ("to-" + name + ".json");
  }
  std::vector<std::string> told(const std::string& name) const {
    std::vector<std::string> words;
    if (!path_exists(file(name))) return words;
    for (const SiteEvent& each : read_events(file(name))) words.push_back(each.word);
    return words;
  }
  const Installation& installation() const { return installation_; }

 private:
  tests::ScratchFolder folder_;
  Installation installation_;
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("spool: each destination has what it asked for, once and in order", "[events]") {
  GivenSite site;
  site.happens("trust");
  site.add("a");
  site.add("b", {"applied"});
  site.spool().begin();
  for (const char* each : {"accepted", "apply", "checkpoint"}) site.happens(each);
  site.send();
  site.send();
  CHECK(site.told("a") == Words{"accepted", "applied"});
  CHECK(site.told("b") == Words{"applied"});
  // A line that tells it nothing moves the cursor on as well.
  CHECK(read_cursor(site.cursor("b"))->line == 4);
}

TEST_CASE("spool: a crash between the telling and the cursor repeats nothing in a file",
          "[events]") {
  GivenSite site;
  site.add("a");
  site.spool().begin();
  const std::string before = read_file(site.cursor("a"), 4096);
  site.happens("apply");
  site.send();
  write_file(site.cursor("a"), before);
  site.send();
  CHECK(site.told("a") == Words{"applied"});
  // Torn in the middle of the write: the line is written whole, and once.
  const std::string line = read_file(site.file("a"), 1 << 20);
  write_file(site.cursor("a"), before);
  write_file(site.file("a"), line.substr(0, line.size() / 2));
  site.send();
  CHECK(read_file(site.file("a"), 1 << 20) == line);
  // What somebody else has left without a newline stays, and gets one.
  write_file(site.cursor("a"), before);
  write_file(site.file("a"), "by hand");
  site.send();
  CHECK(read_file(site.file("a"), 1 << 20) == "by hand\n" + line);
}

TEST_CASE("spool: what is not taken waits, and is left alone for longer each time", "[events]") {
  GivenSite site;
  site.add("a");
  site.spool().begin();
  make_dirs(site.file("a"));  // no file can be there
  for (const char* each : {"accepted", "apply"}) site.happens(each);
  std::vector<std::int64_t> rests;
  Time now = kClock.now();
  for (int i = 0; i < 9; ++i) {
    const std::vector<Sent> sent = site.send(Patience::kept, FixedClock(now));
    CHECK(sent.at(0).waiting == 2);
    CHECK_THAT(sent.at(0).why, Catch::Matchers::Contains("a.jsonl"));
    const Cursor cursor = *read_cursor(site.cursor("a"));
    rests.push_back(cursor.retry->seconds - now.seconds);
    // A moment later it is not even tried.
    site.send(Patience::kept, FixedClock(Time{now.seconds + 1}));
    CHECK(read_cursor(site.cursor("a"))->retry == cursor.retry);
    now = *cursor.retry;
  }
  CHECK(rests == std::vector<std::int64_t>{30, 60, 120, 240, 480, 960, 1920, 3600, 3600});
  remove_empty_dir(site.file("a"));
  site.send(Patience::waived);
  CHECK(site.told("a") == Words{"accepted", "applied"});
  CHECK(read_cursor(site.cursor("a"))->failures == 0);
}

TEST_CASE("spool: a clock that jumps back keeps nobody waiting for ever", "[events]") {
  GivenSite site;
  site.add("a");
  site.spool().begin();
  site.happens("apply");
  Cursor cursor = *read_cursor(site.cursor("a"));
  cursor.failures = 1;
  cursor.retry = Time{kClock.now().seconds + 400'000'000};
  cursor.pause = cursor.retry;
  write_cursor(site.cursor("a"), cursor);
  site.send();
  CHECK(site.told("a") == Words{"applied"});
}

TEST_CASE("spool: a log that was set aside is new from its first line on", "[events]") {
  GivenSite site;
  site.add("a");
  site.spool().begin();
  for (const char* each : {"accepted", "apply"}) site.happens(each);
  site.send();
  remove_file(site.installation().layout.audit());
  for (const char* each : {"rollback", "flags", "stage"}) site.happens(each);
  site.send();
  CHECK(site.told("a") == Words{"accepted", "applied", "rolled_back", "flags_set", "staged"});
}

TEST_CASE("spool: who is gone from site.yaml and comes back begins anew", "[events]") {
  GivenSite site;
  site.add("a");
  site.add("b");
  site.spool().begin();
  site.remove("a");
  site.spool().begin();
  CHECK_FALSE(path_exists(site.cursor("a")));
  site.happens("apply");
  site.add("a");
  site.spool().begin();
  site.happens("rollback");
  site.send();
  CHECK(site.told("a") == Words{"rolled_back"});
  CHECK(site.told("b") == Words{"applied", "rolled_back"});
}

TEST_CASE("spool: a cursor that cannot be read is said, and the others are told", "[events]") {
  GivenSite site;
  site.add("a");
  site.add("b");
  site.spool().begin();
  site.happens("apply");
  write_file(site.cursor("a"), "{");
  const std::vector<Sent> sent = site.send();
  CHECK_THAT(sent.at(0).why, Catch::Matchers::Contains("to-a.json"));
  CHECK(site.told("b") == Words{"applied"});
  site.spool().pass("a");
  site.happens("rollback");
  site.send();
  CHECK(site.told("a") == Words{"rolled_back"});
}

TEST_CASE("spool: two that send take turns", "[events]") {
  GivenSite site;
  site.add("a");
  site.spool().begin();
  site.happens("apply");
  std::optional<Errc> code;
  // A destination of which the second one would be told while the first one sends.
  const Spool spool = site.spool();
  const SecretOf none = [](const std::string&) { return std::string(); };
  site.add("b");
  Installation twice = site.installation();
  twice.site.notify = {destination("c", Means::webhook, "http://127.0.0.1:1/")};
  twice.site.notify[0].token_secret = "KEY";
  write_cursor(site.installation().layout.events() / "to-c.json", Cursor());
  Spool(twice, kClock)
      .send(
          [&](const std::string&) {
            code = refusal_of([&] { spool.send(none, Patience::kept, kLimit); });
            return std::string("x");
          },
          Patience::kept, kLimit);
  CHECK(code == Errc::busy);
}

TEST_CASE("forwarding: a torn line of the record is told again, and nothing else", "[events]") {
  GivenSite site;
  for (const char* each : {"accepted", "apply"}) site.happens(each);
  site.add("a");
  const std::vector<SiteEvent> events = site.spool().all();
  const fs::path record = site.file("a").parent_path() / "record";
  const std::vector<Destination>& to = site.installation().site.notify;
  CHECK(forward(events, to, record, kLimit, kClock).at(0).told == 2);
  CHECK(forward(events, to, record, kLimit, kClock).at(0).known == 2);
  const std::string whole = read_file(record, 1 << 20);
  write_file(record, whole.substr(0, whole.size() - 9));
  const Forwarded again = forward(events, to, record, kLimit, kClock).at(0);
  CHECK(again.known == 1);
  CHECK(again.told == 1);
  CHECK(read_file(record, 1 << 20) == whole);
  CHECK(site.told("a") == Words{"accepted", "applied"});
}

}  // namespace sealift::installer::spool_test
