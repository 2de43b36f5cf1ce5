// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/events/teller.hpp"
#include "net/http.hpp"
#include "net/retry.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxSaid = 300;  // of what a server answers
constexpr std::chrono::seconds kLongestPause{24L * 3600};

// A webhook gets the CloudEvent (structured mode), Slack a message that it shows. The token stands
// in a header or in the address, and in nothing that is said.
class WebTeller : public Teller {
 public:
  WebTeller(release::Destination to, std::string token)
      : to_(std::move(to)), token_(std::move(token)), address_(to_.place) {
    is_in_address_ = address_.find(release::kTokenPlace) != std::string::npos;
    replace_all(address_, release::kTokenPlace, token_);
  }

  Answer tell(const SiteEvent& event, std::chrono::milliseconds limit) override {
    try {
      return post(event, limit);
    } catch (const Error& error) {
      throw Error(error.code(), without_token(error.message()), without_token(error.hint()));
    }
  }

 private:
  Answer post(const SiteEvent& event, std::chrono::milliseconds limit) {
    net::HttpClient client({.ca_file = to_.ca,
                            .insecure = {},
                            .connect_limit = limit,
                            .idle_limit = limit,
                            .total_limit = limit,
                            .attempts = 1,
                            .redirects = 0});
    const std::string body = body_of(event);
    const std::unique_ptr<net::Reply> reply =
        client.send({.method = "POST",
                     .url = net::Url::parse(address_),
                     .repeat = net::Repeat::never,
                     .headers = headers_of(event),
                     .body = [&] { return std::make_unique<StringSource>(body); },
                     .body_size = body.size()});
    std::array<char, kMaxSaid> said{};
    const std::size_t count = reply->read(said);
    if (reply->status() >= 200 && reply->status() < 300) return {};
    Answer answer{.is_taken = false,
                  .why = format("{}: answered {}: {}", to_.place, reply->status(),
                                without_token(printable({said.data(), count}, kMaxSaid)))};
    if (const auto asked = net::asked_wait(reply->header("retry-after"), kLongestPause)) {
      answer.pause = std::chrono::ceil<std::chrono::seconds>(*asked);
    }
    return answer;
  }

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
    net::Headers headers = {{"content-type", to_.means == release::Means::webhook
                                                 ? "application/cloudevents+json; charset=UTF-8"
                                                 : "application/json; charset=UTF-8"},
                            {"idempotency-key", event.id}};
    if (!token_.empty() && !is_in_address_) headers["authorization"] = "Bearer " + token_;
    return headers;
  }

  std::string without_token(std::string text) const {
    if (!token_.empty()) replace_all(text, token_, release::kTokenPlace);
    return text;
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
