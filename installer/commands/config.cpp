// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "bundle/report.hpp"
#include "installer/commands/commands.hpp"
#include "installer/content/given_bundle.hpp"
#include "installer/content/site_values.hpp"
#include "installer/records/overrides.hpp"
#include "installer/session/changing.hpp"
#include "release/templates/references.hpp"
#include "release/text/schema.hpp"
#include "release/text/semver.hpp"

namespace sealift::installer {

namespace {

struct TodoOptions {
  std::string bundle;
  TrustOptions trust;
};

struct ShowOptions {
  std::string key;
  std::string bundle;
  TrustOptions trust;
};

// Something that a site must do about one key.
struct Todo {
  std::string kind;  // "missing", "wrong", "unknown"
  release::Breach breach;
};

// As `plan` judges a bundle.
bundle::Contents verified(const std::string& bundle, const TrustOptions& options,
                          const SiteWork& work, cli::Session& session) {
  const bundle::Trust trust = work.tools().trust(options.expiry());
  const bundle::VerifiedBundle verified =
      verify_given(work.installation().layout, {bundle}, trust, session.progress);
  check_requirements(verified.contents(), work.installation(), work.state(), options.floor());
  return verified.contents();
}

// Of a release without a contract: what its environment leaves open, and what it does not have.
std::vector<release::Breach> unlisted(const release::Values& environment,
                                      const release::Values& site) {
  std::vector<release::Breach> found;
  for (const auto& [key, value] : environment) {
    if (value.is_null() && !site.contains(key)) {
      found.push_back({key, "is not set", format("add {} to values in site.yaml", key)});
    }
  }
  for (const auto& [key, unused] : site) {
    if (!environment.contains(key)) {
      found.push_back({key, "is used by nothing in this release", "remove it from site.yaml"});
    }
  }
  return found;
}

std::vector<Todo> todo_list(const release::ReleaseDocument& document, const release::Site& site) {
  const release::Values& environment = document.environments.at(site.environment);
  const release::Settings settings =
      release::merge(document.contract, environment, site.values, {});
  std::vector<release::Breach> breaches =
      release::breaches(document.contract, settings, secrets_given(document, site));
  if (document.contract.empty()) breaches = unlisted(environment, site.values);
  std::vector<Todo> todo;
  for (release::Breach& breach : breaches) {
    const auto setting = settings.find(breach.key);
    const bool is_known = document.contract.empty() ? environment.contains(breach.key)
                                                    : document.contract.find(breach.key) != nullptr;
    const bool is_open = setting == settings.end() || setting->second.value.is_null();
    todo.push_back({!is_known ? "unknown" : is_open ? "missing" : "wrong", std::move(breach)});
  }
  return todo;
}

// Keys that came after the release that stands.
std::vector<std::string> new_keys(const release::Contract& contract, const Revision* now) {
  std::vector<std::string> names;
  if (now == nullptr || !now->digest) return names;
  const release::Version version = release::Version::parse(now->version);
  for (const auto& [name, key] : contract.keys()) {
    if (!key.since.empty() && release::Version::parse(key.since) > version) names.push_back(name);
  }
  return names;
}

// A line for site.yaml; what stands behind the colon is only of the right form.
std::string example_of(const std::string& name, const release::Key& key) {
  Json value = key.type == "integer" ? Json(1) : key.type == "boolean" ? Json(true) : Json("...");
  if (key.type == "list") value = Json::array({key.choices.empty() ? value : key.choices.front()});
  if (key.type != "list" && !key.choices.empty()) value = key.choices.front();
  return format("{}: {}", name, value.dump());
}

Json to_json(const Todo& item, const release::Key* key) {
  Json value = {{"kind", item.kind},
                {"key", item.breach.key},
                {"found", item.breach.found},
                {"hint", item.breach.hint}};
  if (key == nullptr) return value;
  value["type"] = key->type;
  value["secret"] = key->secret;
  value["means"] = key->meaning;
  if (!key->since.empty()) value["since"] = key->since;
  if (!key->secret) value["example"] = example_of(item.breach.key, *key);
  return value;
}

void show_item(const Todo& item, const release::Key* key, cli::Output& out) {
  out.line(printable(format("{:<8} {}: {}", item.kind, item.breach.key, item.breach.found), 2048));
  if (key == nullptr) {
    out.line(printable(format("         {}", item.breach.hint), 2048));
    return;
  }
  out.line(printable(format("         {}{}", key->meaning,
                            key->since.empty() ? "" : format(" (since {})", key->since)),
                     8192));
  if (item.kind == "missing") {
    out.line(key->secret ? "         a secret: add it to secrets in site.yaml"
                         : printable(format("         in site.yaml, below values:  {}",
                                            example_of(item.breach.key, *key)),
                                     2048));
  }
}

void todo(const TodoOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const bundle::Contents contents = verified(options.bundle, options.trust, work, session);
  const release::ReleaseDocument& document = contents.document;
  const State state = work.state();
  Json items = Json::array();
  for (const Todo& item : todo_list(document, work.installation().site)) {
    const release::Key* key = document.contract.find(item.breach.key);
    show_item(item, key, session.out);
    items.push_back(to_json(item, key));
  }
  Json fresh = Json::array();
  for (const std::string& name : new_keys(document.contract, state.current())) {
    const release::Key& key = *document.contract.find(name);
    session.out.line(
        printable(format("new      {}: {} (since {})", name, key.meaning, key.since), 8192));
    fresh.push_back({{"key", name}, {"since", key.since}, {"means", key.meaning}});
  }
  session.out.line(items.empty()
                       ? format("nothing to set before {} {}", document.name, document.version)
                       : format("{} before {} {}; look again with the same command",
                                cli::count_text(items.size(), "thing") + " to do", document.name,
                                document.version));
  if (!items.empty()) session.status = cli::kDiffers;
  session.out.json({{"release", document.name},
                    {"version", document.version},
                    {"todo", std::move(items)},
                    {"new", std::move(fresh)}});
}

// What a release is shown with.
struct Shown {
  release::ReleaseDocument document;
  std::string environment;
  release::Settings settings;
  std::map<std::string, std::string> secrets;  // key -> where its value comes from; empty: nowhere
  release::Values known;                       // values with what they refer to in place
};

// Where secrets come from, the site's own files first.
std::map<std::string, std::string> secrets_of(const release::ReleaseDocument& document,
                                              const std::string& environment,
                                              const release::Site& site) {
  std::map<std::string, std::string> secrets;
  for (const auto& [key, file] : site.secrets) secrets[key] = "site.yaml, a file of the site";
  for (const std::string& key : release::sealed_keys(document.sealed, environment)) {
    secrets.emplace(key, format("sealed for {}", environment));
  }
  for (const auto& [key, declared] : document.contract.keys()) {
    if (declared.secret) secrets.emplace(key, "");
  }
  return secrets;
}

Shown shown_of(const release::ReleaseDocument& document, const std::string& environment,
               const release::Site& site, const release::Values& set) {
  const auto values = document.environments.find(environment);
  if (values == document.environments.end()) {
    throw Error(Errc::incompatible,
                format("the release has no environment \"{}\"", printable(environment, 80)));
  }
  release::Settings settings = release::merge(document.contract, values->second, site.values, set);
  release::Values known = release::known_of(release::values_of(document.contract, settings));
  return {.document = document,
          .environment = environment,
          .settings = std::move(settings),
          .secrets = secrets_of(document, environment, site),
          .known = std::move(known)};
}

// The release that stands, with what it was applied with.
Shown standing(const SiteWork& work) {
  const Layout& layout = work.installation().layout;
  const State state = work.state();
  const Revision* now = state.current();
  if (now == nullptr || now->bundle.empty()) {
    throw Error(Errc::usage, "no release stands on this site",
                "name a bundle: sealift-installer config show --bundle BUNDLE");
  }
  const fs::path file = layout.store() / now->bundle;
  const Fd fd = open_for_reading(file);
  const bundle::Contents contents =
      bundle::read_documents(fd.get(), file.string(), work.tools().workers);
  if (contents.digest() != *now->digest) {
    throw Error(Errc::corrupt, format("{}: holds the release {}, expected {}", file.string(),
                                      contents.digest().str(), now->digest->str()));
  }
  const fs::path kept =
      layout.revisions() / std::to_string(now->restores.value_or(now->number)) / "site.yaml";
  const release::Site site =
      release::parse_site(read_file(kept, release::kMaxYamlBytes), kept.string());
  if (site.values != work.installation().site.values) {
    log::warning("values in site.yaml have changed since; these are the ones that were applied");
  }
  return shown_of(contents.document, now->environment, site, kept_overrides(layout, *now));
}

std::string value_text(const Shown& shown, const std::string& name) {
  if (const auto secret = shown.secrets.find(name); secret != shown.secrets.end()) {
    return secret->second.empty() ? "(not set)" : "(secret)";
  }
  const auto setting = shown.settings.find(name);
  if (setting == shown.settings.end()) return "(not set)";
  if (setting->second.value.is_null()) return "(each site)";
  return printable(release::scalar_text(setting->second.value), 4096);
}

std::string source_text(const Shown& shown, const std::string& name) {
  if (const auto secret = shown.secrets.find(name); secret != shown.secrets.end()) {
    return secret->second.empty() ? "-" : secret->second;
  }
  const auto setting = shown.settings.find(name);
  if (setting == shown.settings.end()) return "-";
  const release::Origin source = setting->second.source;
  return source == release::Origin::environment ? format("environment {}", shown.environment)
                                                : std::string(release::name(source));
}

// What a value that refers to others becomes; null where it refers to none, or that is not known.
const Json* becomes_of(const Shown& shown, const std::string& name) {
  const auto setting = shown.settings.find(name);
  const auto known = shown.known.find(name);
  if (setting == shown.settings.end() || known == shown.known.end()) return nullptr;
  return known->second == setting->second.value ? nullptr : &known->second;
}

Json value_json(const Shown& shown, const std::string& name) {
  const auto secret = shown.secrets.find(name);
  const bool is_secret = secret != shown.secrets.end();
  Json value = {{"key", name}, {"secret", is_secret}};
  if (is_secret && !secret->second.empty()) value["source"] = secret->second;
  if (const auto setting = shown.settings.find(name);
      !is_secret && setting != shown.settings.end()) {
    value["source"] = release::name(setting->second.source);
    value["value"] = setting->second.value;
    if (const Json* becomes = becomes_of(shown, name)) value["becomes"] = *becomes;
  }
  if (const release::Key* key = shown.document.contract.find(name)) {
    value["type"] = key->type;
    value["required"] = key->required;
    value["means"] = key->meaning;
    if (!key->since.empty()) value["since"] = key->since;
  }
  return value;
}

std::vector<std::string> names_of(const Shown& shown) {
  std::set<std::string> names;
  for (const auto& [name, unused] : shown.document.contract.keys()) names.insert(name);
  for (const auto& [name, unused] : shown.settings) names.insert(name);
  for (const auto& [name, unused] : shown.secrets) names.insert(name);
  return {names.begin(), names.end()};
}

void show_one(const Shown& shown, const std::string& name, cli::Session& session) {
  cli::Output& out = session.out;
  out.line(format("key      {}", name));
  out.line(format("value    {}", value_text(shown, name)));
  if (const Json* becomes = becomes_of(shown, name)) {
    out.line(format("becomes  {}", printable(release::scalar_text(*becomes), 4096)));
  }
  out.line(format("source   {}", source_text(shown, name)));
  if (const release::Key* key = shown.document.contract.find(name)) {
    out.line(format("type     {}{}", key->type, key->required ? ", required" : ""));
    if (!key->secret) out.line(format("allowed  {}", key->expected()));
    if (!key->since.empty()) out.line(format("since    {}", printable(key->since, 128)));
    out.line(format("means    {}", printable(key->meaning, 4096)));
  }
  out.json(value_json(shown, name));
}

void show(const ShowOptions& options, const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const release::Site& own = work.installation().site;
  const Shown shown =
      options.bundle.empty()
          ? standing(work)
          : shown_of(verified(options.bundle, options.trust, work, session).document,
                     own.environment, own, {});
  const std::vector<std::string> names = names_of(shown);
  if (!options.key.empty()) {
    if (std::find(names.begin(), names.end(), options.key) == names.end()) {
      const std::string near = nearest(options.key, names);
      throw Error(Errc::usage,
                  format("{} {} has no key \"{}\"", shown.document.name, shown.document.version,
                         printable(options.key, 80)),
                  near.empty() ? "" : format("did you mean \"{}\"?", near));
    }
    show_one(shown, options.key, session);
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"KEY", "VALUE", "SOURCE", "MEANING"}};
  Json values = Json::array();
  for (const std::string& name : names) {
    const release::Key* key = shown.document.contract.find(name);
    rows.push_back({name, value_text(shown, name), source_text(shown, name),
                    key == nullptr ? "" : printable(key->meaning, 4096)});
    values.push_back(value_json(shown, name));
  }
  session.out.table(rows);
  session.out.json({{"release", shown.document.name},
                    {"version", shown.document.version},
                    {"environment", shown.environment},
                    {"values", std::move(values)}});
}

}  // namespace

