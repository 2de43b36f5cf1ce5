// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/notify.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/format.hpp"
#include "release/site_file/datadog_target.hpp"

namespace sealift::release {

namespace {

constexpr std::array kMeans = {
    std::pair{Means::file, "file"},       std::pair{Means::webhook, "webhook"},
    std::pair{Means::slack, "slack"},     std::pair{Means::mail, "mail"},
    std::pair{Means::syslog, "syslog"},   std::pair{Means::exec, "exec"},
    std::pair{Means::datadog, "datadog"}, std::pair{Means::sentry, "sentry"}};

constexpr std::array<std::string_view, 2> kDeployments = {"applied", "rolled_back"};

constexpr const char* kDatadogSite = "datadoghq.com";
constexpr const char* kSentry = "https://sentry.io";

// For who says nothing else: what has changed, and what is wrong.
std::vector<std::string> usual_events() {
  return {"applied",        "rolled_back", "uninstalled", "failed",
          "needs_operator", "recovered",   "drift_found", "expiring"};
}

// The one that it has; nothing where it has none or several.
std::optional<Means> means_of(const Json& value) {
  std::optional<Means> found;
  for (const auto& [means, key] : kMeans) {
    if (!value.contains(key)) continue;
    if (found) return std::nullopt;
    found = means;
  }
  return found;
}

void read_datadog(const Json& value, Destination& to) {
  to.place = value.value("api", datadog_api(value.value("site", kDatadogSite)));
  to.service = value.value("service", "");
  to.tags = value.value("tags", std::vector<std::string>());
}

void read_sentry(const Json& value, Destination& to) {
  to.place = value.value("url", kSentry);
  to.organization = value["organization"];
  to.projects = value["projects"].get<std::vector<std::string>>();
}

Destination read_destination(const Json& value, Means means,
                             const std::vector<std::string>& of_all) {
  const std::string key(name(means));
  // Sentry knows of releases and where they run, and of nothing else that happens.
  const std::vector<std::string> usual =
      means == Means::sentry ? std::vector<std::string>(kDeployments.begin(), kDeployments.end())
                             : of_all;
  Destination to{.name = value.value("name", key),
                 .means = means,
                 .place = {},
                 .command = {},
                 .recipients = {},
                 .sender = {},
                 .service = {},
                 .tags = {},
                 .organization = {},
                 .projects = {},
                 .token_file = value.value("/token/file"_json_pointer, std::string()),
                 .token_secret = value.value("/token/secret"_json_pointer, std::string()),
                 .ca = value.value("ca", ""),
                 .on = value.value("on", usual)};
  if (means == Means::file || means == Means::webhook || means == Means::slack) {
    to.place = value[key];
  }
  if (means == Means::syslog) to.place = value[key].value("socket", "/dev/log");
  if (means == Means::exec) to.command = value[key].get<std::vector<std::string>>();
  if (means == Means::datadog) read_datadog(value[key], to);
  if (means == Means::sentry) read_sentry(value[key], to);
  if (means == Means::mail) {
    to.recipients = value[key]["to"].get<std::vector<std::string>>();
    to.sender = value[key].value("from", "");
    to.command =
        value[key].value("command", std::vector<std::string>{"/usr/sbin/sendmail", "-t", "-i"});
  }
  return to;
}

// What is wrong with a service that is told of deployments; empty: nothing.
std::string service_mistake_from_yaml(const Destination& to, const Json& value) {
  const Json& said = value[std::string(name(to.means))];
  if (!value.contains("token")) {
    return format("found {} without a token, expected token: {{file: PATH}} or {{secret: KEY}}",
                  name(to.means));
  }
  if (said.contains("site") && said.contains("api")) {
    return "datadog: found site and api, expected one of both";
  }
  const bool tells_others = !std::all_of(to.on.begin(), to.on.end(), is_deployment);
  if (to.means == Means::sentry && tells_others) {
    return "found other events in `on` of sentry, expected applied and rolled_back: it has "
           "releases "
           "and deploys, and no place for others";
  }
  return "";
}

// What is wrong with one by itself; empty: nothing.
std::string mistake_from_yaml(const Destination& to, const Json& value) {
  const bool is_service = to.means == Means::datadog || to.means == Means::sentry;
  const bool is_http = to.means == Means::webhook || to.means == Means::slack || is_service;
  const bool has_place = to.place.find(kTokenPlace) != std::string::npos;
  if (!is_http && (value.contains("token") || value.contains("ca"))) {
    return format("found token or ca, which {} does not have", name(to.means));
  }
  if (value.contains("token") && to.token_file.empty() == to.token_secret.empty()) {
    return "token: found file and secret, or neither, expected one of both";
  }
  if (is_service) {
    if (std::string found = service_mistake_from_yaml(to, value); !found.empty()) return found;
  }
  if (is_http && has_place && !value.contains("token")) {
    return "found {token} in the address and no token, expected token: {file: PATH}";
  }
  if (to.means == Means::slack && !has_place) {
    return "found no {token} in the address, expected such as "
           "https://hooks.slack.com/services/{token}: who has the whole address may write";
  }
  return "";
}

}  // namespace

std::string_view name(Means means) {
  return std::find_if(kMeans.begin(), kMeans.end(),
                      [&](const auto& each) { return each.first == means; })
      ->second;
}

bool is_deployment(std::string_view word) {
  return std::find(kDeployments.begin(), kDeployments.end(), word) != kDeployments.end();
}

bool Destination::takes(std::string_view word) const {
  return std::any_of(on.begin(), on.end(),
                     [&](const std::string& each) { return each == word || each == kEveryEvent; });
}

std::vector<Destination> read_notify(const YamlDocument& document, std::vector<Mistake>& mistakes) {
  std::vector<Destination> all;
  const Json& notify = object_at(document.value(), "notify");
  const std::vector<std::string> usual = notify.value("on", usual_events());
  std::set<std::string> names;
  const Json& list = list_at(notify, "to");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = format("/notify/to/{}", i);
    const auto refuse = [&](const std::string& found) {
      mistakes.push_back(
          {document.line_of(place), {format("{}: {}", document.where(place), found), {}}});
    };
    const std::optional<Means> means = means_of(list[i]);
    if (!means) {
      refuse(
          "found none or several of file, webhook, slack, mail, syslog, exec, datadog and sentry, "
          "expected one");
      continue;
    }
    Destination to = read_destination(list[i], *means, usual);
    if (const std::string found = mistake_from_yaml(to, list[i]); !found.empty()) refuse(found);
    if (!names.insert(to.name).second) {
      refuse(format("found the name {} twice, expected each once: give one a name", to.name));
    }
    all.push_back(std::move(to));
  }
  return all;
}

std::vector<Destination> load_notify(const fs::path& file) {
  const YamlDocument document = YamlDocument::load(file);
  throw_mistakes(check_schema(document, "notify.schema.json"));
  std::vector<Mistake> mistakes;
  std::vector<Destination> all = read_notify(document, mistakes);
  throw_mistakes(std::move(mistakes));
  return all;
}

}  // namespace sealift::release
