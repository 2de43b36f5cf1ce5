// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>

#include "base/format.hpp"
#include "observability/rules.hpp"
#include "release/text/schema.hpp"

namespace sealift::observability {

namespace {

constexpr std::array<std::string_view, 1> kApi = {"api"};
constexpr std::array<std::string_view, 1> kBrowser = {"browser"};
constexpr std::array<std::string_view, 9> kSubtypes = {"http", "ssl", "tcp",       "dns", "multi",
                                                       "icmp", "udp", "websocket", "grpc"};
constexpr std::array<std::string_view, 2> kStatuses = {"live", "paused"};
constexpr std::array<std::string_view, 3> kHttpVersions = {"http1", "http2", "any"};

constexpr std::array kRetryFields = {Field{"count", Sort::whole}, Field{"interval", Sort::number}};
constexpr Shape kRetry{"how a test is tried again", kRetryFields};

constexpr std::array kScheduleFields = {Field{"timeframes", Sort::list, Need::required},
                                        Field{"timezone", Sort::text, Need::required}};
constexpr Shape kSchedule{"when a test runs", kScheduleFields};

constexpr std::array kOptionFields = {
    Field{"tick_every", Sort::whole},
    Field{"min_failure_duration", Sort::whole},
    Field{"min_location_failed", Sort::whole},
    Field{"retry", Sort::object, Need::optional, {}, &kRetry},
    Field{"scheduling", Sort::object, Need::optional, {}, &kSchedule},
    Field{"monitor_name", Sort::text},
    Field{"monitor_options", Sort::object},
    Field{"monitor_priority", Sort::whole},
    Field{"follow_redirects", Sort::flag},
    Field{"allow_insecure", Sort::flag},
    Field{"accept_self_signed", Sort::flag},
    Field{"httpVersion", Sort::text, Need::optional, kHttpVersions},
    Field{"checkCertificateRevocation", Sort::flag},
    Field{"disableAiaIntermediateFetching", Sort::flag},
    Field{"ignore_certificate_validation", Sort::flag},
    Field{"ci", Sort::object},
    Field{"restricted_roles", Sort::texts},
    Field{"device_ids", Sort::texts},
    Field{"disableCors", Sort::flag},
    Field{"disableCsp", Sort::flag},
    Field{"enableProfiling", Sort::flag},
    Field{"enableSecurityTesting", Sort::flag},
    Field{"blockedRequestPatterns", Sort::texts},
    Field{"captureNetworkPayloads", Sort::flag},
    Field{"ignoreServerCertificateError", Sort::flag},
    Field{"initialNavigationTimeout", Sort::whole},
    Field{"noScreenshot", Sort::flag},
    Field{"rumSettings", Sort::object}};
constexpr Shape kOptions{"a test's options", kOptionFields};

constexpr std::array kAssertionFields = {Field{"type", Sort::text, Need::required}};
// Each of the sorts of assertions and steps has fields of its own.
constexpr Shape kAssertion{"an assertion of a test", kAssertionFields, Others::ignored};
constexpr std::array kStepFields = {Field{"name", Sort::text, Need::required}};
constexpr Shape kStep{"a step of a test", kStepFields, Others::ignored};
constexpr std::array kVariableFields = {Field{"name", Sort::text, Need::required},
                                        Field{"type", Sort::text, Need::required}};
constexpr Shape kVariable{"a variable of a test", kVariableFields, Others::ignored};

constexpr std::array kConfigFields = {
    Field{"request", Sort::object},
    Field{"assertions", Sort::list, Need::optional, {}, &kAssertion},
    Field{"configVariables", Sort::list, Need::optional, {}, &kVariable},
    Field{"variables", Sort::list, Need::optional, {}, &kVariable},
    Field{"steps", Sort::list, Need::optional, {}, &kStep},
    Field{"setCookie", Sort::text},
    Field{"variablesFromScript", Sort::text}};
constexpr Shape kConfig{"a test's config", kConfigFields};

// Both sorts, but for their type and where their steps stand.
constexpr std::array<Field, 10> test_fields(std::span<const std::string_view> type) {
  return {Field{"name", Sort::text, Need::required},
          Field{"type", Sort::text, Need::required, type},
          Field{"config", Sort::object, Need::required, {}, &kConfig},
          Field{"locations", Sort::texts, Need::required},
          Field{"options", Sort::object, Need::required, {}, &kOptions},
          Field{"message", Sort::text, Need::required},
          Field{"status", Sort::text, Need::optional, kStatuses},
          Field{"tags", Sort::texts},
          Field{"subtype", Sort::text, Need::optional, kSubtypes},
          Field{"steps", Sort::list, Need::optional, {}, &kStep}};
}
constexpr auto kApiFields = test_fields(kApi);
constexpr Shape kApiTest{"an API test of Datadog", kApiFields};
constexpr auto kBrowserFields = test_fields(kBrowser);
constexpr Shape kBrowserTest{"a browser test of Datadog", kBrowserFields};

constexpr std::string_view kLocations = "locations";
constexpr std::string_view kTick = "tick_every";
constexpr std::int64_t kShortestTick = 30;  // seconds
constexpr std::int64_t kLongestTick = 604'800;

void need_some(const Json& object, std::string_view field, const Place& place,
               std::string_view what, Found& found) {
  if (!object.is_object() || !list_at(object, field).empty()) return;
  found.mistakes.add(format("{}: found no {}, which {} needs", place.str(), field, what));
}

void check_both(const Json& body, const Place& place, Found& found) {
  if (!body.is_object()) return;
  if (body.contains(kLocations)) need_some(body, kLocations, place, "a test", found);
  const Json& options = object_at(body, "options");
  const auto tick = options.find(kTick);
  if (tick == options.end() || !tick->is_number_integer()) return;
  const double seconds = tick->get<double>();
  if (seconds >= kShortestTick && seconds <= kLongestTick) return;
  found.mistakes.add(format("{}: found {}, expected {} to {} seconds",
                            place.of("options").of(kTick).str(), release::described(*tick),
                            kShortestTick, kLongestTick));
}

}  // namespace

void check_api_test(const Json& body, const Place& place, Found& found) {
  check_shape(body, kApiTest, place, found);
  check_both(body, place, found);
  const Json& config = object_at(body, "config");
  if (!body.is_object() || config.empty()) return;
  if (text_at(body, "subtype") == "multi") {
    need_some(config, "steps", place.of("config"), "a test of several steps", found);
    return;
  }
  need_some(config, "assertions", place.of("config"), "an API test", found);
  if (object_at(config, "request").empty()) {
    found.mistakes.add(
        format("{}: found no request, which an API test needs", place.of("config").str()));
  }
}

void check_browser_test(const Json& body, const Place& place, Found& found) {
  check_shape(body, kBrowserTest, place, found);
  check_both(body, place, found);
  if (!body.is_object()) return;
  need_some(body, "steps", place, "a browser test", found);
  if (object_at(object_at(body, "config"), "request").empty()) {
    found.mistakes.add(
        format("{}: found no request, which a browser test needs", place.of("config").str()));
  }
}

}  // namespace sealift::observability
