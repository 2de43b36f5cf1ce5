// SPDX-License-Identifier: Apache-2.0
#include "builder/new_project/new_project.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "bundle/layout.hpp"
#include "content/descriptor.hpp"
#include "content/media_types.hpp"
#include "embedded/environments.hpp"
#include "embedded/templates.hpp"
#include "release/templates/filters.hpp"

namespace sealift::builder {

namespace {

constexpr std::string_view kStarter = "starter/";
constexpr std::string_view kPlaceholder = "__NAME__";
constexpr const char* kPublicUrl = "PUBLIC_URL";
// What the contract says of a key until a person says more.
constexpr const char* kMeaning = "see where the application reads it";

// The image of a project that has none yet, and where it lies.
constexpr const char* kStandIn = "placeholder/app:1";
constexpr const char* kStandInFolder = "images/app";

// Files of templates/starter that stand for a part, and are left out where the project has it or
// does not want it.
constexpr const char* kWebPage = "client/dist/index.html";

std::string with_name(std::string text, const std::string& name) {
  replace_all(text, kPlaceholder, name);
  return text;
}

// A quoted scalar: JSON's is YAML's.
std::string quoted_text(const std::string& text) {
  return to_canonical(Json(text));
}

// Behind which the keys of environments/schema.json are.
constexpr std::string_view kKeys = "\"keys\": {";

// A line for each key, for people to go on with.
std::string contract_text(const Json& keys) {
  std::vector<std::string> lines;
  for (const auto& [key, what] : keys.items()) {
    lines.push_back(format("    {}: {}", quoted_text(key), to_canonical(what)));
  }
  return format("{{\n  \"schema\": 1,\n  \"keys\": {{\n{}\n  }}\n}}\n", joined(lines, ",\n"));
}

std::string or_else(const std::string& place, const char* otherwise) {
  return place.empty() ? otherwise : place;
}

// Collects the files in the order in which init names them. Text is written, not serialised: people
// go on with these files, and need their comments and one row for a component.
class NewProject {
 public:
  NewProject(std::string name, fs::path folder, const ProjectParts& parts)
      : name_(std::move(name)), folder_(std::move(folder)), parts_(parts) {
    for (const auto& [environment, unused] : parts_.values) environments_.push_back(environment);
    if (environments_.empty()) environments_ = {"development", "staging", "production"};
    // The one that developers work with is the safest to practise on.
    practice_ = environments_.front();
    for (const std::string& each : environments_) {
      if (each == "development" || each == "dev") practice_ = each;
    }
    secrets_ = parts_.secrets;
    if (parts_.has(Part::secrets) && secrets_.empty()) secrets_.insert("SESSION_SECRET");
  }

  std::vector<NewFile> files() {
    put_starter();
    put_environments();
    put_config();
    put_parts();
    put("sites/example.yaml", example_site());
    put_practice();
    put("release.yaml", release_yaml());
    return std::move(files_);
  }

 private:
  // The placeholder may stand in paths too.
  void put(const std::string& path, std::string content, FileMode mode = FileMode::plain) {
    files_.push_back({.path = with_name(path, name_),
                      .content = with_name(std::move(content), name_),
                      .mode = mode});
  }

  bool has_dotenv() const { return !parts_.dotenv_files.empty(); }

  // Workflow, .gitignore and what else is the same in every project.
  void put_starter() {
    for (const embedded::templates_file& file : embedded::templates()) {
      if (!file.path.starts_with(kStarter)) continue;
      const std::string path(file.path.substr(kStarter.size()));
      if (path == kWebPage && (!parts_.web.empty() || !parts_.has(Part::web))) continue;
      put(path, std::string(file.content));
    }
  }

