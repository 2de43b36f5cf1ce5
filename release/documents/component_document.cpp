// SPDX-License-Identifier: Apache-2.0
#include "release/documents/component_document.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "content/image_name.hpp"
#include "release/documents/persist.hpp"
#include "release/documents/release_document.hpp"
#include "release/values/value_names.hpp"

namespace sealift::release {

namespace {

constexpr std::array kDerivations = {std::pair{Derivation::subset, "subset"},
                                     std::pair{Derivation::converted, "converted"}};

// Severities without any vulnerability are left out, so that one set of counts has one spelling.
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
  CarriedScan scan{
      .report = fields.digest("report"), .tool = fields.text("tool"), .of = fields.digests("of")};
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
  CarriedSignature signature{.manifest = fields.digest("manifest"),
                             .tag = fields.text_if("tag").value_or(""),
                             .blobs = fields.digests("blobs"),
                             .by = fields.text("by"),
                             .claims = fields.texts("claims")};
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

// What is not there has no key: older installers read documents that use nothing newer.
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
  CarriedImage image{.name = fields.text("name"), .digest = fields.digest("digest"), .whole = {}};
  if (const auto word = fields.text_if("derivation")) {
    const auto known = std::find_if(kDerivations.begin(), kDerivations.end(),
                                    [&](const auto& each) { return *word == each.second; });
    if (known == kDerivations.end()) {
      fields.refuse("derivation", format("found \"{}\"", printable(*word, 80)));
    }
    image.derivation = known->first;
  }
  if (fields.value_if("whole") != nullptr) image.whole = fields.digest("whole");
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

// Older installers refuse `foreignKeys`, so that the usual "off" is not written.
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

// Sorted, and no folder in another: a link to one would stand in the way of the other.
std::vector<std::string> persist_from_json(Fields& fields) {
  std::vector<std::string> folders = sorted_paths(fields, "persist", kMaxPersisted);
  for (const PersistMistake& mistake : persist_mistakes(folders)) {
    fields.refuse("persist", mistake.found);
  }
  return folders;
}

}  // namespace

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
  // The last word: whatever was read leniently above does not come back as the same bytes.
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

// Sorted by digest, as the layers of the component's manifest are: writer and reader agree on one
// order without saying it.
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

}  // namespace sealift::release
