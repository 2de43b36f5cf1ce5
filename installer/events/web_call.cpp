// SPDX-License-Identifier: Apache-2.0
#include "installer/events/web_call.hpp"

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "net/retry.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxSaid = 300;  // of what a server answers
constexpr std::chrono::seconds kLongestPause{24L * 3600};

}  // namespace

WebCaller::WebCaller(const release::Destination& to, std::string token,
                     std::chrono::milliseconds limit)
    : to_(to), token_(std::move(token)), until_(std::chrono::steady_clock::now() + limit) {}

WebAnswer WebCaller::call(const WebCall& call) const {
  try {
    return send(call);
  } catch (const Error& error) {
    throw Error(error.code(), without_token(error.message()), without_token(error.hint()));
  }
}

WebAnswer WebCaller::send(const WebCall& call) const {
  const auto left = std::max(
      std::chrono::ceil<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now()),
      std::chrono::milliseconds(1));
  net::HttpClient client({.ca_file = to_.ca,
                          .insecure = {},
                          .connect_limit = left,
                          .idle_limit = left,
                          .total_limit = left,
                          .attempts = 1,
                          .redirects = 0});
  net::Request request{.method = call.method,
                       .url = net::Url::parse(call.url),
                       .repeat = net::Repeat::never,
                       .headers = call.headers};
  if (!call.body.empty()) {
    request.headers.try_emplace("content-type", "application/json; charset=UTF-8");
    request.body = [&] { return std::make_unique<StringSource>(call.body); };
    request.body_size = call.body.size();
  }
  const std::unique_ptr<net::Reply> reply = client.send(request);
  WebAnswer answer{.status = reply->status(), .body = std::string(kMaxWebAnswer, '\0')};
  answer.body.resize(read_fully(*reply, answer.body));
  if (answer.is_success()) return answer;
  if (const auto asked = net::asked_wait(*reply, net::kRateLimitReset, kLongestPause)) {
    answer.pause = std::chrono::ceil<std::chrono::seconds>(*asked);
  }
  return answer;
}

Answer WebCaller::outcome(const WebAnswer& answer) const {
  if (answer.is_success()) return {};
  return {.is_taken = false,
          .why = format("{}: answered {}: {}", to_.place, answer.status,
                        printable(without_token(answer.body), kMaxSaid)),
          .pause = answer.pause};
}

std::string WebCaller::without_token(std::string text) const {
  if (!token_.empty()) replace_all(text, token_, release::kTokenPlace);
  return text;
}

}  // namespace sealift::installer
