// SPDX-License-Identifier: Apache-2.0
// Sentry: the release "NAME@VERSION" and a deploy of it (API 0), for what was applied or returned
// to.
#include "installer/events/web_call.hpp"
#include "net/url.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kIdDigits = 40;  // of an event, in a deploy's name, which holds 64

// Whether a list of deploys has one of that name.
bool read_has_deploy(const std::string& text, const std::string& name, const std::string& where) {
  const Json list = parse_json(text, where);
  if (!list.is_array()) return false;
  for (const Json& each : list) {
    if (each.is_object() && text_at(each, "name") == name) return true;
  }
  return false;
}

class SentryTeller : public Teller {
 public:
  SentryTeller(release::Destination to, std::string token)
      : to_(std::move(to)), token_(std::move(token)) {}

  Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) override {
    const std::string version = text_at(event.details, "version");
    if (version.empty() || !release::is_deployment(event.word)) return {};
    const WebCaller caller(to_, token_, limit);
    const std::string release = event.of.release + "@" + version;
    const std::string releases = format("{}/api/0/organizations/{}/releases/", to_.place,
                                        net::percent_encoded(to_.organization));
    // One that is there already is answered with 208.
    WebAnswer answer =
        caller.call(call("POST", releases, {{"version", release}, {"projects", to_.projects}}));
    if (!answer.is_success()) return caller.outcome(answer);
    const std::string deploys = format("{}{}/deploys/", releases, net::percent_encoded(release));
    answer = caller.call(call("GET", deploys, nullptr));
    if (!answer.is_success()) return caller.outcome(answer);
    // Each POST would make another: one that was told before a crash is known by its name.
    const std::string name = "sealift-" + event.id.substr(0, kIdDigits);
    if (read_has_deploy(answer.body, name, deploys)) return {};
    return caller.outcome(caller.call(call("POST", deploys,
                                           {{"environment", event.of.environment},
                                            {"name", name},
                                            {"dateFinished", to_text(event.time)},
                                            {"projects", to_.projects}})));
  }

 private:
  WebCall call(const char* method, std::string url, const Json& body) const {
    return {.method = method,
            .url = std::move(url),
            .headers = {{"authorization", "Bearer " + token_}},
            .body = body.is_null() ? "" : to_canonical(body)};
  }

  release::Destination to_;
  std::string token_;
};

}  // namespace

std::unique_ptr<Teller> sentry_teller(const release::Destination& to, std::string token) {
  return std::make_unique<SentryTeller>(to, std::move(token));
}

}  // namespace sealift::installer
