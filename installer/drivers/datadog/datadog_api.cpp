// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/datadog/datadog_api.hpp"

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/stream.hpp"
#include "base/text.hpp"
#include "net/retry.hpp"

namespace sealift::installer {

namespace {

constexpr std::chrono::seconds kConnectLimit{10};
constexpr std::size_t kMaxSaid = 400;

std::string read_whole(net::Reply& reply, const std::string& place) {
  std::string text;
  std::string block(64U << 10, '\0');
  while (const std::size_t count = reply.read(block)) {
    text.append(block, 0, count);
    if (text.size() > kMaxApiAnswer) {
      throw Error(Errc::io, format("{}: answered more than {} bytes", place, kMaxApiAnswer));
    }
  }
  return text;
}

// {"errors": ["Forbidden"]}, as all of the API says what is wrong.
std::string read_complaint(const Json& body) {
  std::vector<std::string> words;
  for (const Json& each : list_at(body, "errors")) {
    words.push_back(each.is_string() ? each.text() : each.dump());
  }
  return joined(words, "; ");
}

}  // namespace

DatadogApi::DatadogApi(release::DatadogTarget target, DatadogKeys keys)
    : target_(std::move(target)), keys_(std::move(keys)), client_(settings()) {}

net::HttpSettings DatadogApi::settings() const {
  net::HttpSettings settings{.ca_file = target_.ca, .insecure = {}};
  settings.redirects = 0;
  settings.connect_limit = kConnectLimit;
  settings.attempts = kApiAttempts;
  settings.wait_header = net::kRateLimitReset;
  if (target_.insecure) settings.insecure = {net::Url::parse(target_.place()).authority()};
  return settings;
}

// An API answers where it is asked; a redirect would take the keys elsewhere.
net::Request DatadogApi::request(const std::string& method, const std::string& path,
                                 const std::string& text) const {
  net::Request request{.method = method,
                       .url = net::Url::parse(target_.place() + path),
                       .headers = {{"accept", "application/json"},
                                   {"dd-api-key", keys_.api},
                                   {"dd-application-key", keys_.application}}};
  if (!text.empty()) {
    request.headers["content-type"] = "application/json";
    request.body = [text] { return std::make_unique<StringSource>(text); };
    request.body_size = text.size();
  }
  return request;
}

DatadogApi::Answer DatadogApi::read_answer(net::Reply& reply) const {
  Answer answer{.status = reply.status(), .body = nullptr, .said = {}};
  answer.wait = net::asked_wait(reply, net::kRateLimitReset);
  const std::string text = read_whole(reply, target_.place());
  try {
    answer.body = parse_json(text, target_.place(), Errc::io, Numbers::any);
    answer.said = printable(hidden(read_complaint(answer.body)), kMaxSaid);
  } catch (const Error&) {
    // A gateway answers with a page; a good answer that is no JSON is noticed where it is read.
    answer.said = printable(hidden(text), kMaxSaid);
  }
  return answer;
}

DatadogApi::Answer DatadogApi::send(const std::string& method, const std::string& path,
                                    const Json& body) {
  const std::string text = body.is_null() ? "" : body.dump();
  const std::unique_ptr<net::Reply> reply = client_.send(request(method, path, text));
  return read_answer(*reply);
}

DatadogApi::Answer DatadogApi::post_once(const std::string& path, const Json& body) const {
  net::HttpClient fresh(settings());
  net::Request once = request("POST", path, body.dump());
  once.repeat = net::Repeat::never;
  const std::unique_ptr<net::Reply> reply = fresh.send(once);
  return read_answer(*reply);
}

void DatadogApi::check_keys() {
  const auto demand = [&](const std::string& path, const char* which, const std::string& key) {
    const Answer answer = get(path);
    if (answer.is_good()) return;
    if (answer.status != 401 && answer.status != 403)
      refuse(answer, "ask whether our keys are good");
    throw Error(
        Errc::target_failed,
        format("{}: does not take our {}, the secret {}: {}", target_.place(), which, key,
               answer.said),
        format("put a good one into the secret {}, and see that site.yaml names the site of "
               "its organisation",
               key));
  };
  demand("/api/v1/validate", "API key", target_.key);
  demand("/api/v1/monitor?page=0&page_size=1", "application key", target_.application_key);
}

void DatadogApi::refuse(const Answer& answer, const std::string& doing) const {
  const std::string hint =
      answer.status == 401 || answer.status == 403
          ? format("the application key {} needs the right to read and write this sort of object",
                   target_.application_key)
      : net::may_pass(answer.status) ? "run it again when the API answers"
                                     : "correct the file, or what changed it there";
  throw Error(Errc::target_failed,
              format("{}: answered {} to: {}{}{}", target_.place(), answer.status, doing,
                     answer.said.empty() ? "" : ": ", answer.said),
              hint);
}

// A server may repeat what it was sent; asked before a text is cut, which could leave half a key.
std::string DatadogApi::hidden(std::string text) const {
  for (const std::string* key : {&keys_.api, &keys_.application}) replace_all(text, *key, "***");
  return text;
}

}  // namespace sealift::installer
