// SPDX-License-Identifier: Apache-2.0
// An OCI image layout as a folder (image specification 1.1, image-layout.md), which others may
// write to as well: rows of theirs in index.json stay as they are, and only blobs that were brought
// by us and that no row reaches any more are removed.

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "bundle/layout.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"
#include "installer/drivers/images/image_store.hpp"
#include "installer/drivers/images/signatures.hpp"

namespace sealift::installer {

namespace {

using content::Descriptor;

// A list of the blobs that we brought.
constexpr std::size_t kHex = 64;
constexpr std::string_view kBrought = ".sealift-blobs.json";

std::string name_in(const Json& row) {
  const auto annotations = row.find("annotations");
  return annotations == row.end() ? "" : annotations->value(annotation::kRefName, std::string());
}

class LayoutStore : public ImageStore {
 public:
  explicit LayoutStore(const Json& settings) : path_(settings.at("path").get<std::string>()) {}

  void check(const PlacedImage&) override {
    if (!path_exists(path_) || is_empty_dir(path_)) return;
    if (!path_exists(path_ / bundle::kOciLayoutName)) {
      throw Error(Errc::incompatible,
                  format("{}: found files, but no OCI image layout", path_.string()),
                  "give the target a folder of its own");
    }
    index();
  }
  std::string identity(const PlacedImage& image) const override { return image.digest.str(); }
  bool has(const PlacedImage& image) override { return row_of(image.digest.str()).has_value(); }
  bool keeps(const PlacedImage& image) override { return find(kept_name(image)).has_value(); }

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    make_dirs(path_ / "blobs/sha256");
    std::vector<Descriptor> all = content.layers;
    for (const content::Document& document : content.documents) all.push_back(document.descriptor);
    note_brought(all);
    for (const Descriptor& layer : content.layers) {
      bring(
          layer, [&] { return blobs.blob(layer.digest); }, progress);
    }
    for (const content::Document& document : content.documents) bring(document);
    if (!path_exists(path_ / bundle::kOciLayoutName)) {
      write_file(path_ / bundle::kOciLayoutName, bundle::kOciLayoutText);
    }
    put_row(content::to_json(content.root), kept_name(image));
    for (const ImageSignature& each : blobs.signatures(image.digest)) {
      bring_signature(image, each, blobs, progress);
    }
  }

  std::vector<PlacedSignature> lacking(const PlacedImage& image) override {
    std::vector<PlacedSignature> signatures = image.signatures;
    std::erase_if(signatures,
                  [&](const PlacedSignature& each) { return row_of(image, each).has_value(); });
    return signatures;
  }

  void release(const PlacedImage& image) override {
    remove_rows([&](const Json& row) {
      return name_in(row) == kept_name(image) ||
             std::any_of(image.signatures.begin(), image.signatures.end(),
                         [&](const PlacedSignature& each) {
                           return name_in(row) == row_name(image, each) &&
                                  row.value("digest", std::string()) == each.manifest.str();
                         });
    });
    if (!path_exists(path_ / "blobs/sha256")) return;
    try {
      const std::set<std::string> needed = reachable();
      std::set<std::string> left;
      for (const std::string& digest : brought()) {
        if (needed.contains(digest)) {
          left.insert(digest);
        } else {
          sealift::remove_file(path_ / "blobs/sha256" / Digest::parse(digest).hex());
        }
      }
      sync_dir(path_ / "blobs/sha256");
      write_file(path_ / kBrought, to_canonical(left));
    } catch (const Error& error) {
      log::warning(format("{}: blobs of {} stay: {}", path_.string(), image.name, error.message()));
    }
  }

  void clean() override {
    if (!path_exists(path_ / "blobs/sha256")) return;
    remove_leftovers(path_, [](std::string_view name) {
      return name == bundle::kIndexName || name == bundle::kOciLayoutName || name == kBrought;
    });
    remove_leftovers(path_ / "blobs/sha256",
                     [](std::string_view name) { return name.size() == kHex; });
  }

  std::optional<std::string> find(const std::string& reference) override {
    const Json value = index();
    for (const Json& row : value["manifests"]) {
      if (name_in(row) == reference) return row.value("digest", std::string());
    }
    return std::nullopt;
  }
  void tag(const std::string& reference, const std::string& identity) override {
    std::optional<Json> row = row_of(identity);
    if (!row) throw Error(Errc::io, format("{}: found no image {}", path_.string(), identity));
    row->erase("annotations");
    put_row(std::move(*row), reference);
  }
  void untag(const std::string& reference) override {
    remove_rows([&](const Json& row) { return name_in(row) == reference; });
  }

 private:
  static std::string kept_name(const PlacedImage& image) {
    return "sealift-kept:" + image.digest.hex();
  }
  std::set<std::string> brought() const {
    const fs::path list = path_ / kBrought;
    if (!path_exists(list)) return {};
    return parse_json(read_file(list, content::kMaxImageDocument), list.string())
        .get<std::set<std::string>>();
  }
  // Before the first blob, so that whatever a crash leaves is known to be ours.
  void note_brought(const std::vector<Descriptor>& blobs) const {
    std::set<std::string> ours = brought();
    for (const Descriptor& blob : blobs) {
      if (!holds(blob)) ours.insert(blob.digest.str());
    }
    write_file(path_ / kBrought, to_canonical(ours));
  }
  template <typename Open>
  void bring(const Descriptor& blob, Open open, Progress& progress) const {
    if (holds(blob)) return;
    std::string buffer(256 * 1024, '\0');
    AtomicFile file(path_ / bundle::blob_entry(blob).name, FileMode::plain);
    const std::unique_ptr<Source> bytes = open();
    while (const std::size_t count = bytes->read(buffer)) {
      file.write({buffer.data(), count});
      progress.advance(count);
    }
    file.commit();
  }
  void bring(const content::Document& document) const {
    if (holds(document.descriptor)) return;
    write_file(path_ / bundle::blob_entry(document.descriptor).name, document.bytes);
  }

