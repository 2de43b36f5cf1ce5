// SPDX-License-Identifier: Apache-2.0
// Source maps of a release to Sentry, from CI: sites have no network, and no maps.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/sha1.hpp"
#include "base/text.hpp"
#include "builder/commands/commands.hpp"
#include "builder/sentry/sentry_upload.hpp"
#include "builder/signing_desk/secret_input.hpp"

namespace sealift::builder {

namespace {

constexpr const char* kToken = "SENTRY_AUTH_TOKEN";
constexpr const char* kAssets = "assets";

struct SentryOptions {
  std::string file = "release.yaml";
  std::vector<std::string> components;
  std::string organization;
  std::vector<std::string> projects;
  std::string url;
  std::string prefix = "~/";
  std::string dist;
  std::string token_file;
  std::string ca;
  bool dry_run = false;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What no option says, variables of Sentry's own tools do.
void complete(SentryOptions& options) {
  if (options.organization.empty()) options.organization = variable("SENTRY_ORG");
  const std::string project = variable("SENTRY_PROJECT");
  if (options.projects.empty() && !project.empty()) options.projects.push_back(project);
  if (options.url.empty()) options.url = variable("SENTRY_URL");
  if (options.url.empty()) options.url = "https://sentry.io";
  while (options.url.ends_with('/')) options.url.pop_back();
  if (!options.prefix.ends_with('/')) options.prefix += '/';
  if (options.organization.empty()) {
    throw Error(Errc::usage, "found no organisation of Sentry",
                "give --organization, or set SENTRY_ORG");
  }
  if (options.projects.empty()) {
    throw Error(Errc::usage, "found no project of Sentry", "give --project, or set SENTRY_PROJECT");
  }
  if (options.prefix != "~/" && !options.prefix.starts_with("~/") &&
      !options.prefix.starts_with("https://") && !options.prefix.starts_with("http://")) {
    throw Error(Errc::usage, format("--url-prefix {}: expected ~/ or an address in front of paths",
                                    options.prefix));
  }
}

// Asked for as late as can be: mistakes in the sources need no token.
signing::Secret token_from(const SentryOptions& options) {
  if (!options.token_file.empty()) return value_from({.file = options.token_file}, "token");
  std::string token = variable(kToken);
  if (!token.empty()) return signing::Secret::taken_from(token);
  throw Error(Errc::usage, format("the environment variable {} is not set", kToken),
              "give a token of the organisation there, or in a file: --token-file FILE");
}

// Those that were asked for, or all; Error{usage} for one that is none.
std::vector<const release::ComponentEntry*> wanted_of(const release::Release& release,
                                                      const SentryOptions& options) {
  std::vector<const release::ComponentEntry*> wanted;
  std::set<std::string> names(options.components.begin(), options.components.end());
  for (const release::ComponentEntry& each : release.components) {
    if (each.kind != kAssets || each.source.empty()) continue;
    if (options.components.empty() || names.erase(each.name) != 0) wanted.push_back(&each);
  }
  if (!names.empty()) {
    throw Error(Errc::usage,
                format("--component {}: found no component of this name and the kind assets",
                       printable(*names.begin(), 80)));
  }
  if (wanted.empty()) {
    throw Error(Errc::invalid_input,
                format("{}: found no component of the kind assets", options.file));
  }
  return wanted;
}

// What does not keep the upload from being of use.
void warn_of(const release::ComponentEntry& component, const SourceMaps& maps) {
  for (const Problem& each : maps.findings) log::warning(format("{}; {}", each.message, each.hint));
  if (!maps.served.empty()) {
    log::warning(format(
        "components.{}: {} will be served to everybody, such as {}: exclude: [\"**/*.map\"] keeps "
        "them out of the release",
        component.name, cli::count_text(maps.served.size(), "source map"),
        printable(maps.served.front(), 200)));
  }
  if (!maps.without_map.empty()) {
    log::detail(format("components.{}: without a map: {}", component.name,
                       printable(joined(maps.without_map), 1000)));
  }
}

// Of all components, with every mistake in one run.
std::vector<SentryFile> files_of(const release::Release& release, const SentryOptions& options) {
  std::vector<SentryFile> files;
  std::set<std::string> urls;
  Problems problems;
  for (const release::ComponentEntry* component : wanted_of(release, options)) {
    SourceMaps maps = source_maps_of(release, *component, options.prefix, problems);
    warn_of(*component, maps);
    for (SentryFile& each : maps.files) {
      if (!urls.insert(each.url).second) {
        problems.add(format("components.{}: {} is in another component as well", component->name,
                            printable(each.url, 200)),
                     "upload them one by one: --component, each with its --url-prefix");
      }
      files.push_back(std::move(each));
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  if (files.empty()) {
    throw Error(Errc::invalid_input, format("{}: found no script with a source map", options.file),
                "build the client with source maps first; hidden ones, FILE.js.map beside FILE.js, "
                "do as well");
  }
  return files;
}

Json described(const SentryFile& file) {
  Json json = {{"url", file.url},
               {"bytes", file.content.size()},
               {"type", file.sort == SentryFile::Sort::script ? "script" : "map"}};
  if (!file.debug_id.empty()) json["debugId"] = file.debug_id;
  if (!file.source_map.empty()) json["sourceMap"] = file.source_map;
  return json;
}

void say_files(const std::vector<SentryFile>& files, const SentryRelease& to,
               cli::Session& session) {
  session.out.line(format("release   {} in {}, {}", to.name, to.organization, joined(to.projects)));
  for (const SentryFile& each : files) {
    if (each.sort == SentryFile::Sort::map) continue;
    session.out.line(
        format("script    {}, {}{}", printable(each.url, 200),
               each.source_map.empty() ? "a map in it" : "map " + printable(each.source_map, 200),
               each.debug_id.empty() ? "" : ", debug id " + each.debug_id));
  }
}

void run_upload(SentryOptions options, cli::Session& session) {
  complete(options);
  const release::Release release = release::load_release(options.file);
  const std::vector<SentryFile> files = files_of(release, options);
  const SentryRelease to{.organization = options.organization,
                         .projects = options.projects,
                         .name = release.name + "@" + release.version.str(),
                         .dist = options.dist};
  const std::string bundle = artifact_bundle(files, to);
  say_files(files, to, session);
  Json rows = Json::array();
  for (const SentryFile& each : files) rows.push_back(described(each));
  Json json = {{"release", to.name},       {"organization", to.organization},
               {"projects", to.projects},  {"files", std::move(rows)},
               {"sha1", sha1_hex(bundle)}, {"bytes", bundle.size()},
               {"dryRun", options.dry_run}};
  if (options.dry_run) {
    session.out.line(format("nothing was sent: {} would be", cli::size_text(bundle.size())));
  } else {
    const signing::Secret token = token_from(options);
    const SentryUpload done =
        upload_to_sentry(bundle, to,
                         {.address = options.url,
                          .http = {.ca_file = options.ca, .insecure = {}},
                          .token = token,
                          .token_place = options.token_file.empty() ? kToken : options.token_file},
                         session.progress);
    session.effect = cli::Effect::changed;
    session.out.line(
        done.sent_pieces == 0
            ? format("sent      nothing: {} has all of it", options.url)
            : format("sent      {} to {}", cli::size_text(done.sent_bytes), options.url));
    json["sentBytes"] = done.sent_bytes;
    json["sentPieces"] = done.sent_pieces;
    json["pieces"] = done.pieces;
  }
  session.out.json(json);
}

}  // namespace

void add_sentry(cli::Command& program) {
  auto& options = cli::make_options<SentryOptions>();
  cli::Command sentry = program.sub("sentry", "what Sentry is sent where a release is built");
  sentry
      .example("sealift sentry upload --organization shop --project web",
               "after the assets were built")
      .fails_with({});
  sentry
      .sub(
          "upload", "send the source maps of a release to Sentry",
          "Takes scripts and maps of components of the kind assets from their sources. What Sentry "
          "has already is not sent again. Keep maps out of the release with exclude: "
          "[\"**/*.map\"].")
      .argument("RELEASE", options.file, "release.yaml (the default)", cli::Presence::optional)
      .options("--component", options.components, "NAME",
               "only this component; otherwise all assets")
      .option("--organization", options.organization, "NAME", "of Sentry, as its addresses say it")
      .options("--project", options.projects, "NAME", "of Sentry, as its addresses say it")
      .option("--url", options.url, "URL", "of a Sentry of one's own; otherwise https://sentry.io")
      .option("--url-prefix", options.prefix, "PREFIX",
              "what the addresses of scripts begin with; ~/ (the default) is any host")
      .option("--dist", options.dist, "NAME", "the distribution, where clients say one")
      .option("--token-file", options.token_file, "FILE", "the token; -: standard input")
      .option("--ca", options.ca, "FILE", "certificates that are trusted beside the system's")
      .flag("--dry-run", options.dry_run, "say what would be sent, and send nothing")
      .example("sealift sentry upload --organization shop --project web",
               "the token is in SENTRY_AUTH_TOKEN")
      .example("sealift sentry upload --organization shop --project web --dry-run",
               "see that each script has its map")
      .reads(kToken, "the token, with the right project:releases or org:ci")
      .reads("SENTRY_ORG", "the organisation; also SENTRY_PROJECT, SENTRY_URL")
      .reads("HTTPS_PROXY", "the proxy to Sentry; also HTTP_PROXY, NO_PROXY")
      .reads("SSL_CERT_FILE", "certificates of Sentry; also SSL_CERT_DIR")
      .fails_with({Errc::invalid_input, Errc::untrusted, Errc::io})
      .runs([&options](cli::Session& session) { run_upload(options, session); });
}

}  // namespace sealift::builder