  // What a site may leave out is optional, so that the practice site takes the release without an
  // engine or a server. What was not found has the place that put_parts() fills.
  std::string release_yaml() const {
    std::string text = format(
        "# What a release of {0} is made of. Check it with: sealift validate\n"
        "schema: 1\nname: {0}\nversion: 0.1.0\nenvironments: [{1}]\nnotes: CHANGES.md\n"
        "components:\n",
        name_, joined(environments_));
    const auto add = [&](std::string_view line) { text += format("  - {{{}}}\n", line); };
    if (parts_.has(Part::web)) {
      add(format("name: web, kind: assets, source: {}, exclude: [\"**/*.map\"], target: web",
                 or_else(parts_.web, "client/dist")));
    }
    add(format("name: config, kind: config, source: {}, target: etc", parts_.config));
    if (parts_.has(Part::nginx)) {
      add(format(
          "name: nginx, kind: config, source: {}, target: nginx, services: {{nginx: [\"**\"]}}",
          or_else(parts_.nginx, "nginx/site.conf")));
    }
    if (parts_.has(Part::flags)) {
      add("name: flags, kind: flags, source: flags/, target: flags, optional: true");
    }
    if (parts_.has(Part::drizzle)) {
      add(
          format("name: database, kind: migrations, format: drizzle, source: {}, database: main, "
                 "optional: true",
                 or_else(parts_.drizzle, "drizzle")));
    }
    if (parts_.has(Part::images)) {
      std::vector<std::string> rows;
      for (const std::string& image : parts_.images) {
        // What developers build is in their engine; the rest comes of its registry.
        const char* from = parts_.built.contains(image) ? "docker-daemon:" : "docker://";
        rows.push_back(format("      - {{name: {}, from: {}}}\n", quoted_text(image),
                              quoted_text(from + image)));
      }
      if (rows.empty()) {
        rows.push_back(format("      - {{name: {}, from: \"oci:{}\"}}\n", quoted_text(kStandIn),
                              kStandInFolder));
      }
      text +=
          "  - name: images\n    kind: images\n    optional: true\n    target: images\n    "
          "images:\n" +
          joined(rows, "");
    }
    if (parts_.has(Part::compose)) {
      add(
          format("name: stack, kind: manifests, runtime: compose, source: {}, target: stack, "
                 "optional: true",
                 or_else(parts_.compose, "compose.yaml")));
    }
    if (parts_.has(Part::systemd)) {
      add(
          format("name: units, kind: manifests, runtime: systemd, source: {}/, target: units, "
                 "optional: true",
                 or_else(parts_.systemd, "units")));
    }
    return text;
  }

  // The values that an environment has in clear, with nothing for secrets.
  std::map<std::string, std::string> values_of(const std::string& environment) const {
    std::map<std::string, std::string> values;
    const auto found = parts_.values.find(environment);
    if (found != parts_.values.end()) values = found->second;
    for (const std::string& key : secrets_) values[key] = "";
    return values;
  }

  // Of .env files where there are any, for they name the keys that the application reads; of the
  // embedded environments otherwise. A secret has no value here: each site sets it.
  void put_environments() {
    if (!has_dotenv()) {
      for (const embedded::environments_file& file : embedded::environments()) {
        std::string text(file.content);
        if (file.path == "schema.json") {
          const std::size_t keys = text.find(kKeys) + kKeys.size();
          for (const std::string& key : secrets_) {
            text.insert(keys, format("\n    {}: {},", quoted_text(key), to_canonical(secret())));
          }
        } else {
          for (const std::string& key : secrets_) text += format("  {}:\n", key);
        }
        put("environments/" + std::string(file.path), std::move(text));
      }
      return;
    }
    Json keys = Json::object();
    for (const std::string& environment : environments_) {
      std::string text = format(
          "# Values of the environment {}, from {}. An empty one must be set by each site, and "
          "secrets "
          "are.\nschema: 1\nvalues:\n",
          environment, joined(parts_.dotenv_files));
      for (const auto& [key, value] : values_of(environment)) {
        text += secrets_.contains(key) ? format("  {}:\n", key)
                                       : format("  {}: {}\n", key, quoted_text(value));
        keys[key] = {{"means", kMeaning}};
      }
      put(format("environments/{}.yaml", environment), std::move(text));
    }
    for (const std::string& key : secrets_) keys[key] = secret();
    put("environments/schema.json", contract_text(keys));
  }

  static Json secret() { return {{"secret", true}, {"required", true}, {"means", kMeaning}}; }

  // One file that renders all keys, as a dotenv reader takes them.
  void put_config() {
    std::map<std::string, std::vector<std::string>> keys;  // with the values of all environments
    for (const std::string& key : secrets_) keys[key];
    for (const auto& [unused, values] : parts_.values) {
      for (const auto& [key, value] : values) keys[key].push_back(value);
    }
    if (!has_dotenv()) keys.insert({{kPublicUrl, {}}, {"LOG_LEVEL", {}}});
    std::string text = "# {{release.name}} {{release.version}}, {{environment}}\n";
    for (const auto& [key, values] : keys) text += format("{}={}\n", key, reference(key, values));
    put(format("{}/{}", parts_.config, kConfigFile), std::move(text));
  }

