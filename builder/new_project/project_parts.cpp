// SPDX-License-Identifier: Apache-2.0
#include "builder/new_project/project_parts.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "compose/file.hpp"
#include "release/templates/template.hpp"
#include "release/values/dotenv.hpp"

namespace sealift::builder {

namespace {

constexpr std::array<std::pair<std::string_view, Part>, 8> kParts = {{
    {"web", Part::web},
    {"nginx", Part::nginx},
    {"compose", Part::compose},
    {"images", Part::images},
    {"drizzle", Part::drizzle},
    {"systemd", Part::systemd},
    {"flags", Part::flags},
    {"secrets", Part::secrets},
}};

// Where tools put them by default.
constexpr std::array kWebFolders = {"dist",          "client/dist", "build", "out",
                                    "frontend/dist", "web/dist",    "public"};
constexpr std::array kComposeFiles = {"compose.yaml", "compose.yml", "docker-compose.yaml",
                                      "docker-compose.yml", "deploy/compose.yaml"};
constexpr std::array kDrizzleFolders = {"drizzle", "db/drizzle", "src/db/drizzle", "migrations",
                                        "src/db/migrations"};
constexpr std::array kNginxFiles = {"nginx.conf", "deploy/nginx.conf", "nginx/nginx.conf"};
constexpr std::array kUnitFolders = {"units", "systemd", "deploy/units"};

// Files .env.NAME that show what there is, and those of one developer.
constexpr std::array kSamples = {"example", "sample", "template", "defaults"};

// The environment that every project has.
constexpr const char* kProduction = "production";

// The first of these names that is in the folder, with `below` in it where that is given.
template <std::size_t N>
std::string first_with(const fs::path& folder, const std::array<const char*, N>& names,
                       std::string_view below) {
  for (const char* name : names) {
    const fs::path place = folder / name;
    if (path_exists(below.empty() ? place : place / below)) return name;
  }
  return {};
}

// By its name, or because its value holds a password.
bool looks_secret(const std::string& key, const std::string& value) {
  for (const char* open : {"VITE_", "NEXT_PUBLIC_", "NUXT_PUBLIC_", "PUBLIC_", "REACT_APP_"}) {
    if (key.starts_with(open)) return false;
  }
  for (const char* word :
       {"SECRET", "PASSWORD", "PASSWD", "TOKEN", "PRIVATE", "CREDENTIAL", "APIKEY"}) {
    if (key.find(word) != key.npos) return true;
  }
  if (key.ends_with("_KEY") || key.ends_with("_PASS")) return true;
  const std::size_t user = value.find("://");
  const std::size_t at = value.find('@', user == value.npos ? value.size() : user);
  return at != value.npos && value.substr(user + 3, at - user - 3).find(':') != value.npos;
}

// One file for an environment, .env.NAME, before .env, which counts for all; a sample counts last.
// What is of tests or of one developer is left out. Keys that look like secrets are named: too many
// do no harm, one too few would be in the bundle in clear.
void find_values(const fs::path& folder, ProjectParts& parts) {
  std::map<std::string, std::string> shared;
  std::vector<std::string> names;
  for (const Entry& entry : Dir::open(folder).entries()) {
    if (entry.name == ".env" || entry.name.starts_with(".env.")) names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& file : names) {
    const std::string name = file.size() > 5 ? file.substr(5) : "";
    if (name == "test" || name == "local" || name.ends_with(".local")) continue;
    const bool is_sample = std::find(kSamples.begin(), kSamples.end(), name) != kSamples.end();
    parts.dotenv_files.push_back(file);
    const auto entries =
        release::parse_dotenv(read_file(folder / file, release::kMaxDotenvBytes), file);
    for (const auto& [key, entry] : entries) {
      const std::string value = entry.value.is_null() ? "" : entry.value.get<std::string>();
      if (looks_secret(key, value)) parts.secrets.insert(key);
      if (is_sample) {
        shared.emplace(key, value);
      } else if (name.empty()) {
        shared[key] = value;
      } else {
        parts.values[name][key] = value;
      }
    }
  }
  if (parts.dotenv_files.empty()) return;
  if (parts.values.empty()) parts.values = {{"development", {}}, {"staging", {}}};
  parts.values.try_emplace(kProduction);
  for (auto& [unused, values] : parts.values) values.insert(shared.begin(), shared.end());
  if (!parts.secrets.empty()) parts.chosen.insert(Part::secrets);
}

// With the values of production, for names of images may hold variables. Mistakes of the file are
// for `validate` to say.
void find_images(const fs::path& folder, ProjectParts& parts) {
  const std::string text = read_file(folder / parts.compose, release::kMaxTemplateBytes);
  compose::Variables variables;
  if (!parts.values.empty()) variables = parts.values.at(kProduction);
  Problems problems;
  const auto file = compose::ComposeFile::read(text, parts.compose, variables, problems);
  for (const compose::ComposeService& service : file.services) {
    if (service.image.empty()) continue;
    parts.images.insert(service.image);
    if (std::find(file.built.begin(), file.built.end(), service.name) != file.built.end()) {
      parts.built.insert(service.image);
    }
  }
  if (!parts.images.empty()) parts.chosen.insert(Part::images);
}

}  // namespace

std::string_view name(Part part) {
  for (const auto& [word, each] : kParts) {
    if (each == part) return word;
  }
  return "";
}

std::vector<std::pair<const std::string*, Part>> places_of(const ProjectParts& parts) {
  return {{&parts.web, Part::web},
          {&parts.nginx, Part::nginx},
          {&parts.drizzle, Part::drizzle},
          {&parts.compose, Part::compose},
          {&parts.systemd, Part::systemd}};
}

Part part_named(const std::string& word) {
  std::vector<std::string> known;
  for (const auto& [name, part] : kParts) {
    if (name == word) return part;
    known.emplace_back(name);
  }
  throw Error(Errc::usage, format("--with: found \"{}\", expected one of {}", printable(word, 40),
                                  joined(known)));
}

ProjectParts find_parts(const fs::path& folder) {
  ProjectParts parts;
  if (!dir_exists(folder)) return parts;
  parts.web = first_with(folder, kWebFolders, "index.html");
  parts.nginx = first_with(folder, kNginxFiles, "");
  parts.compose = first_with(folder, kComposeFiles, "");
  parts.drizzle = first_with(folder, kDrizzleFolders, "meta/_journal.json");
  for (const char* name : kUnitFolders) {
    if (!parts.systemd.empty() || !dir_exists(folder / name)) continue;
    for (const Entry& entry : Dir::open(folder / name).entries()) {
      if (entry.name.ends_with(".service")) parts.systemd = name;
    }
  }
  for (const auto& [place, part] : places_of(parts)) {
    if (!place->empty()) parts.chosen.insert(part);
  }
  if (!parts.drizzle.empty()) {
    const std::string journal = read_file(folder / parts.drizzle / "meta/_journal.json", 16U << 20);
    parts.is_sqlite = journal.find("\"sqlite\"") != journal.npos;
  }
  // A folder of that name is the application's own, unless an init that was cut off has made it.
  if (dir_exists(folder / parts.config) && !path_exists(folder / parts.config / kConfigFile)) {
    parts.config = "deploy/config";
  }
  find_values(folder, parts);
  if (!parts.compose.empty()) find_images(folder, parts);
  return parts;
}

}  // namespace sealift::builder
