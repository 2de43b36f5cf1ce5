// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/site.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "release/site_file/fence_entry.hpp"
#include "release/site_file/kept_things.hpp"
#include "release/site_file/target.hpp"
#include "release/text/schema.hpp"
#include "release/text/yaml.hpp"
#include "release/values/value_names.hpp"
#include "signing/age.hpp"

namespace sealift::release {

namespace {

DatabaseEntry read_database(const Json& value) {
  return {.driver = value["driver"],
          .path = value.contains("path") ? normalised(value["path"]) : "",
          .url = value.value("url", ""),
          .tools = value.value("tools", std::vector<std::string>{}),
          .password_file = value.value("password_file", ""),
          .lock_timeout = value.value("lock_timeout", 5U),
          .lock_attempts = value.value("lock_attempts", 5U),
          .statement_timeout = value.value("statement_timeout", 0U),
          .backup = value.contains("backup")
                        ? std::optional(BackupTool{.create = value["backup"]["create"],
                                                   .verify = value["backup"]["verify"],
                                                   .restore = value["backup"]["restore"]})
                        : std::nullopt};
}

// What is wrong with a database's lines; empty: nothing.
std::string mistake_in(const DatabaseEntry& database) {
  const bool is_sqlite = database.driver == "sqlite";
  if (is_sqlite && database.path.empty()) return "found no path, which sqlite needs";
  if (!is_sqlite && database.url.empty()) return "found no url, which postgresql needs";
  if (is_sqlite &&
      (!database.url.empty() || !database.tools.empty() || !database.password_file.empty())) {
    return "found url, tools or password_file, which sqlite does not have";
  }
  if (!is_sqlite && !database.path.empty()) return "found a path, which postgresql does not have";
  if (is_sqlite) return "";
  // Between "//" and "@" stand a user and, behind a colon, a password.
  const std::size_t begin = database.url.find("//") + 2;
  const std::size_t at = database.url.find('@', begin);
  const std::size_t slash = std::min(database.url.find('/', begin), database.url.size());
  const std::string user = at < slash ? database.url.substr(begin, at - begin) : std::string();
  if (user.find(':') != user.npos || database.url.find("password=") != std::string::npos) {
    return "found a password in url, which every user of this host could read while we work; put "
           "it into a password_file";
  }
  const std::size_t end = std::min(database.url.find('?'), database.url.size());
  const std::string name = slash < end ? database.url.substr(slash + 1, end - slash - 1) : "";
  const auto is_plain = [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; };
  if (name.empty() || name.size() > 40 || !std::all_of(name.begin(), name.end(), is_plain)) {
    return "found no name of a database in url, or one of over 40 characters or with others than "
           "letters, digits, _ and -";
  }
  return "";
}

// Where it says both reload and restart, or neither, the command is left empty.
Service read_service(const Json& value) {
  Service service{.check = value.value("check", std::vector<std::string>{}),
                  .verb = value.contains("reload") ? "reload" : "restart",
                  .command = {},
                  .timeout = value.value("timeout", 60U),
                  .secrets = value.value("secrets", std::vector<std::string>{})};
  if (value.contains("reload") != value.contains("restart")) {
    service.command = value[service.verb].get<std::vector<std::string>>();
  }
  return service;
}

TlsEntry read_tls(const Json& value) {
  return {.certificate = normalised(value["certificate"]),
          .key = normalised(value["key"]),
          .ca = value.contains("ca") ? normalised(value["ca"]) : "",
          .hosts = value.value("hosts", std::vector<std::string>{}),
          .warn_days = value.value("warn_days", 30U)};
}

// Reads a mapping of names to `each`, which adds to `mistakes` what it has to say against one.
template <typename Entry>
void read_named(const YamlDocument& document, const std::string& key, Entry (*read)(const Json&),
                std::string (*mistake_in)(const std::string& name, const Entry& entry),
                std::map<std::string, Entry>& into, std::vector<Mistake>& mistakes) {
  const Json entries = document.value().value(key, Json::object());
  for (const auto& [name, value] : entries.items()) {
    const std::string pointer = format("/{}/{}", key, name);
    Entry entry = read(value);
    if (std::string mistake = mistake_in(name, entry); !mistake.empty()) {
      mistakes.push_back(
          {document.line_of(pointer), {format("{}: {}", document.where(pointer), mistake), {}}});
    }
    into.emplace(name, std::move(entry));
  }
}

std::string mistake_in_service(const std::string& name, const Service& service) {
  if (service.command.empty()) return "found both reload and restart or none, expected one";
  try {
    check_name(name);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

std::string mistake_in_tls(const std::string& name, const TlsEntry& entry) {
  if (!is_value_name(name)) {
    return format("found the name \"{}\", expected letters, digits and _", printable(name, 80));
  }
  // Templates write the paths into configurations of others: nothing there may need quoting.
  for (const std::string* path : {&entry.certificate, &entry.key, &entry.ca}) {
    if (path->empty()) continue;
    const bool is_plain = std::all_of(path->begin(), path->end(), [](char c) {
      return is_letter_or_digit(c) || std::string_view("/._-+@").find(c) != std::string_view::npos;
    });
    if (!is_plain) {
      return format("found the path {}, expected one of letters, digits and / . _ - + @",
                    printable(*path, 200));
    }
  }
  return "";
}

// Which files of the site hold secrets, and that none of them is in clear here as well.
void read_secrets(const YamlDocument& document, Site& site, std::vector<Mistake>& mistakes) {
  const auto refuse = [&](const std::string& pointer, const std::string& found) {
    mistakes.push_back(
        {document.line_of(pointer), {format("{}: {}", document.where(pointer), found), {}}});
  };
  const Json secrets = document.value().value("secrets", Json::object());
  for (const auto& [key, value] : secrets.items()) {
    const std::string pointer = "/secrets/" + key;
    if (!is_value_name(key)) refuse(pointer, "found no name of a value");
    if (site.values.contains(key)) refuse(pointer, "is in clear in values as well");
    site.secrets[key] = value["file"];
  }
  const auto check_names = [&](const std::vector<std::string>& keys, const std::string& pointer) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!is_value_name(keys[i])) refuse(format("{}/{}", pointer, i), "found no name of a value");
    }
  };
  if (site.fence) check_names(site.fence->secrets, "/fence/secrets");
  for (const auto& [name, service] : site.services) {
    check_names(service.secrets, format("/services/{}/secrets", name));
  }
}

std::optional<Allow> read_allow(const Json& root) {
  const auto listed = root.find("allow");
  if (listed == root.end()) return std::nullopt;
  Allow allow;
  for (const Reach reach : kReaches) {
    allow[reach] = listed->value(name(reach), std::vector<std::string>{});
  }
  return allow;
}

void read_windows(const YamlDocument& document, Site& site, std::vector<Mistake>& mistakes) {
  const Json windows = document.value().value("windows", Json::array());
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const std::string pointer = format("/windows/{}", i);
    try {
      site.windows.push_back(Window::parse(windows[i].get<std::string>()));
    } catch (const Error& error) {
      mistakes.push_back(
          {document.line_of(pointer),
           {format("{}: {}", document.where(pointer), error.message()), error.hint()}});
    }
  }
}

