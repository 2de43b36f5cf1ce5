// SPDX-License-Identifier: Apache-2.0
#include "release/project/release_file.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "release/project/release_forms.hpp"
#include "release/project/release_rules.hpp"
#include "release/text/order.hpp"
#include "release/values/sealed_file.hpp"

namespace sealift::release {

namespace {

constexpr std::uint64_t kMaxNotes = 1U << 20;

// Readers below take what broken_rules() has passed: what they would refuse it has said, with
// lines.
std::vector<ScanEntry> read_scans(const Json& image) {
  std::vector<ScanEntry> scans;
  for (const Json& item : read_scan_rows(image)) {
    const std::string of = text_at(item, "of");
    scans.push_back({.path = text_at(item, "report"),
                     .of = of.empty() ? std::nullopt : std::optional(Digest::parse(of))});
  }
  return scans;
}

std::optional<UpstreamCheck> read_verify(const Json& image) {
  const auto verify = image.find("verify");
  if (verify == image.end()) return std::nullopt;
  const Json& cosign = verify->at("cosign");
  UpstreamCheck check{.key = text_at(*verify, "cosign"),
                      .identity = text_at(cosign, "identity"),
                      .issuer = text_at(cosign, "issuer"),
                      .roots = text_at(cosign, "roots"),
                      .rekor = text_at(cosign, "rekor"),
                      .attestations = {}};
  for (const Json& word : verify->value("attestations", Json::array())) {
    check.attestations.push_back(predicate_type(word.text()));
  }
  return check;
}

std::vector<ImageEntry> read_images(const Json& component) {
  std::vector<ImageEntry> images;
  for (const Json& item : component.value("images", Json::array())) {
    const std::string from = item["from"];
    content::ImageName name = content::ImageName::parse(item["name"].get<std::string>());
    ImageOrigin origin = ImageOrigin::parse(from);
    images.push_back({.name = std::move(name),
                      .from = from,
                      .origin = std::move(origin),
                      .platforms = {},
                      .scans = read_scans(item),
                      .verify = read_verify(item),
                      .waive = item.value("waive", std::map<std::string, std::string>{})});
    for (const Json& platform : item.value("platforms", Json::array())) {
      images.back().platforms.push_back(content::Platform::parse(platform.get<std::string>()));
    }
  }
  return images;
}

std::vector<OutputEntry> read_outputs(const YamlDocument& document, const Json& component,
                                      const std::string& pointer) {
  using Texts = std::vector<std::string>;
  std::vector<OutputEntry> outputs;
  for (const Json& item : component.value("outputs", Json::array())) {
    outputs.push_back({.file = text_at(item, "file"),
                       .format = text_at(item, "format"),
                       .keys = item.value("keys", Texts{}),
                       .exclude_keys = item.value("exclude_keys", Texts{}),
                       .services = item.value("services", Texts{}),
                       .name = text_at(item, "name"),
                       .name_space = text_at(item, "namespace"),
                       .line = document.line_of(format("{}/outputs/{}", pointer, outputs.size()))});
  }
  return outputs;
}

// `tracking` is SCHEMA.TABLE or TABLE, as drizzle-kit has them in two keys.
MigrationsEntry read_migrations(const Json& component) {
  const std::string tracking = text_at(component, "tracking");
  const std::size_t dot = tracking.find('.');
  return {.format = text_at(component, "format"),
          .dialect = text_at(component, "dialect"),
          .schema = dot == tracking.npos ? "" : tracking.substr(0, dot),
          .table = dot == tracking.npos ? tracking : tracking.substr(dot + 1),
          .transactions = component.value("transactions", "run"),
          .late = component.value("late", "refused"),
          .rollback = component.value("rollback", "code-only"),
          .foreign_keys = text_at(component, "foreign_keys")};
}

std::vector<ServiceFiles> read_services(const YamlDocument& document, const Json& component,
                                        const std::string& pointer) {
  std::vector<ServiceFiles> files;
  const Json services = component.value("services", Json::object());
  for (const auto& [name, globs] : services.items()) {
    for (std::size_t i = 0; i < globs.size(); ++i) {
      files.push_back({.service = name,
                       .glob = globs[i],
                       .where = document.where(format("{}/services/{}/{}", pointer, name, i))});
    }
  }
  return files;
}

std::vector<RawGlob> read_raw(const YamlDocument& document, const Json& component,
                              const std::string& pointer) {
  std::vector<RawGlob> globs;
  for (const Json& glob : component.value("raw", Json::array())) {
    globs.push_back(
        {.glob = glob, .where = document.where(format("{}/raw/{}", pointer, globs.size()))});
  }
  return globs;
}

std::vector<PersistEntry> read_persist(const YamlDocument& document, const Json& component,
                                       const std::string& pointer) {
  std::vector<PersistEntry> folders;
  for (const Json& folder : component.value("persist", Json::array())) {
    folders.push_back({.folder = folder,
                       .where = document.where(format("{}/persist/{}", pointer, folders.size()))});
  }
  return folders;
}

// What a key that is left out means stands here: the schema has no defaults.
AssetsEntry read_assets(const Json& component) {
  std::vector<ServeRule> rules;
  for (const Json& rule : component.value("serve", Json::array())) {
    rules.push_back(
        {.match = rule["match"], .type = text_at(rule, "type"), .cache = read_cache(rule)});
  }
  return {.compress = component.value("compress", std::vector<std::string>{}),
          .integrity = component.value("integrity", std::vector<std::string>{}),
          .serving = Serving(std::move(rules)),
          .keep_previous = component.value("keep_previous", std::uint64_t{0})};
}

Workload read_workload(const Json& component) {
  using Texts = std::vector<std::string>;
  Workload workload;
  workload.runtime = text_at(component, "runtime");
  workload.jobs = component.value("jobs", Texts{});
  workload.canary = component.value("canary", Texts{});
  if (workload.runtime != kExec) return workload;
  workload.apply = component.value("apply", Texts{});
  workload.undo = component.value("undo", Texts{});
  workload.check = component.value("check", Texts{});
  workload.timeout = component.value("timeout", std::uint64_t{60});
  return workload;
}

// Where a component goes: what it says, or what its kind says.
std::string target_of(const Json& component) {
  std::string said = text_at(component, "target");
  if (!said.empty()) return said;
  const std::string database = text_at(component, "database");
  return database.empty() ? std::string(kImages) : database;
}

std::string read_source(const Json& component) {
  const Json source = component.value("source", Json(""));
  return without_slash(source.is_array() ? source.front().text() : source.text());
}

std::vector<std::string> read_overlays(const Json& component) {
  const Json source = component.value("source", Json(""));
  std::vector<std::string> files;
  for (std::size_t i = 1; source.is_array() && i < source.size(); ++i) {
    files.push_back(source[i].text());
  }
  return files;
}

Rendering read_rendering(const Json& component) {
  if (const Json& chart = object_at(component, "chart"); component.contains("chart")) {
    return {.program = std::string(kHelm),
            .release = chart.value("release", text_at(component, "name").c_str()),
            .values = read_chart_values(chart),
            .name_space = text_at(chart, "namespace"),
            .version = text_at(chart, "kubernetes")};
  }
  const std::optional<std::string> folder = read_kustomize(component);
  if (!folder) return {.program = {}};
  return {.program = std::string(kKustomize), .folder = *folder};
}

// As they are applied.
std::vector<ComponentEntry> in_order(std::vector<ComponentEntry> components) {
  std::stable_partition(components.begin(), components.end(),
                        [](const ComponentEntry& each) { return each.kind != kManifests; });
  std::vector<std::string> names;
  After after;
  for (const ComponentEntry& each : components) {
    names.push_back(each.name);
    after[each.name] = each.after;
  }
  std::vector<ComponentEntry> sorted;
  sorted.reserve(components.size());
  for (const std::size_t place : order_of(names, after)) {
    sorted.push_back(std::move(components[place]));
  }
  return sorted;
}

std::vector<ComponentEntry> read_components(const YamlDocument& document) {
  using Reasons = std::map<std::string, std::string>;
  std::vector<ComponentEntry> components;
  for (const Json& item : document.value()["components"]) {
    const std::string pointer = format("/components/{}", components.size());
    components.push_back({.name = item["name"],
                          .kind = item["kind"],
                          .source = read_source(item),
                          .exclude = item.value("exclude", std::vector<std::string>{}),
                          .images = read_images(item),
                          .migrations = read_migrations(item),
                          .assets = read_assets(item),
                          .outputs = read_outputs(document, item, pointer),
                          .target = target_of(item),
                          .optional = item.value("optional", false),
                          .line = document.line_of(pointer),
                          .services = read_services(document, item, pointer),
                          .workload = read_workload(item),
                          .overlays = read_overlays(item),
                          .after = item.value("after", std::vector<std::string>{}),
                          .raw = read_raw(document, item, pointer),
                          .persist = read_persist(document, item, pointer),
                          .lint = {.is_strict = text_at(item, "lint") == "error",
                                   .accept = item.value("accept", Reasons{})},
                          .rendering = read_rendering(item),
                          .schema = text_at(item, "schema")});
  }
  return in_order(std::move(components));
}

// NAME.yaml or, of a project that has its values there already, NAME.env.
Environment environment_named(const std::string& name, const fs::path& folder,
                              const Contract& contract) {
  const fs::path yaml = folder / "environments" / (name + ".yaml");
  const fs::path dotenv = folder / "environments" / (name + ".env");
  if (!path_exists(dotenv)) {
    if (path_exists(yaml)) return load_environment(yaml, name);
    throw Error(Errc::invalid_input,
                format("{}: is not there, expected the values of {}", yaml.string(), name),
                format("make it, or take {} out of environments in release.yaml", name));
  }
  if (path_exists(yaml)) {
    throw Error(Errc::invalid_input,
                format("{}: found {} beside it, expected one of them", yaml.string(),
                       dotenv.filename().string()),
                "move the values into one file, and remove the other");
  }
  Environment environment = load_dotenv(dotenv, name);
  for (auto& [key, value] : environment.values) {
    const Key* declared = contract.find(key);
    if (declared != nullptr && value.is_string()) value = declared->read(value);
  }
  return environment;
}

// Access to registries, and what images may be like.
void read_image_settings(const Json& root, Release& release) {
  for (const auto& [host, access] : object_at(root, "registries").items()) {
    release.registries[host] = {.ca = text_at(access, "ca"),
                                .insecure = access.value("insecure", false)};
  }
  for (const auto& [rule, level] : object_at(root, "image_rules").items()) {
    release.image_rules.set(rule, level.text());
  }
  const Json& limits = object_at(root, "image_limits");
  ImageLimits& kept = release.image_limits;
  kept.age_days = limits.value("age_days", kept.age_days);
  kept.growth_percent = limits.value("growth_percent", kept.growth_percent);
}

void read_checks_and_hooks(const YamlDocument& document, Release& release) {
  release.health = read_health(document.value());
  for (std::size_t i = 0; i < release.health.size(); ++i) {
    release.health_places.push_back(document.where(format("/health/{}", i)));
  }
  release.hooks = read_hooks(document.value());
  for (std::size_t i = 0; i < release.hooks.size(); ++i) {
    release.hook_places.push_back(document.where(format("/hooks/{}", i)));
  }
}

std::string read_notes(const YamlDocument& document, const fs::path& file) {
  if (path_exists(file)) return read_file(file, kMaxNotes);
  throw Error(Errc::invalid_input,
              format("{}: found no file {}", document.where("/notes"), file.filename().string()),
              "write what is new into it, or leave out notes");
}

// Somebody stands in another folder, or has another ending in mind.
void require_there(const fs::path& file) {
  if (path_exists(file)) return;
  const fs::path usual = file.parent_path() / "release.yaml";
  throw Error(
      Errc::io, format("{}: is not there, expected what a release is made of", file.string()),
      path_exists(usual)
          ? format("did you mean {}?", usual.string())
          : "run this in the project's folder, name its release.yaml, or begin with: sealift init");
}

}  // namespace

Release load_release(const fs::path& file) {
  require_there(file);
  const YamlDocument document = YamlDocument::load(file);
  throw_mistakes(broken_rules(document));

  const Json& root = document.value();
  const Json requires_ = root.value("requires", Json::object());
  Release release{.folder = file.parent_path().empty() ? "." : file.parent_path(),
                  .name = root["name"],
                  .version = Version::parse(root["version"].get<std::string>()),
                  .source_revision = root.value("/source/revision"_json_pointer, std::string()),
                  .environments = {},
                  .contract = {},
                  .upgrade_from = text_at(requires_, "upgrade_from"),
                  .installer = text_at(requires_, "installer"),
                  .arch = requires_.value("arch", std::vector<std::string>{}),
                  .notes = {},
                  .trust = {},
                  .registries = {},
                  .image_rules = {},
                  .image_limits = {},
                  .locked = {},
                  .components = read_components(document)};
  read_image_settings(root, release);
  read_checks_and_hooks(document, release);
  Problems problems;
  const auto gather = [&](auto&& work) {
    try {
      work();
    } catch (const Error& error) {
      problems.add(error);
    }
  };
  // Each file of the project by itself: a mistake in one does not hide those in the others.
  gather([&] { release.contract = Contract::load(release.folder); });
  for (const Json& name : root["environments"]) {
    gather([&] {
      release.environments.push_back(environment_named(name, release.folder, release.contract));
    });
  }
  gather([&] {
    release.sealed = load_sealed(release.folder, release.environments, release.contract);
  });
  gather([&] { release.locked = load_lock(release.folder); });
  if (const std::string notes = text_at(root, "notes"); !notes.empty()) {
    gather([&] { release.notes = read_notes(document, release.folder / notes); });
  }
  gather([&] {
    release.scripts = load_scripts(release.folder, commands_of(release.health, release.hooks));
  });
  if (const std::string trust = text_at(root, "trust"); !trust.empty()) {
    release.trust = release.folder / trust;
  }
  problems.throw_if_any(Errc::invalid_input);
  return release;
}

}  // namespace sealift::release
