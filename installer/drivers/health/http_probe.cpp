// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "installer/drivers/health/probes.hpp"
#include "net/http.hpp"

namespace sealift::installer {

namespace {

constexpr std::size_t kMaxBody = 1U << 20;
constexpr std::size_t kHttpProbeShown = 160;  // bytes of what was found

using release::Expectation;
using release::HealthCheck;

// One attempt and no redirect: the runner asks again, and a redirect is an answer. The address that
// is checked may be plain HTTP.
net::HttpClient client_for(const HealthCheck& check, const net::Url& url,
                           const release::Site& site) {
  return net::HttpClient({.ca_file = site.health_ca,
                          .insecure = {url.authority()},
                          .connect_limit = check.timeout,
                          .idle_limit = check.timeout,
                          .total_limit = check.timeout,
                          .attempts = 1,
                          .redirects = 0});
}

// The body, as far as it is looked at.
struct Body {
  std::string text;
  bool is_whole = true;
};

// A server that never ends must not fill memory.
Body read_body(net::Reply& reply) {
  Body body;
  std::array<char, 16384> block{};
  while (const std::size_t count = reply.read(block)) {
    const std::size_t room = kMaxBody - body.text.size();
    body.text.append(block.data(), std::min(count, room));
    if (count > room) {
      body.is_whole = false;
      break;
    }
  }
  return body;
}

std::string shown(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, 4 * kHttpProbeShown)) line += c == '\n' || c == '\r' ? ' ' : c;
  return printable(line, kHttpProbeShown);
}

// Compared as text, as release.yaml says it: 1 and "1" are the same there.
void compare_json(const Expectation& expect, const Body& body, std::vector<std::string>& wrong) {
  Json document;
  try {
    document = parse_json(body.text, "the body", Errc::target_failed, Numbers::any);
  } catch (const Error& error) {
    wrong.push_back(format("{}, expected JSON", error.message()));
    return;
  }
  for (const auto& [pointer, wanted] : expect.json) {
    const JsonPointer at(pointer);
    if (!document.contains(at)) {
      wrong.push_back(format("found no {}, expected \"{}\"", shown(pointer), shown(wanted)));
      continue;
    }
    const std::string found = release::scalar_text(document.at(at));
    if (found == wanted) continue;
    wrong.push_back(
        format("found \"{}\" at {}, expected \"{}\"", shown(found), shown(pointer), shown(wanted)));
  }
}

// What of an answer is not as expected. Everything that is wrong, since a person sees only the last
// answer.
std::vector<std::string> compare(const Expectation& expect, net::Reply& reply) {
  std::vector<std::string> wrong;
  const int status = reply.status();
  const bool is_expected = expect.status != 0 ? status == static_cast<int>(expect.status)
                                              : status >= 200 && status < 300;
  if (!is_expected) {
    wrong.push_back(format("found status {}, expected {}", status,
                           expect.status != 0 ? std::to_string(expect.status) : "200 to 299"));
  }
  for (const auto& [header, text] : expect.headers) {
    const std::string found = reply.header(header);
    if (found.find(text) != found.npos) continue;
    wrong.push_back(format("found the header {}: \"{}\", expected \"{}\" in it", header,
                           shown(found), shown(text)));
  }
  const Body body = read_body(reply);
  if (!body.is_whole && (!expect.body.empty() || !expect.json.empty())) {
    wrong.push_back("found a body of over 1 MiB");
    return wrong;
  }
  if (body.text.find(expect.body) == std::string::npos) {
    wrong.push_back(format("expected \"{}\" in the body", shown(expect.body)));
  }
  if (!expect.json.empty() && is_expected) compare_json(expect, body, wrong);
  if (!wrong.empty()) wrong.push_back(format("body \"{}\"", shown(body.text)));
  return wrong;
}

Finding ask(net::HttpClient& client, const net::Url& url, const Expectation& expect) {
  const std::unique_ptr<net::Reply> reply =
      client.send({.method = "GET",
                   .url = url,
                   .repeat = net::Repeat::never,
                   .headers = {{"accept", "*/*"}, {"cache-control", "no-cache"}}});
  const int status = reply->status();
  const std::vector<std::string> wrong = compare(expect, *reply);
  if (!wrong.empty()) return {.verdict = Finding::Verdict::fails, .found = joined(wrong, "; ")};
  return {.verdict = Finding::Verdict::holds, .found = format("status {}", status)};
}

}  // namespace

Finding http_probe(const HealthCheck& check, const ProbeSite& site) {
  const net::Url url = net::Url::parse(check.at);
  net::HttpClient client = client_for(check, url, site.site);
  return ask(client, url, check.expect);
}

Finding latency_probe(const HealthCheck& check, const ProbeSite& site,
                      const std::function<bool()>& stop) {
  using std::chrono::milliseconds;
  const release::Latency& bound = *check.latency;
  // The nearest rank: how many may take longer.
  const unsigned rank = (bound.requests * 95 + 99) / 100;
  const unsigned most_slow = bound.requests - rank;
  const net::Url url = net::Url::parse(check.at);
  net::HttpClient client = client_for(check, url, site.site);
  std::vector<milliseconds> taken;
  unsigned slow = 0;
  for (unsigned i = 0; i < bound.requests && !stop(); ++i) {
    const auto began = std::chrono::steady_clock::now();
    Finding one = ask(client, url, check.expect);
    if (one.verdict == Finding::Verdict::fails) {
      one.found = format("request {} of {}: {}", i + 1, bound.requests, one.found);
      return one;
    }
    taken.push_back(std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - began));
    if (taken.back() > bound.p95 && ++slow > most_slow) {
      return {.verdict = Finding::Verdict::fails,
              .found = format("{} of {} requests took longer than {} ms, the last {} ms; expected "
                              "at most {} of {}",
                              slow, i + 1, bound.p95.count(), taken.back().count(), most_slow,
                              bound.requests)};
    }
  }
  if (taken.size() < bound.requests)
    return {.verdict = Finding::Verdict::fails, .found = "stopped"};
  std::sort(taken.begin(), taken.end());
  return {.verdict = Finding::Verdict::holds,
          .found = format("p95 of {} requests {} ms", bound.requests, taken[rank - 1].count())};
}

}  // namespace sealift::installer
