// SPDX-License-Identifier: Apache-2.0
#include "release/documents/manifest.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"
#include "release/documents/persist.hpp"
#include "release/text/semver.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

using content::Descriptor;

// A document is accepted only in the form in which it would be written.
void require_canonical(std::string_view text, const std::string& written, std::string_view where) {
  if (text != written) {
    throw Error(Errc::corrupt, format("{}: found a spelling that is not the canonical one", where));
  }
}

void require_name(const std::string& name, std::string_view where) {
  if (is_name(name)) return;
  throw Error(Errc::corrupt, format("{}: found the name \"{}\", expected at most 64 of a-z 0-9 . "
                                    "_ - and a letter or digit first",
                                    where, printable(name, 80)));
}

Json row_to_json(const ComponentRow& row) {
  Json value = {{"name", row.name}, {"artifactType", row.artifact_type}, {"target", row.target}};
  if (row.optional) value["optional"] = true;
  return value;
}

ComponentRow row_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  ComponentRow row{.name = fields.text("name"),
                   .artifact_type = fields.text("artifactType"),
                   .target = fields.text("target")};
  if (fields.value_if("optional") != nullptr) row.optional = fields.flag("optional");
  fields.done();
  require_name(row.name, fields.at("name"));
  require_name(row.target, fields.at("target"));
  return row;
}

std::map<std::string, std::map<std::string, Json>> environments_from_json(
    const Json& value, const std::string& where) {
  std::map<std::string, std::map<std::string, Json>> environments;
  for (const auto& [name, values] : value.items()) {
    require_name(name, where);
    std::map<std::string, Json>& kept = environments[name];
    if (!values.is_object()) {
      throw Error(Errc::corrupt, format("{}.{}: expected an object", where, name));
    }
    for (const auto& [key, one] : values.items()) {
      if (const std::string found = mistake_in(one); !found.empty()) {
        throw Error(Errc::corrupt, format("{}.{}.{}: {}", where, name, printable(key, 80), found));
      }
      kept[key] = one;
    }
  }
  return environments;
}

constexpr std::array kDerivations = {std::pair{Derivation::subset, "subset"},
                                     std::pair{Derivation::converted, "converted"}};

Json scan_to_json(const CarriedScan& scan) {
  Json value = {{"report", scan.report.str()},
                {"tool", scan.tool},
                {"of", Json::array()},
                {"found", Json::object()}};
  for (const Digest& manifest : scan.of) value["of"].push_back(manifest.str());
  for (const auto& [severity, count] : scan.found) {
    value["found"][std::string(severity_word(severity))] = count;
  }
  return value;
}

CarriedScan scan_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const auto digest = [&](const char* key, const std::string& text) {
    return while_reading(fields.at(key), [&] { return Digest::parse(text); });
  };
  CarriedScan scan{
      .report = digest("report", fields.text("report")), .tool = fields.text("tool"), .of = {}};
  for (const std::string& manifest : fields.texts("of")) scan.of.push_back(digest("of", manifest));
  const Json& found = fields.object("found");
  Fields counts(found, fields.at("found"));
  for (const Severity severity : kAllSeverities) {
    const std::string word(severity_word(severity));
    if (const auto count = counts.number_if(word.c_str())) scan.found[severity] = *count;
  }
  counts.done();
  fields.done();
  return scan;
}

Json texts_of(const std::vector<Digest>& digests) {
  Json texts = Json::array();
  for (const Digest& digest : digests) texts.push_back(digest.str());
  return texts;
}

Json signature_to_json(const CarriedSignature& signature) {
  Json value = {{"manifest", signature.manifest.str()},
                {"blobs", texts_of(signature.blobs)},
                {"by", signature.by},
                {"claims", signature.claims}};
  if (!signature.tag.empty()) value["tag"] = signature.tag;
  return value;
}

// `of`: what it must be about.
CarriedSignature signature_from_json(const Json& value, const Digest& of,
                                     const std::string& where) {
  Fields fields(value, where);
  const auto digest = [&](const char* key, const std::string& text) {
    return while_reading(fields.at(key), [&] { return Digest::parse(text); });
  };
  CarriedSignature signature{.manifest = digest("manifest", fields.text("manifest")),
                             .tag = fields.text_if("tag").value_or(""),
                             .blobs = {},
                             .by = fields.text("by"),
                             .claims = fields.texts("claims")};
  for (const std::string& blob : fields.texts("blobs"))
    signature.blobs.push_back(digest("blobs", blob));
  fields.done();
  const bool is_tag =
      std::any_of(kCosignTags.begin(), kCosignTags.end(),
                  [&](std::string_view what) { return signature.tag == cosign_tag(of, what); });
  if (!signature.tag.empty() && !is_tag) {
    fields.refuse("tag", format("found \"{}\", expected {}", printable(signature.tag, 100),
                                cosign_tag(of, kCosignTags.front())));
  }
  return signature;
}