// What stands in the file by itself, and needs no rule beyond the schema.
Site read_plain(const Json& root) {
  Site site{.release = root["release"],
            .environment = root["environment"],
            .targets = {},
            .databases = {},
            .fence = {},
            .encrypt_to = {},
            .values = root.value("values", Values{}),
            .optional = root.value("optional", std::vector<std::string>{}),
            .keep_releases = root.value("/retention/releases"_json_pointer, 3U),
            .keep_backups = read_rule(root.value("retention", Json::object()),
                                      {"backups", "backup_days", "backup_gib"}, 5U),
            .policy = {}};
  if (const auto policy = root.find("policy"); policy != root.end()) {
    site.policy.required = policy->value("require", std::vector<std::string>{});
    site.policy.threshold = policy->value("approvals", 0U);
    if (policy->contains("max_age_days")) site.policy.max_age_days = (*policy)["max_age_days"];
  }
  if (const auto fence = root.find("fence"); fence != root.end()) site.fence = read_fence(*fence);
  if (const auto health = root.find("health"); health != root.end()) {
    site.health_ca = health->value("ca", "");
  }
  if (const auto backups = root.find("backups"); backups != root.end()) {
    if (const auto whom = backups->find("encrypt_to"); whom != backups->end()) {
      site.encrypt_to = whom->get<std::vector<std::string>>();
    }
    for (const Json& each : backups->value("copies", Json::array())) {
      site.copies.push_back(read_copy(each));
    }
  }
  if (const auto exports = root.find("exports"); exports != root.end()) {
    site.exports = read_exports(*exports);
  }
  site.allow = read_allow(root);
  return site;
}