  // What readers of dotenv files take differently is in quotes, as it was in the file it comes
  // from.
  static std::string reference(const std::string& key, const std::vector<std::string>& values) {
    const bool is_portable = std::all_of(
        values.begin(), values.end(),
        [](const std::string& value) { return release::why_not_portable(value).empty(); });
    if (is_portable) return format("{{{{{} | dotenv}}}}", key);
    const bool has_quote = std::any_of(values.begin(), values.end(), [](const std::string& value) {
      return value.find_first_of("'\n") != value.npos;
    });
    return has_quote ? format("{{{{{} | json}}}}", key) : format("'{{{{{}}}}}'", key);
  }

  // The smallest of each part that was asked for by name and is not there yet.
  void put_parts() {
    if (parts_.has(Part::nginx) && parts_.nginx.empty()) {
      put("nginx/site.conf",
          "server {\n  listen 80;\n  root /srv/__NAME__/web/current;\n"
          "  location / { try_files $uri $uri/ /index.html; }\n}\n");
    }
    if (parts_.has(Part::flags)) {
      for (const std::string& environment : environments_) {
        put(format("flags/{}.yaml", environment), "schema: 1\nflags:\n  new-search: false\n");
      }
    }
    if (parts_.has(Part::drizzle) && parts_.drizzle.empty()) {
      put("drizzle/meta/_journal.json",
          "{\n  \"version\": \"7\",\n  \"dialect\": \"sqlite\",\n  \"entries\": [\n    {\"idx\": "
          "0, "
          "\"version\": \"6\", \"when\": 1760000000000, \"tag\": \"0000_first\", \"breakpoints\": "
          "true}\n  ]\n}\n");
      put("drizzle/0000_first.sql",
          "CREATE TABLE `notes` (\n  `id` integer PRIMARY KEY NOT NULL,\n  `text` text NOT "
          "NULL\n);\n");
    }
    if (parts_.has(Part::compose) && parts_.compose.empty()) {
      put("compose.yaml",
          format("# Name the project's own services and images here and in release.yaml.\n"
                 "services:\n  app:\n    image: {}\n    restart: unless-stopped\n",
                 kStandIn));
    }
    if (parts_.has(Part::images) && parts_.images.empty()) put_stand_in();
    if (parts_.has(Part::systemd) && parts_.systemd.empty()) {
      put("units/__NAME__.service",
          "[Unit]\nDescription=__NAME__\n\n[Service]\nExecStart=/usr/bin/sleep infinity\n"
          "Restart=on-failure\nDynamicUser=yes\n\n[Install]\nWantedBy=multi-user.target\n");
    }
  }

  content::Descriptor put_blob(std::string_view media_type, std::string bytes) {
    content::Descriptor blob{std::string(media_type), Digest::of(bytes), bytes.size(), {}, {}};
    put(format("{}/blobs/sha256/{}", kStandInFolder, blob.digest.hex()), std::move(bytes));
    return blob;
  }

  // An OCI layout of an image without files, so that the project builds before it has its own.
  void put_stand_in() {
    const std::string no_files(1024, '\0');  // the end of a tar
    const content::Descriptor layer = put_blob(media_type::kImageLayer, no_files);
    const content::Descriptor config = put_blob(
        media_type::kImageConfig,
        to_canonical(
            {{"architecture", "amd64"},
             {"os", "linux"},
             {"config", {{"User", "65534:65534"}, {"Cmd", Json::array({"/app"})}}},
             {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({layer.digest.str()})}}}}));
    const content::Descriptor manifest = put_blob(
        media_type::kImageManifest, to_canonical({{"schemaVersion", 2},
                                                  {"mediaType", media_type::kImageManifest},
                                                  {"config", to_json(config)},
                                                  {"layers", Json::array({to_json(layer)})}}));
    put(format("{}/index.json", kStandInFolder),
        to_canonical({{"schemaVersion", 2},
                      {"mediaType", media_type::kImageIndex},
                      {"manifests", Json::array({to_json(manifest)})}}));
    put(format("{}/oci-layout", kStandInFolder), std::string(bundle::kOciLayoutText));
  }

  // The migrations that put_parts() writes are of SQLite, which needs no server.
  bool is_sqlite() const { return parts_.is_sqlite || parts_.drizzle.empty(); }

  // Folders below `base`, for components of files.
  std::string targets(const std::string& base) const {
    std::vector<std::string> names = {"etc"};
    if (parts_.has(Part::web)) names.insert(names.begin(), "web");
    if (parts_.has(Part::nginx)) names.push_back("nginx");
    if (parts_.has(Part::flags)) names.push_back("flags");
    std::string text = "targets:\n";
    for (const std::string& name : names) {
      text += format("  {}: {{driver: directory, path: {}}}\n", name,
                     quoted_text(format("{}/{}", base, name)));
    }
    return text;
  }

