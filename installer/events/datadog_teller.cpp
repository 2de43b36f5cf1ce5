// SPDX-License-Identifier: Apache-2.0
// Datadog: an event for each (API v1, /api/v1/events), and a deployment of DORA metrics (API v2,
// /api/v2/dora/deployment) for what was applied or returned to.
#include <array>

#include "installer/events/web_call.hpp"

namespace sealift::installer {

namespace {

// Datadog takes no event that happened longer ago than 18 hours; an hour of them is for clocks.
constexpr std::int64_t kOldest = 17L * 3600;

struct Kind {
  std::string_view word;
  const char* alert;
};

// What is not here is "info".
constexpr std::array kKinds = {Kind{"applied", "success"},    Kind{"backups_verified", "success"},
                               Kind{"drift_gone", "success"}, Kind{"recovered", "success"},
                               Kind{"rehearsed", "success"},  Kind{"drift_found", "warning"},
                               Kind{"expiring", "warning"},   Kind{"rolled_back", "warning"},
                               Kind{"copy_failed", "error"},  Kind{"failed", "error"},
                               Kind{"hook_failed", "error"},  Kind{"needs_operator", "error"},
                               Kind{"refused", "error"}};

const char* alert_of(const SiteEvent& event) {
  for (const Kind& each : kKinds) {
    if (each.word == event.word) return each.alert;
  }
  return "info";
}

class DatadogTeller : public Teller {
 public:
  DatadogTeller(release::Destination to, std::string key, const Clock& clock)
      : to_(std::move(to)), key_(std::move(key)), clock_(clock) {}

  // The deployment first: its id makes a second one the same, while a second event is a second line
  // below the first.
  Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) override {
    const WebCaller caller(to_, key_, limit);
    if (!to_.service.empty() && release::is_deployment(event.word)) {
      const WebAnswer answer = caller.call(post("/api/v2/dora/deployment", deployment_of(event)));
      if (!answer.is_success()) return caller.outcome(answer);
    }
    return caller.outcome(caller.call(post("/api/v1/events", body_of(event))));
  }

 private:
  WebCall post(const char* path, const Json& body) const {
    return {.method = "POST",
            .url = to_.place + path,
            .headers = {{"dd-api-key", key_}},
            .body = to_canonical(body)};
  }

  std::vector<std::string> tags_of(const SiteEvent& event) const {
    std::vector<std::string> tags = {"event:" + event.word, "release:" + event.of.release,
                                     "site:" + event.of.site, "env:" + event.of.environment};
    if (const std::string version = text_at(event.details, "version"); !version.empty()) {
      tags.push_back("version:" + version);
    }
    if (!to_.service.empty()) tags.push_back("service:" + to_.service);
    tags.insert(tags.end(), to_.tags.begin(), to_.tags.end());
    return tags;
  }

  Json body_of(const SiteEvent& event) const {
    Json body = {{"title", event.subject + " " + event.word},
                 {"text", event.text},
                 {"alert_type", alert_of(event)},
                 {"aggregation_key", event.id},
                 {"tags", tags_of(event)}};
    const std::int64_t age = clock_.now().seconds - event.time.seconds;
    if (age >= 0 && age < kOldest) {
      body["date_happened"] = event.time.seconds;
    } else {  // from a site without a network: when it happened is said, and when it was told
              // counts
      body["text"] = event.text + "\nIt happened at " + to_text(event.time) + ".";
    }
    return body;
  }

  Json deployment_of(const SiteEvent& event) const {
    return {{"data",
             {{"attributes",
               {{"service", to_.service},
                {"started_at", event.time.seconds},
                {"finished_at", event.time.seconds},
                {"env", event.of.environment},
                {"version", text_at(event.details, "version")},
                {"id", event.id},
                {"custom_tags", tags_of(event)}}}}}};
  }

  release::Destination to_;
  std::string key_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Teller> datadog_teller(const release::Destination& to, std::string key,
                                       const Clock& clock) {
  return std::make_unique<DatadogTeller>(to, std::move(key), clock);
}

}  // namespace sealift::installer