Json image_to_json(const CarriedImage& image) {
  Json value = {{"name", image.name}, {"digest", image.digest.str()}};
  for (const auto& [derivation, word] : kDerivations) {
    if (image.derivation == derivation) value["derivation"] = word;
  }
  if (image.whole) value["whole"] = image.whole->str();
  for (const CarriedScan& scan : image.scans) value["scans"].push_back(scan_to_json(scan));
  for (const CarriedSignature& signature : image.signatures)
    value["signatures"].push_back(signature_to_json(signature));
  if (!image.waivers.empty()) value["waivers"] = image.waivers;
  return value;
}

CarriedImage image_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const auto digest_at = [&](const char* key, const std::string& text) {
    return while_reading(fields.at(key), [&] { return Digest::parse(text); });
  };
  CarriedImage image{.name = fields.text("name"),
                     .digest = digest_at("digest", fields.text("digest")),
                     .whole = {}};
  if (const auto word = fields.text_if("derivation")) {
    const auto known = std::find_if(kDerivations.begin(), kDerivations.end(),
                                    [&](const auto& each) { return *word == each.second; });
    if (known == kDerivations.end()) {
      fields.refuse("derivation", format("found \"{}\"", printable(*word, 80)));
    }
    image.derivation = known->first;
  }
  if (const auto whole = fields.text_if("whole")) image.whole = digest_at("whole", *whole);
  if (fields.value_if("scans") != nullptr) {
    for (const Json& scan : fields.array("scans")) {
      image.scans.push_back(
          scan_from_json(scan, format("{}[{}]", fields.at("scans"), image.scans.size())));
    }
  }
  if (fields.value_if("signatures") != nullptr) {
    for (const Json& signature : fields.array("signatures")) {
      image.signatures.push_back(
          signature_from_json(signature, image.whole.value_or(image.digest),
                              format("{}[{}]", fields.at("signatures"), image.signatures.size())));
    }
  }
  if (fields.value_if("waivers") != nullptr) {
    image.waivers = texts_by_key(fields.object("waivers"), fields.at("waivers"));
  }
  fields.done();
  const content::ImageName name =
      while_reading(fields.at("name"), [&] { return content::ImageName::parse(image.name); });
  if (name.str() != image.name || name.tag.empty() || name.digest) {
    fields.refuse("name", "found a short name, expected a full one with a tag");
  }
  if (image.whole.has_value() != (image.derivation == Derivation::subset)) {
    fields.refuse("whole", "expected just where the derivation is \"subset\"");
  }
  return image;
}

Json migrations_to_json(const CarriedMigrations& migrations) {
  Json value = {{"format", migrations.format},
                {"dialect", migrations.dialect},
                {"transactions", migrations.transactions},
                {"late", migrations.late},
                {"rollback", migrations.rollback},
                {"count", migrations.count}};
  if (!migrations.schema.empty()) value["schema"] = migrations.schema;
  if (!migrations.table.empty()) value["table"] = migrations.table;
  if (migrations.foreign_keys == "on") value["foreignKeys"] = migrations.foreign_keys;
  if (!migrations.waivers.empty()) value["waivers"] = migrations.waivers;
  return value;
}

CarriedMigrations migrations_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  const auto one_of = [&](const char* key, std::initializer_list<std::string_view> words) {
    std::string word = fields.text(key);
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      fields.refuse(key, format("found \"{}\"", printable(word, 80)));
    }
    return word;
  };
  CarriedMigrations migrations{
      .format = one_of("format", {"drizzle", "sql"}),
      .dialect = one_of("dialect", {"postgresql", "sqlite"}),
      .transactions = one_of("transactions", {"run", "file"}),
      .late = one_of("late", {"refused", "applied"}),
      .rollback = one_of("rollback", {"code-only", "restore", "down", "forward-only"}),
      .schema = fields.text_if("schema").value_or(""),
      .table = fields.text_if("table").value_or(""),
      .count = fields.number("count")};
  if (fields.value_if("foreignKeys") != nullptr) {
    migrations.foreign_keys = one_of("foreignKeys", {"on"});
  }
  if (fields.value_if("waivers") != nullptr) {
    migrations.waivers = texts_by_key(fields.object("waivers"), fields.at("waivers"));
  }
  fields.done();
  return migrations;
}