  // Secrets are files of the host there: nothing of them is in the repository.
  std::string example_site() const {
    const std::string base = "/srv/" + name_;
    std::string text = format(
        "# One site, as its operator would write it. Files here are checked against every release, "
        "so "
        "that a\n# release that a site could not take is found in CI: sealift validate --site "
        "sites/example.yaml\nschema: 1\nrelease: {}\nenvironment: production\n",
        name_);
    text += targets(base);
    std::vector<std::string> taken;
    if (parts_.has(Part::flags)) taken.emplace_back("flags");
    if (parts_.has(Part::drizzle)) taken.emplace_back("database");
    if (parts_.has(Part::images)) {
      taken.emplace_back("images");
      text += "  images: {driver: docker}\n";
    }
    if (parts_.has(Part::compose)) {
      taken.emplace_back("stack");
      text += format("  stack: {{driver: compose, path: {}/stack}}\n", base);
    }
    if (parts_.has(Part::systemd)) {
      taken.emplace_back("units");
      text += format("  units: {{driver: systemd, path: {}/units}}\n", base);
    }
    if (!taken.empty()) text += format("optional: [{}]\n", joined(taken));
    if (parts_.has(Part::drizzle)) {
      text += is_sqlite()
                  ? format("databases:\n  main: {{driver: sqlite, path: {}/{}.db}}\n", base, name_)
                  : format(
                        "databases:\n  main: {{driver: postgresql, url: "
                        "\"postgresql://{0}@localhost/{0}\"}}\n",
                        name_);
    }
    if (parts_.has(Part::nginx)) {
      text += "services:\n  nginx: {check: [nginx, -t], reload: [nginx, -s, reload]}\n";
    }
    if (!has_dotenv()) text += format("values:\n  {}: https://{}.example\n", kPublicUrl, name_);
    if (!secrets_.empty()) text += "secrets:\n";
    for (const std::string& key : secrets_) {
      text += format("  {}: {{file: /etc/{}/{}}}\n", key, name_, key);
    }
    return text + "retention: {releases: 3}\n";
  }

  // Files, configuration, flags and a database of SQLite: what needs no engine and no server.
  void put_practice() {
    const std::string base = (folder_ / "practice").string();
    std::string text = format(
        "# A site below this folder, to practise on: it takes no containers, no units and no "
        "PostgreSQL.\n"
        "# Its paths are of this machine, and git ignores it.\nschema: 1\nrelease: "
        "{}\n"
        "environment: {}\n",
        name_, practice_);
    text += targets(base + "/srv");
    std::vector<std::string> taken;
    if (parts_.has(Part::flags)) taken.emplace_back("flags");
    const bool has_database = parts_.has(Part::drizzle) && is_sqlite();
    if (has_database) taken.emplace_back("database");
    if (!taken.empty()) text += format("optional: [{}]\n", joined(taken));
    if (has_database) {
      text += format("databases:\n  main: {{driver: sqlite, path: {}}}\n",
                     quoted_text(format("{}/{}.db", base, name_)));
    }
    if (!has_dotenv()) text += format("values:\n  {}: http://localhost:8080\n", kPublicUrl);
    if (!secrets_.empty()) text += "secrets:\n";
    for (const std::string& key : secrets_) {
      const std::string file = "secrets/" + key;
      text += format("  {}: {{file: {}}}\n", key, quoted_text(format("{}/{}", base, file)));
      put("practice/" + file, practice_secret(key) + "\n", FileMode::secret);
    }
    put("practice/.gitignore", "*\n");
    put("practice/site.yaml", std::move(text));
  }

  // The value of .env, so that the application works; any text where there is none.
  std::string practice_secret(const std::string& key) const {
    const auto values = parts_.values.find(practice_);
    if (values != parts_.values.end()) {
      const auto found = values->second.find(key);
      if (found != values->second.end() && !found->second.empty()) return found->second;
    }
    return "practice";
  }

  std::string name_;
  fs::path folder_;
  const ProjectParts& parts_;
  std::vector<std::string> environments_;
  std::string practice_;  // the environment of the practice site
  std::set<std::string> secrets_;
  std::vector<NewFile> files_;
};

}  // namespace

std::vector<NewFile> new_project(const std::string& name, const fs::path& folder,
                                 const ProjectParts& parts) {
  return NewProject(name, folder, parts).files();
}

}  // namespace sealift::builder