void add_config(cli::Command& program, const std::string& site) {
  cli::Command config = program.sub("config", "show the values of this site, and what must be set");
  config.example("sealift-installer config show", "every value and where it comes from")
      .fails_with({});
  auto& asking = cli::make_options<TodoOptions>();
  cli::Command todo_command =
      config.sub("todo", "show what this site must set before a release; changes nothing");
  add_expiry_option(todo_command, asking.trust);
  add_floor_option(todo_command, asking.trust);
  todo_command.argument("BUNDLE", asking.bundle, "the bundle file", cli::Presence::required)
      .example("sealift-installer config todo shop-1.1.0.bundle.tar.zst",
               "exit with 20 where something is missing")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io},
          {{"20", "there is something to do"}})
      .runs([&](cli::Session& session) { todo(asking, site, session); });
  auto& showing = cli::make_options<ShowOptions>();
  cli::Command show_command = config.sub(
      "show", "show each value with its source: default, environment, site.yaml or --set");
  add_expiry_option(show_command, showing.trust);
  add_floor_option(show_command, showing.trust);
  show_command.argument("KEY", showing.key, "only this key", cli::Presence::optional)
      .option("--bundle", showing.bundle, "BUNDLE",
              "as this bundle would have it (default: the installed release)")
      .example("sealift-installer config show PORT", "one value")
      .example("sealift-installer config show --bundle shop-1.1.0.bundle.tar.zst",
               "as another release would have it")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::corrupt, Errc::incompatible, Errc::io})
      .runs([&](cli::Session& session) { show(showing, site, session); });
}

}  // namespace sealift::installer
