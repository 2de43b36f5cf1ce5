// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/operations/adopt.hpp"
#include "installer/records/state.hpp"
#include "installer/session/changing.hpp"
#include "installer/site/card.hpp"
#include "installer/site/site_access.hpp"
#include "installer/site/site_key.hpp"
#include "release/documents/persist.hpp"
#include "release/site_file/registration_card.hpp"
#include "release/text/yaml.hpp"

namespace sealift::installer {

namespace {

struct InitOptions {
  std::string from;
  std::string release;
  std::string environment;
  std::vector<std::string> targets;
  std::vector<std::string> take;
  std::vector<std::string> databases;
  std::vector<std::string> values;
  std::vector<std::string> persist;
  bool adopt = false;
};

std::pair<std::string, std::string> split(const std::string& option, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Error(Errc::usage, format("{} \"{}\", expected NAME=VALUE", option, text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// A quoted scalar: JSON's is YAML's.
std::string quoted(const std::string& text) {
  return to_canonical(Json(text));
}

std::string compose_site(const InitOptions& options) {
  if (options.release.empty() || options.environment.empty() ||
      (options.targets.empty() && options.databases.empty())) {
    throw Error(Errc::usage,
                "a site needs --release, --environment and at least one --target or --database",
                "or give a prepared file with --from site.yaml");
  }
  std::string text = format(
      "# What this site takes and where it goes. See: sealift-installer plan BUNDLE\n"
      "schema: 1\nrelease: {}\nenvironment: {}\n",
      quoted(options.release), quoted(options.environment));
  if (!options.targets.empty()) text += "targets:\n";
  for (const std::string& target : options.targets) {
    const auto [name, path] = split("--target", target);
    text += format("  {}: {{driver: directory, path: {}}}\n", quoted(name),
                   quoted(absolute_path(path).string()));
  }
  if (!options.take.empty()) text += format("optional: {}\n", to_canonical(Json(options.take)));
  if (!options.databases.empty()) text += "databases:\n";
  for (const std::string& database : options.databases) {
    const auto [name, place] = split("--database", database);
    const bool is_url = place.find("://") != place.npos;
    text += format("  {}: {{driver: {}, {}: {}}}\n", quoted(name), is_url ? "postgresql" : "sqlite",
                   is_url ? "url" : "path", quoted(is_url ? place : absolute_path(place).string()));
  }
  if (!options.values.empty()) text += "values:\n";
  for (const std::string& value : options.values) {
    const auto [name, content] = split("--value", value);
    text += format("  {}: {}\n", quoted(name), quoted(content));
  }
  return text + "retention: {releases: 3}\n";
}

AdoptedData data_to_adopt(const InitOptions& options) {
  if (!options.persist.empty() && !options.adopt) {
    throw Error(Errc::usage,
                "--persist names data that --adopt takes over, and there is no --adopt");
  }
  AdoptedData data;
  for (const std::string& each : options.persist) {
    const auto [target, folder] = split("--persist", each);
    data[target].push_back(folder);
  }
  for (const auto& [target, folders] : data) {
    for (const release::PersistMistake& mistake : release::persist_mistakes(folders)) {
      throw Error(Errc::usage, format("--persist {}={}: {}", target,
                                      printable(folders[mistake.index]), mistake.found));
    }
  }
  return data;
}

// An operator may have written site.yaml before: then it is taken as it is.
std::string site_text(const InitOptions& options, const Layout& layout) {
  if (!options.from.empty()) return read_file(options.from, release::kMaxYamlBytes);
  if (options.release.empty() && path_exists(layout.site_yaml)) {
    return read_file(layout.site_yaml, release::kMaxYamlBytes);
  }
  return compose_site(options);
}

void refuse_used_targets(const release::Site& site) {
  Problems problems;
  for (const auto& [name, target] : site.targets) {
    if (!path_exists(target.path)) continue;
    if (is_empty_dir(target.path)) continue;
    problems.add(format("target {}: {} is not empty", name, target.path),
                 "give --adopt to record its files as release 0, or another path");
  }
  problems.throw_if_any(Errc::incompatible);
}

void show(const Card& card, const release::Site& site, const Layout& layout,
          cli::Session& session) {
  session.out.line("registration card of this site, for the release owner:");
  session.out.line(format("  site         {}", card.id));
  session.out.line(format("  release      {}", site.release));
  session.out.line(format("  environment  {}", site.environment));
  session.out.line(format("  key          {}", card.key));
  session.out.line(format("  recipient    {}", card.recipient));
  session.out.line(format("settings       {}", layout.site_yaml.string()));
  session.out.line(format("state          {}", layout.state.string()));
}

Json to_json(const Card& card, const release::Site& site) {
  return release::to_json({.site = card.id,
                           .release = site.release,
                           .environment = site.environment,
                           .key = card.key,
                           .recipient = card.recipient});
}

// A site that is there already is left alone, but for keys that it has lost.
void renew_keys(const Layout& layout, cli::Session& session) {
  if (has_site_key(layout) && path_exists(layout.age_identity())) {
    throw Error(Errc::invalid_input, format("{}: a site is here already", layout.state.string()),
                "look at it with: sealift-installer status; make another with: --site DIR");
  }
  const release::Site site = open_installation(layout).site;
  Card card = read_card(layout);
  make_site(layout, session.clock, card);
  AuditLog(layout.audit(), session.clock)
      .append("keys", {{"key", card.key}, {"recipient", card.recipient}});
  session.out.line("the keys that this site had lost were made again");
  show(card, site, layout, session);
  session.out.json(to_json(card, site));
}

// A site.yaml that is there already, an operator's or that of an init that was cut off, is never
// written over.
void refuse_another_site_yaml(const std::string& text, const Layout& layout) {
  if (!path_exists(layout.site_yaml)) return;
  if (read_file(layout.site_yaml, release::kMaxYamlBytes) == text) return;
  throw Error(
      Errc::invalid_input,
      format("{}: is here already, and differs from what was given", layout.site_yaml.string()),
      "to take it as it is, leave --from and --release out; else move it away");
}

// An init --adopt that failed is done again, with the identity that was made then.
Card card_of(const Layout& layout, const Clock& clock) {
  if (path_exists(layout.identity())) return read_card(layout);
  return new_card(clock);
}

bool has_release(const Layout& layout, const Clock& clock) {
  return load_state(layout, clock).current() != nullptr;
}

void run_init(const InitOptions& options, const std::string& site_folder, cli::Session& session) {
  const Layout layout = Layout::choose(site_folder);
  refuse_lost_identity(layout);
  const AdoptedData data = data_to_adopt(options);
  const bool is_there = path_exists(layout.identity());
  if (is_there && (!options.adopt || has_release(layout, session.clock))) {
    renew_keys(layout, session);
    return;
  }
  refuse_other_writers(layout);
  const std::string text = site_text(options, layout);
  const release::Site site = release::parse_site(text, layout.site_yaml.string());
  refuse_another_site_yaml(text, layout);
  if (options.adopt) {
    Workers workers(usable_cores());
    check_adoptable(layout, site, data, workers);
  } else {
    refuse_used_targets(site);
  }

  make_dirs(layout.site_yaml.parent_path());
  make_dirs(layout.state, 0700);
  restore_folders(layout);
  remove_unfinished_files(layout);
  make_dirs(layout.journal());
  if (!path_exists(layout.site_yaml)) write_file(layout.site_yaml, text);
  Card card = card_of(layout, session.clock);
  make_site(layout, session.clock, card);

  show(card, site, layout, session);
  if (options.adopt) {
    SiteWork site_work(session, site_folder);
    site_work.lock_and_settle("init", {});
    adopt(site_work.tools(), data);
    session.out.line("adopted        the files on the targets are release 0");
  }
  session.out.line("next: sealift-installer trust init ROOT --fingerprint HEX");
  Json value = to_json(card, site);
  value["adopted"] = options.adopt;
  session.out.json(value);
}

}  // namespace

void add_init(cli::Command& program, const std::string& site) {
  auto& options = cli::make_options<InitOptions>();
  program.sub("init", "make a site: identity, state folder and site.yaml")
      .option("--from", options.from, "FILE", "a site.yaml that was prepared")
      .option("--release", options.release, "NAME", "the release that this site takes")
      .option("--environment", options.environment, "NAME", "such as production")
      .options("--target", options.targets, "NAME=PATH", "where a target's files go")
      .options("--database", options.databases, "NAME=PLACE",
               "a database: a file of SQLite, or a URL of PostgreSQL")
      .options("--take", options.take, "NAME", "an optional component that this site takes")
      .options("--value", options.values, "NAME=TEXT", "a configuration value of this site")
      .flag("--adopt", options.adopt, "record the files on the targets as release 0")
      .options(
          "--persist", options.persist, "TARGET=FOLDER",
          "with --adopt: a folder of data there that releases share, which is moved to shared/")
      .example("sealift-installer init --release shop --environment test --target web=/srv",
               "write site.yaml with one target")
      .example("sealift-installer init --from prepared.yaml --adopt",
               "take files that were installed by hand as release 0")
      .fails_with(
          {Errc::invalid_input, Errc::untrusted, Errc::incompatible, Errc::io, Errc::target_failed})
      .runs([&](cli::Session& session) { run_init(options, site, session); });
}

}  // namespace sealift::installer