std::map<std::string, std::vector<std::string>> services_from_json(const Json& value,
                                                                   const std::string& where) {
  std::map<std::string, std::vector<std::string>> services;
  Fields fields(value, where);
  for (const auto& [name, unused] : value.items()) {
    require_name(name, where);
    std::vector<std::string> globs = fields.texts(name.c_str());
    const bool is_good = !globs.empty() && globs.size() <= kMaxServiceGlobs &&
                         std::all_of(globs.begin(), globs.end(), [](const std::string& glob) {
                           return !glob.empty() && glob.size() <= RelPath::kMaxBytes;
                         });
    if (!is_good) fields.refuse(name, format("expected 1 to {} globs", kMaxServiceGlobs));
    services.emplace(name, std::move(globs));
  }
  if (services.empty() || services.size() > kMaxServices) {
    throw Error(Errc::corrupt,
                format("{}: found {}, expected 1 to {}", where, services.size(), kMaxServices));
  }
  return services;
}

// One spelling: sorted, each once.
std::vector<std::string> sorted_paths(Fields& fields, const char* key, std::size_t limit) {
  std::vector<std::string> paths = fields.texts(key);
  const bool is_good =
      !paths.empty() && paths.size() <= limit &&
      std::adjacent_find(paths.begin(), paths.end(), std::greater_equal<>()) == paths.end();
  if (!is_good) fields.refuse(key, format("expected 1 to {} different paths, sorted", limit));
  for (const std::string& path : paths) {
    while_reading(fields.at(key), [&] { return RelPath::parse(path); });
  }
  return paths;
}

std::vector<std::string> persist_from_json(Fields& fields) {
  std::vector<std::string> folders = sorted_paths(fields, "persist", kMaxPersisted);
  for (const PersistMistake& mistake : persist_mistakes(folders)) {
    fields.refuse("persist", mistake.found);
  }
  return folders;
}

}  // namespace

std::string to_text(const ReleaseDocument& document) {
  Json value = {{"format", kFormat},
                {"name", document.name},
                {"version", document.version},
                {"created", to_text(document.created)},
                {"environments", document.environments}};
  if (!document.source_revision.empty()) value["sourceRevision"] = document.source_revision;
  if (!document.contract.empty()) value["contract"] = document.contract.to_json();
  if (!document.sealed.empty()) value["sealed"] = to_json(document.sealed);
  for (const HealthCheck& check : document.health) value["health"].push_back(to_json(check));
  for (const Hook& hook : document.hooks) value["hooks"].push_back(to_json(hook));
  if (!document.scripts.empty()) value["scripts"] = document.scripts;
  Json requires_ = Json::object();
  if (!document.upgrade_from.empty()) requires_["upgradeFrom"] = document.upgrade_from;
  if (!document.installer.empty()) requires_["installer"] = document.installer;
  if (!document.arch.empty()) requires_["arch"] = document.arch;
  if (!requires_.empty()) value["requires"] = requires_;
  value["components"] = Json::array();
  for (const ComponentRow& row : document.components) {
    value["components"].push_back(row_to_json(row));
  }
  return to_canonical(value);
}

