// SPDX-License-Identifier: Apache-2.0
#include "content/image.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"

namespace sealift::content {

namespace {

constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
constexpr std::size_t kMaxIndexDepth = 4;
constexpr const char* kReferenceType = "vnd.docker.reference.type";
constexpr std::string_view kAttestation = "attestation-manifest";

[[noreturn]] void refuse(const std::string& where, std::string_view found,
                         std::string_view hint = {}) {
  throw Error(Errc::invalid_input, format("{}: {}", where, found), std::string(hint));
}

// A document of somebody else's: fields that we do not use are passed over.
class Foreign {
 public:
  Foreign(const Json& value, std::string where) : value_(value), where_(std::move(where)) {
    if (!value.is_object()) refuse(where_, "found no JSON object");
  }
  const Json* get(const char* key) const {
    const auto found = value_.find(key);
    return found == value_.end() || found->is_null() ? nullptr : &*found;
  }
  std::string text(const char* key) const {
    const Json* found = get(key);
    if (found == nullptr) return "";
    if (!found->is_string()) refuse(where_, format("{}: expected text", key));
    return found->get<std::string>();
  }
  // A list, empty where there is none.
  const Json& list(const char* key, std::size_t limit) const {
    static const Json none = Json::array();
    const Json* found = get(key);
    if (found == nullptr) return none;
    if (!found->is_array()) refuse(where_, format("{}: expected a list", key));
    if (found->size() > limit) {
      refuse(where_, format("{}: found {}, expected at most {}", key, found->size(), limit));
    }
    return *found;
  }
  // What is text in a mapping; empty where there is none.
  std::map<std::string, std::string> texts(const char* key) const {
    std::map<std::string, std::string> texts;
    if (const Json* found = get(key)) {
      for (const auto& [name, value] : found->items()) {
        if (value.is_string()) texts.emplace(name, value.text());
      }
    }
    return texts;
  }
  Digest digest(const char* key) const {
    const std::string found = text(key);
    try {
      return Digest::parse(found);
    } catch (const Error&) {
      refuse(where_,
             format("{}: found \"{}\", expected a SHA-256 digest", key, printable(found, 80)));
    }
  }