// A backup that nobody can open is found on the day it is needed, so that a mistyped recipient is
// refused when the file is read.
void check_recipients(const YamlDocument& document, const Site& site,
                      std::vector<Mistake>& mistakes) {
  const auto check = [&](const std::string& recipient, const std::string& pointer) {
    try {
      signing::AgeRecipient::parse(recipient);
    } catch (const Error& error) {
      mistakes.push_back({document.line_of(pointer),
                          {format("{}: {}", document.where(pointer), error.message()), {}}});
    }
  };
  for (std::size_t i = 0; site.encrypt_to && i < site.encrypt_to->size(); ++i) {
    check((*site.encrypt_to)[i], format("/backups/encrypt_to/{}", i));
  }
  if (site.exports) check(site.exports->recovery, "/exports/recovery");
}

void read_databases(const YamlDocument& document, Site& site, std::vector<Mistake>& mistakes) {
  for (const auto& [name, value] : object_at(document.value(), "databases").items()) {
    const std::string pointer = "/databases/" + name;
    DatabaseEntry database = read_database(value);
    std::string mistake = mistake_in(database);
    try {
      check_name(name);
      if (!database.path.empty()) RelPath::parse(std::string_view(database.path).substr(1));
    } catch (const Error& error) {
      mistake = error.message();
    }
    if (!mistake.empty()) {
      mistakes.push_back(
          {document.line_of(pointer), {format("{}: {}", document.where(pointer), mistake), {}}});
    }
    site.databases.emplace(name, std::move(database));
  }
}

Site read(const YamlDocument& document) {
  std::vector<Mistake> of_form = check_schema(document, "site.schema.json");
  check_value_names(document, of_form);
  throw_mistakes(std::move(of_form));

  Site site = read_plain(document.value());
  for (const auto& [key, unused] : site.values) {
    site.places[key] = document.where("/values/" + key);
  }
  std::vector<Mistake> mistakes;
  check_recipients(document, site, mistakes);
  for (const CopyMistake& each : copy_mistakes(site.copies)) {
    const std::string place = format("/backups/copies/{}", each.index);
    mistakes.push_back({document.line_of(place),
                        {format("{}: {}", document.where(place), each.found), kCopyForm}});
  }
  read_targets(document, site, mistakes);
  read_databases(document, site, mistakes);
  check_fence(document, site, mistakes);
  if (site.targets.empty() && site.databases.empty()) {
    mistakes.push_back({document.line_of(""),
                        {format("{}: found neither targets nor databases, expected one of them",
                                document.where("")),
                         "add where files go to targets, or a database to databases"}});
  }
  read_named<Service>(document, "services", read_service, mistake_in_service, site.services,
                      mistakes);
  read_named<TlsEntry>(document, "tls", read_tls, mistake_in_tls, site.tls, mistakes);
  read_secrets(document, site, mistakes);
  read_windows(document, site, mistakes);
  site.notify = read_notify(document, mistakes);
  site.metrics_file = document.value().value("/metrics/file"_json_pointer, std::string());
  site.dogstatsd = document.value().value("/metrics/dogstatsd"_json_pointer, std::string());
  throw_mistakes(std::move(mistakes));
  return site;
}

}  // namespace

bool Site::takes(const std::string& optional_component) const {
  return std::find(optional.begin(), optional.end(), optional_component) != optional.end();
}

Site parse_site(std::string_view text, const std::string& name) {
  return read(YamlDocument::parse(text, name));
}

Site load_site(const fs::path& file) {
  return read(YamlDocument::load(file));
}

}  // namespace sealift::release