ReleaseDocument parse_release_document(std::string_view text) {
  const std::string where = "release.json";
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  if (const std::uint64_t format_found = fields.number("format"); format_found != kFormat) {
    throw Error(Errc::incompatible,
                format("{}: found bundle format {}, this program reads format {}", where,
                       format_found, kFormat),
                "use the installer that the release notes name");
  }
  ReleaseDocument document{
      .name = fields.text("name"),
      .version = fields.text("version"),
      .created =
          while_reading(fields.at("created"), [&] { return parse_time(fields.text("created")); }),
      .source_revision = fields.text_if("sourceRevision").value_or(""),
      .environments =
          environments_from_json(fields.object("environments"), fields.at("environments")),
      .contract = {},
      .upgrade_from = {},
      .installer = {},
      .arch = {},
      .components = {}};
  if (fields.value_if("contract") != nullptr) {
    document.contract = Contract::from_json(fields.object("contract"), fields.at("contract"));
  }
  if (fields.value_if("sealed") != nullptr) {
    document.sealed = sealed_from_json(fields.object("sealed"), fields.at("sealed"));
    for (const auto& [environment, unused] : document.sealed) {
      if (!document.environments.contains(environment)) {
        fields.refuse("sealed", format("found the environment \"{}\", which the release has not",
                                       printable(environment, 80)));
      }
    }
  }
  if (const Json* health = fields.value_if("health")) {
    document.health = health_checks_from_json(*health, fields.at("health"));
  }
  if (const Json* hooks = fields.value_if("hooks")) {
    document.hooks = hooks_from_json(*hooks, fields.at("hooks"));
  }
  if (fields.value_if("scripts") != nullptr) {
    document.scripts = scripts_from_json(fields.object("scripts"), fields.at("scripts"));
  }
  std::set<std::string> carried;
  for (const auto& [path, unused] : document.scripts) carried.insert(path);
  if (carried != scripts_named(commands_of(document.health, document.hooks))) {
    fields.refuse("scripts", "expected just those that checks and hooks name");
  }
  if (const Json* requires_ = fields.value_if("requires")) {
    Fields inner(*requires_, fields.at("requires"));
    document.upgrade_from = inner.text_if("upgradeFrom").value_or("");
    document.installer = inner.text_if("installer").value_or("");
    if (inner.value_if("arch") != nullptr) document.arch = inner.texts("arch");
    inner.done();
  }
  for (const Json& row : fields.array("components")) {
    document.components.push_back(
        row_from_json(row, format("{}[{}]", fields.at("components"), document.components.size())));
  }
  fields.done();
  require_name(document.name, fields.at("name"));
  try {
    Version::parse(document.version);
    if (!document.upgrade_from.empty()) VersionRange::parse(document.upgrade_from);
    if (!document.installer.empty()) VersionRange::parse(document.installer);
  } catch (const Error& error) {
    throw Error(Errc::corrupt, error.within(where).problems());
  }
  require_canonical(text, to_text(document), where);
  return document;
}

std::string to_text(const ComponentDocument& document) {
  Json value = {{"format", kFormat}, {"name", document.name}, {"bytes", document.bytes}};
  if (!document.images.empty()) {
    value["images"] = Json::array();
    for (const CarriedImage& image : document.images) {
      value["images"].push_back(image_to_json(image));
    }
  } else {
    value["files"] = document.files;
    value["directories"] = document.directories;
    value["symlinks"] = document.symlinks;
  }
  if (document.migrations) value["migrations"] = migrations_to_json(*document.migrations);
  if (!document.services.empty()) value["services"] = document.services;
  if (!document.assets.empty()) value["assets"] = to_json(document.assets);
  if (document.workload) value["workload"] = to_json(*document.workload);
  if (!document.raw.empty()) value["raw"] = document.raw;
  if (!document.persist.empty()) value["persist"] = document.persist;
  return to_canonical(value);
}

ComponentDocument parse_component_document(std::string_view text) {
  const std::string where = "component document";
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("format", kFormat);
  ComponentDocument document{
      .name = fields.text("name"), .bytes = fields.number("bytes"), .images = {}};
  if (fields.value_if("images") != nullptr) {
    for (const Json& image : fields.array("images")) {
      document.images.push_back(
          image_from_json(image, format("{}[{}]", fields.at("images"), document.images.size())));
    }
    if (document.images.empty()) fields.refuse("images", "found none, expected at least one");
  } else {
    document.files = fields.number("files");
    document.directories = fields.number("directories");
    document.symlinks = fields.number("symlinks");
    if (fields.value_if("migrations") != nullptr) {
      document.migrations =
          migrations_from_json(fields.object("migrations"), fields.at("migrations"));
    } else if (fields.value_if("services") != nullptr) {
      document.services = services_from_json(fields.object("services"), fields.at("services"));
    }
    if (fields.value_if("workload") != nullptr) {
      document.workload = workload_from_json(fields.object("workload"), fields.at("workload"));
    }
    if (fields.value_if("assets") != nullptr) {
      document.assets = carried_assets_from_json(fields.object("assets"), fields.at("assets"));
    }
    if (fields.value_if("raw") != nullptr) {
      document.raw = sorted_paths(fields, "raw", kMaxRawFiles);
    }
    if (fields.value_if("persist") != nullptr) document.persist = persist_from_json(fields);
  }
  fields.done();
  require_canonical(text, to_text(document), where);
  return document;
}

std::string found_by(const CarriedScan& scan) {
  std::vector<std::string> counts;
  for (const Severity severity : kAllSeverities) {
    const auto found = scan.found.find(severity);
    if (found == scan.found.end()) continue;
    counts.push_back(format("{} {}", found->second, severity_word(severity)));
  }
  return counts.empty() ? "no vulnerability" : joined(counts);
}