  // Under the name that a registry would have for it; without a tag it has no name, and is found by
  // its subject.
  static std::string row_name(const PlacedImage& image, const PlacedSignature& signature) {
    if (signature.tag.empty()) return "";
    return format("{}:{}", content::ImageName::parse(image.reference).place(), signature.tag);
  }
  std::optional<Json> row_of(const PlacedImage& image, const PlacedSignature& signature) const {
    const Json value = index();
    const std::string name = row_name(image, signature);
    for (const Json& row : value["manifests"]) {
      if (name.empty() ? row.value("digest", std::string()) == signature.manifest.str()
                       : name_in(row) == name) {
        return row;
      }
    }
    return std::nullopt;
  }
  void bring_signature(const PlacedImage& image, const ImageSignature& signature, Content& blobs,
                       Progress& progress) const {
    const PlacedSignature which = placed(signature);
    const std::string name = row_name(image, which);
    if (const std::optional<Json> row = row_of(image, which)) {
      if (row->value("digest", std::string()) != which.manifest.str()) {
        log::warning(
            format("{}: {} stays what it is: the layout has other signatures of {} than "
                   "the release",
                   path_.string(), name, image.name));
      }
      return;
    }
    const SignatureParts parts = parts_of(signature, blobs);
    std::vector<Descriptor> all = parts.blobs;
    all.push_back(parts.manifest.descriptor);
    note_brought(all);
    for (const Descriptor& blob : parts.blobs) {
      bring(
          blob, [&] { return open_signature_blob(blob, blobs); }, progress);
    }
    bring(parts.manifest);
    Json row = content::to_json(parts.manifest.descriptor);
    if (!name.empty()) {
      row.erase("artifactType");  // which rows of referrers have
      return put_row(std::move(row), name);
    }
    Json value = index();
    value["manifests"].push_back(std::move(row));
    write_index(value);
  }

  template <typename Goes>
  void remove_rows(Goes goes) const {
    Json value = index();
    Json& rows = value["manifests"];
    Json kept = Json::array();
    for (const Json& row : rows) {
      if (!goes(row)) kept.push_back(row);
    }
    if (kept.size() == rows.size()) return;
    rows = std::move(kept);
    write_index(value);
  }

  bool holds(const Descriptor& blob) const {
    const std::optional<struct stat> status = status_of(path_ / bundle::blob_entry(blob).name);
    return status && static_cast<std::uint64_t>(status->st_size) == blob.size;
  }

  Json index() const {
    const fs::path file = path_ / bundle::kIndexName;
    if (!path_exists(file)) {
      return {{"schemaVersion", 2},
              {"mediaType", media_type::kImageIndex},
              {"manifests", Json::array()}};
    }
    Json value = parse_json(read_file(file, content::kMaxImageDocument), file.string());
    if (!value.is_object() || !value.contains("manifests") || !value["manifests"].is_array()) {
      throw Error(Errc::incompatible, format("{}: found no OCI image index", file.string()));
    }
    return value;
  }
  void write_index(const Json& value) const {
    write_file(path_ / bundle::kIndexName, to_canonical(value));
  }
  std::optional<Json> row_of(const std::string& digest) const {
    const Json value = index();
    for (const Json& row : value["manifests"]) {
      if (row.value("digest", std::string()) == digest) return row;
    }
    return std::nullopt;
  }
  void put_row(Json row, const std::string& name) const {
    row["annotations"] = {{annotation::kRefName, name}};
    Json value = index();
    for (Json& each : value["manifests"]) {
      if (name_in(each) != name) continue;
      each = std::move(row);
      return write_index(value);
    }
    value["manifests"].push_back(std::move(row));
    write_index(value);
  }

  // Every blob that some row leads to.
  std::set<std::string> reachable() const {
    std::set<std::string> digests;
    for (const content::ImageIndexRow& row :
         content::parse_image_index(to_canonical(index()), path_.string())) {
      reach(row.manifest, digests);
    }
    return digests;
  }
  void reach(const Descriptor& document, std::set<std::string>& digests) const {
    if (!digests.insert(document.digest.str()).second) return;
    const std::string where = path_ / bundle::blob_entry(document).name;
    const std::string bytes = read_file(where, content::kMaxImageDocument);
    if (content::is_image_index(content::document_type(bytes, document.media_type))) {
      for (const content::ImageIndexRow& row : content::parse_image_index(bytes, where)) {
        reach(row.manifest, digests);
      }
      return;
    }
    const content::ArtifactManifest manifest = content::parse_artifact_manifest(bytes, where);
    digests.insert(manifest.config.digest.str());
    for (const Descriptor& layer : manifest.layers) digests.insert(layer.digest.str());
  }

  fs::path path_;
};

}  // namespace

std::unique_ptr<ImageStore> layout_store(const Json& settings) {
  return std::make_unique<LayoutStore>(settings);
}

}  // namespace sealift::installer