 private:
  const Json& value_;
  std::string where_;
};

Descriptor read_descriptor(const Json& value, const std::string& where) {
  const Foreign fields(value, where);
  const Json* size = fields.get("size");
  if (size == nullptr || !size->is_number_unsigned()) {
    refuse(where, "size: expected a number of bytes");
  }
  const Digest digest = fields.digest("digest");
  return {.media_type = fields.text("mediaType"),
          .digest = digest,
          .size = size->get<std::uint64_t>(),
          .artifact_type = {},
          .annotations = {}};
}

Json parse(std::string_view text, const std::string& where) {
  return parse_json(text, where, Errc::invalid_input, Numbers::any);
}

Descriptor read_layer(const Json& value, const std::string& where) {
  Descriptor layer = read_descriptor(value, where);
  const auto has = [&](std::string_view part) {
    return layer.media_type.find(part) != std::string::npos;
  };
  if (has("nondistributable") || has(".foreign.") || Foreign(value, where).get("urls") != nullptr) {
    refuse(where, "found a foreign layer, whose content is not part of the image",
           "make the image from a base without foreign layers");
  }
  if (layer.media_type.empty()) refuse(where, "found a layer without a media type");
  return layer;
}

ImageIndexRow read_row(const Json& value, const std::string& where) {
  const Foreign fields(value, where);
  ImageIndexRow row{.manifest = read_descriptor(value, where), .platform = {}, .names = {}};
  row.manifest.artifact_type = fields.text("artifactType");
  if (const Json* platform = fields.get("platform")) {
    const Foreign inner(*platform, where + ".platform");
    row.platform = Platform{.os = inner.text("os"),
                            .architecture = inner.text("architecture"),
                            .variant = inner.text("variant")};
  }
  const std::map<std::string, std::string> annotations = fields.texts("annotations");
  const auto said = [&](const char* key) {
    const auto found = annotations.find(key);
    return found == annotations.end() ? "" : found->second;
  };
  for (const char* key : {annotation::kRefName, annotation::kContainerdName}) {
    if (annotations.contains(key)) row.names.push_back(said(key));
  }
  row.cosign_kind = said(annotation::kCosignKind);
  if (said(kReferenceType) == kAttestation) row.platform = Platform{"unknown", "unknown", {}};
  return row;
}

// "2023-05-04T17:37:03.872958712Z": to the second, in whatever zone it says; nothing where it is no
// time.
std::optional<Time> created_at(const std::string& text) {
  if (text.size() < 20) return std::nullopt;
  try {
    return parse_time(format("{}Z", text.substr(0, 19)));
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Of an image, as its writers have called it; others are parts lists, signatures and the like.
bool is_image_config(std::string_view type) {
  return type.empty() || type == media_type::kImageConfig || type == kDockerConfig ||
         type == "application/octet-stream";
}

// Reads the documents of one image, each once.
class ImageReader {
 public:
  ImageReader(const FetchDocument& fetch, std::string where)
      : fetch_(fetch), where_(std::move(where)) {}

  Image read(const Descriptor& root) {
    image_.root = root;
    if (is_image_index(root.media_type)) {
      flatten(root, std::nullopt, 0);
    } else {
      rows_.push_back({.manifest = root, .platform = {}, .names = {}});
    }
    for (const ImageIndexRow& row : rows_) add(row.manifest, row.platform);
    // What is nothing to run stands behind what is.
    const auto others = std::stable_partition(image_.variants.begin(), image_.variants.end(),
                                              [](const auto& each) { return !each.attestation; });
    if (others == image_.variants.begin()) refuse(where_, "found no image that could be run");
    std::erase_if(image_.layers,
                  [&](const Descriptor& each) { return read_.contains(each.digest); });
    return std::move(image_);
  }

 private:
  // The manifests of an index, and of those in it.
  void flatten(const Descriptor& index, const std::optional<Platform>& platform,
               std::size_t depth) {
    if (depth == kMaxIndexDepth) refuse(where_, format("found indexes {} deep", depth));
    std::vector<ImageIndexRow> nested;
    for (ImageIndexRow& row : parse_image_index(document(index), where_)) {
      row.manifest.artifact_type.clear();
      if (!row.platform) row.platform = platform;
      const bool is_index = is_image_index(row.manifest.media_type);
      (is_index ? nested : rows_).push_back(std::move(row));
      if (rows_.size() + nested.size() > kMaxPlatforms) {
        refuse(where_, format("found more than {} manifests", kMaxPlatforms));
      }
    }
    for (const ImageIndexRow& row : nested) flatten(row.manifest, row.platform, depth + 1);
  }

  std::string document(const Descriptor& descriptor) {
    if (descriptor.size > kMaxImageDocument) {
      refuse(where_, format("found a document of {} bytes, expected at most {}", descriptor.size,
                            kMaxImageDocument));
    }
    std::string bytes = fetch_(descriptor);
    if (read_.insert(descriptor.digest).second) image_.documents.push_back({descriptor, bytes});
    return bytes;
  }

  void add(const Descriptor& manifest, const std::optional<Platform>& platform) {
    const std::string where = format("{}: manifest {}", where_, manifest.digest.short_hex());
    if (manifest.media_type.starts_with(kSchema1)) {
      refuse(where, "found an image of schema 1, which no current tool writes",
             "pull and push it with a current tool first");
    }
    if (!is_image_manifest(manifest.media_type)) {
      refuse(where, format("found the media type \"{}\", expected an image manifest",
                           printable(manifest.media_type, 100)));
    }
    const ImageManifest parsed = parse_image_manifest(document(manifest), where);
    const std::string config = document(parsed.config);
    const bool runs =
        (!platform || platform->os != "unknown") && is_image_config(parsed.config.media_type);
    const ImageConfig settings = runs ? parse_image_config(config, where) : ImageConfig{};
    if (runs && platform &&
        !settings.platform.satisfies({platform->os, platform->architecture, {}})) {
      refuse(where, format("found an image for {}, its index says {}", settings.platform.str(),
                           platform->str()));
    }
    if (runs && parsed.layers.empty()) refuse(where, "found no layer");
    if (runs && settings.diff_ids.size() != parsed.layers.size()) {
      refuse(where, format("found {} layers, its configuration says {}", parsed.layers.size(),
                           settings.diff_ids.size()));
    }
    for (const Descriptor& layer : parsed.layers) {
      if (layers_.insert(layer.digest).second) image_.layers.push_back(layer);
    }
    image_.variants.push_back({.manifest = manifest,
                               .config = parsed.config,
                               .layers = parsed.layers,
                               .settings = settings,
                               .attestation = !runs});
    if (platform && runs && settings.platform.variant.empty()) {
      image_.variants.back().settings.platform.variant = platform->variant;
    }
  }

  const FetchDocument& fetch_;
  std::string where_;
  Image image_{.root = empty_descriptor(), .documents = {}, .variants = {}, .layers = {}};
  std::vector<ImageIndexRow> rows_;
  std::set<Digest> read_;    // of documents
  std::set<Digest> layers_;  // of layers, some of which are documents elsewhere
};

}  // namespace

std::string Platform::str() const {
  return variant.empty() ? format("{}/{}", os, architecture)
                         : format("{}/{}/{}", os, architecture, variant);
}

Platform Platform::parse(std::string_view text) {
  const std::size_t first = text.find('/');
  const std::size_t second = first == text.npos ? text.npos : text.find('/', first + 1);
  Platform platform{.os = std::string(text.substr(0, first)), .architecture = {}, .variant = {}};
  if (first != text.npos) {
    platform.architecture = text.substr(first + 1, second - first - 1);
    if (second != text.npos) platform.variant = text.substr(second + 1);
  }
  const auto is_plain = [](const std::string& part) {
    return part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-") == part.npos;
  };
  if (platform.os.empty() || platform.architecture.empty() || !is_plain(platform.os) ||
      !is_plain(platform.architecture) || !is_plain(platform.variant)) {
    throw Error(
        Errc::invalid_input,
        format("found the platform \"{}\", expected one such as linux/amd64", printable(text, 80)));
  }
  return platform;
}

bool Platform::satisfies(const Platform& wanted) const {
  return os == wanted.os && architecture == wanted.architecture &&
         (wanted.variant.empty() || variant == wanted.variant);
}

ImageManifest parse_image_manifest(std::string_view text, const std::string& where) {
  const Json value = parse(text, where);
  const Foreign fields(value, where);
  if (value.value("schemaVersion", Json()) != 2) {
    refuse(where, "found another schemaVersion, expected 2");
  }
  const Json* config = fields.get("config");
  if (config == nullptr) refuse(where, "found no config");
  ImageManifest manifest{.config = read_descriptor(*config, where + ": config"), .layers = {}};
  for (const Json& item : fields.list("layers", kMaxLayers)) {
    const std::string at = format("{}: layer {}", where, manifest.layers.size() + 1);
    manifest.layers.push_back(read_layer(item, at));
  }
  return manifest;
}

ArtifactManifest parse_artifact_manifest(std::string_view text, const std::string& where) {
  const Json value = parse(text, where);
  const Foreign fields(value, where);
  const Json* config = fields.get("config");
  if (config == nullptr) refuse(where, "found no config");
  ArtifactManifest manifest{
      .config = read_descriptor(*config, where + ": config"), .layers = {}, .subject = {}};
  for (const Json& item : fields.list("layers", kMaxLayers)) {
    const std::string at = format("{}: layer {}", where, manifest.layers.size() + 1);
    manifest.layers.push_back(read_descriptor(item, at));
    manifest.layers.back().annotations = Foreign(item, at).texts("annotations");
  }
  if (const Json* subject = fields.get("subject")) {
    manifest.subject = read_descriptor(*subject, where + ": subject").digest;
  }
  return manifest;
}

std::vector<ImageIndexRow> parse_image_index(std::string_view text, const std::string& where) {
  const Json value = parse(text, where);
  const Foreign fields(value, where);
  std::vector<ImageIndexRow> rows;
  for (const Json& item : fields.list("manifests", kMaxPlatforms)) {
    rows.push_back(read_row(item, format("{}: manifests[{}]", where, rows.size())));
  }
  return rows;
}

std::string document_type(std::string_view text, std::string_view said) {
  try {
    const Json value = parse(text, "document");
    const Foreign fields(value, "document");
    if (std::string type = fields.text("mediaType"); !type.empty()) return type;
    if (fields.get("manifests") != nullptr) return std::string(media_type::kImageIndex);
    if (fields.get("config") != nullptr) return std::string(media_type::kImageManifest);
  } catch (const Error&) {
    return std::string(said);  // whoever reads it says what is wrong with it
  }
  return std::string(said);
}

std::string subset_index(std::string_view text, const std::vector<Digest>& kept) {
  const std::string where = "image index";
  const Json value = parse(text, where);
  const Foreign fields(value, where);
  const std::string type = fields.text("mediaType");
  Json rows = Json::array();
  for (const Json& row : fields.list("manifests", kMaxPlatforms)) {
    const Digest digest = Foreign(row, where).digest("digest");
    if (std::find(kept.begin(), kept.end(), digest) != kept.end()) rows.push_back(row);
  }
  return to_canonical({{"schemaVersion", 2},
                       {"mediaType", type.empty() ? media_type::kImageIndex : type},
                       {"manifests", std::move(rows)}});
}

ImageConfig parse_image_config(std::string_view text, const std::string& where) {
  const std::string at = where + ": configuration";
  const Json value = parse(text, at);
  const Foreign fields(value, at);
  ImageConfig config{.platform = {.os = fields.text("os"),
                                  .architecture = fields.text("architecture"),
                                  .variant = fields.text("variant")},
                     .user = {},
                     .created = created_at(fields.text("created")),
                     .diff_ids = {}};
  if (config.platform.os.empty() || config.platform.architecture.empty()) {
    refuse(at, "found no os and architecture");
  }
  if (const Json* process = fields.get("config")) config.user = Foreign(*process, at).text("User");
  const Json* rootfs = fields.get("rootfs");
  if (rootfs == nullptr) refuse(at, "found no rootfs");
  for (const Json& item : Foreign(*rootfs, at).list("diff_ids", kMaxLayers)) {
    if (!item.is_string()) refuse(at, "rootfs.diff_ids: expected digests");
    try {
      config.diff_ids.push_back(Digest::parse(item.get<std::string>()));
    } catch (const Error& error) {
      refuse(at, format("rootfs.diff_ids: {}", error.message()));
    }
  }
  return config;
}

bool is_image_index(std::string_view media_type) {
  return media_type == media_type::kImageIndex || media_type == media_type::kDockerList;
}

bool is_image_manifest(std::string_view media_type) {
  return media_type == media_type::kImageManifest || media_type == media_type::kDockerManifest;
}

std::uint64_t Image::layer_bytes() const {
  std::uint64_t bytes = 0;
  for (const Descriptor& layer : layers) bytes += layer.size;
  return bytes;
}

const ImageVariant* Image::variant_for(const Platform& host) const {
  const auto found = std::find_if(variants.begin(), variants.end(), [&](const ImageVariant& each) {
    return !each.attestation && each.settings.platform.satisfies(host);
  });
  return found == variants.end() ? nullptr : &*found;
}

Image read_image(const Descriptor& root, const FetchDocument& fetch, const std::string& where) {
  return ImageReader(fetch, where).read(root);
}

}  // namespace sealift::content
