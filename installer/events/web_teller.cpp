// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "installer/events/web_call.hpp"

namespace sealift::installer {

namespace {

// A webhook gets the CloudEvent (structured mode), Slack a message that it shows.
class WebTeller : public Teller {
 public:
  WebTeller(release::Destination to, std::string token)
      : to_(std::move(to)), token_(std::move(token)), address_(to_.place) {
    is_in_address_ = address_.find(release::kTokenPlace) != std::string::npos;
    replace_all(address_, release::kTokenPlace, token_);
  }

  Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) override {
    const WebCaller caller(to_, token_, limit);
    return caller.outcome(caller.call(
        {.method = "POST", .url = address_, .headers = headers_of(event), .body = body_of(event)}));
  }

 private:
  std::string body_of(const SiteEvent& event) const {
    if (to_.means == release::Means::webhook) return to_canonical(to_json(event));
    return to_canonical({{"text", slack_text(event.text)}});
  }

  // What Slack would take for a link or a mention.
  static std::string slack_text(std::string text) {
    replace_all(text, "&", "&amp;");
    replace_all(text, "<", "&lt;");
    replace_all(text, ">", "&gt;");
    return text;
  }

  net::Headers headers_of(const SiteEvent& event) const {
    net::Headers headers = {{"idempotency-key", event.id}};
    if (to_.means == release::Means::webhook) {
      headers["content-type"] = "application/cloudevents+json; charset=UTF-8";
    }
    if (!token_.empty() && !is_in_address_) headers["authorization"] = "Bearer " + token_;
    return headers;
  }

  release::Destination to_;
  std::string token_;
  std::string address_;
  bool is_in_address_ = false;
};

}  // namespace

std::unique_ptr<Teller> web_teller(const release::Destination& to, std::string token) {
  return std::make_unique<WebTeller>(to, std::move(token));
}

}  // namespace sealift::installer