std::vector<Digest> papers_of(const ComponentDocument& document) {
  std::set<Digest> papers;
  for (const CarriedImage& image : document.images) {
    for (const CarriedScan& scan : image.scans) papers.insert(scan.report);
    for (const CarriedSignature& signature : image.signatures) {
      papers.insert(signature.manifest);
      papers.insert(signature.blobs.begin(), signature.blobs.end());
    }
    // What the signatures are about.
    if (image.whole && !image.signatures.empty()) papers.insert(*image.whole);
  }
  return {papers.begin(), papers.end()};
}

std::string cosign_tag(const Digest& image, std::string_view what) {
  return format("sha256-{}.{}", image.hex(), what);
}

std::string to_text(const Manifest& manifest) {
  Json value = {{"schemaVersion", 2},
                {"mediaType", media_type::kImageManifest},
                {"artifactType", manifest.artifact_type},
                {"config", content::to_json(manifest.config)},
                {"layers", Json::array()}};
  for (const Descriptor& layer : manifest.layers)
    value["layers"].push_back(content::to_json(layer));
  if (manifest.subject) value["subject"] = content::to_json(*manifest.subject);
  return to_canonical(value);
}

Manifest parse_manifest(std::string_view text, const std::string& where) {
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("schemaVersion", 2);
  fields.constant("mediaType", media_type::kImageManifest);
  Manifest manifest{
      .artifact_type = fields.text("artifactType"),
      .config = content::descriptor_from_json(fields.value("config"), fields.at("config")),
      .layers = {},
      .subject = {}};
  for (const Json& layer : fields.array("layers")) {
    manifest.layers.push_back(content::descriptor_from_json(
        layer, format("{}[{}]", fields.at("layers"), manifest.layers.size())));
  }
  if (manifest.layers.empty()) fields.refuse("layers", "found none, expected at least one");
  if (const Json* subject = fields.value_if("subject")) {
    manifest.subject = content::descriptor_from_json(*subject, fields.at("subject"));
  }
  fields.done();
  require_canonical(text, to_text(manifest), where);
  return manifest;
}

std::string release_index_text(const std::vector<Descriptor>& manifests) {
  Json value = {{"schemaVersion", 2},
                {"mediaType", media_type::kImageIndex},
                {"artifactType", media_type::kRelease},
                {"manifests", Json::array()}};
  for (const Descriptor& manifest : manifests) {
    value["manifests"].push_back(content::to_json(manifest));
  }
  return to_canonical(value);
}

std::vector<Descriptor> parse_release_index(std::string_view text) {
  const std::string where = "release index";
  const Json value = parse_json(text, where);
  Fields fields(value, where);
  fields.constant("schemaVersion", 2);
  fields.constant("mediaType", media_type::kImageIndex);
  fields.constant("artifactType", media_type::kRelease);
  std::vector<Descriptor> manifests;
  for (const Json& item : fields.array("manifests")) {
    manifests.push_back(content::descriptor_from_json(
        item, format("{}[{}]", fields.at("manifests"), manifests.size())));
  }
  fields.done();
  if (manifests.empty()) fields.refuse("manifests", "found none, expected the release manifest");
  if (manifests.size() > kMaxBlobs) {
    fields.refuse("manifests",
                  format("found {}, expected at most {}", manifests.size(), kMaxBlobs));
  }
  require_canonical(text, release_index_text(manifests), where);
  return manifests;
}

const Descriptor& Component::layer(std::string_view media_type) const {
  for (const Descriptor& layer : manifest.layers) {
    if (layer.media_type == media_type) return layer;
  }
  throw Error(Errc::corrupt,
              format("component {}: found no layer of type {}", row.name, media_type));
}

const Descriptor& Component::file_table() const {
  return layer(media_type::kFileTable);
}

bool Component::is_assets() const {
  return row.artifact_type == media_type::kAssets;
}

bool Component::is_migrations() const {
  return row.artifact_type == media_type::kMigrations;
}

bool Component::has_templates() const {
  return row.artifact_type == media_type::kConfig || row.artifact_type == media_type::kManifests;
}

bool Component::is_images() const {
  return row.artifact_type == media_type::kImages;
}

std::map<std::string, Json> asset_values(const Component& component) {
  const CarriedAssets& assets = component.document.assets;
  return {{integrity_name(component.row.name), integrity_rows(assets)},
          {serve_name(component.row.name), assets.serving.rows()}};
}

}  // namespace sealift::release
