// SPDX-License-Identifier: Apache-2.0
// An OCI image layout as a folder (image specification 1.1, image-layout.md), which others may
// write to as well: rows of theirs in index.json stay as they are, and only blobs that were brought
// by us and that no row reaches any more are removed.

#include <algorithm>
#include <set>

#include "base/copy.hpp"
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

// One image that index.json names. `document` is all of the row, of which others may have more.
struct LayoutRow {
  std::string name;    // empty: it has none
  std::string digest;  // empty: it has none
  Json document;

  static LayoutRow read(const Json& document) {
    return {.name = text_at(object_at(document, "annotations"), annotation::kRefName),
            .digest = text_at(document, "digest"),
            .document = document};
  }
  // The same image under a name.
  LayoutRow named(const std::string& other) const {
    LayoutRow row{.name = other, .digest = digest, .document = document};
    row.document["annotations"] = {{annotation::kRefName, other}};
    return row;
  }
};

// index.json. `document` is all of it; its rows are those of `rows`.
struct LayoutIndex {
  Json document;
  std::vector<LayoutRow> rows;

  static LayoutIndex read(Json value, const std::string& where) {
    if (!value.is_object() || !value.contains("manifests") || !value.at("manifests").is_array()) {
      throw Error(Errc::incompatible, format("{}: found no OCI image index", where));
    }
    LayoutIndex index;
    for (const Json& row : value.at("manifests")) index.rows.push_back(LayoutRow::read(row));
    index.document = std::move(value);
    return index;
  }
  Json to_json() const {
    Json manifests = Json::array();
    for (const LayoutRow& row : rows) manifests.push_back(row.document);
    Json value = document;
    value["manifests"] = std::move(manifests);
    return value;
  }
};

// By which a file is known to be the one that was read.
struct FileState {
  ino_t inode;
  off_t bytes;
  time_t seconds;
  long nanoseconds;
  friend bool operator==(const FileState&, const FileState&) = default;
};

class LayoutStore : public ImageStore {
 public:
  explicit LayoutStore(const ImageSettings& settings) : path_(settings.path) {}

  // An empty folder, or none, becomes a layout.
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

  // The row comes last, when all that it leads to is there.
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
    put_row(LayoutRow::read(content::to_json(content.root)).named(kept_name(image)));
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

  // Rows first, then blobs: a crash between leaves blobs that no row reaches, which the next
  // release() removes.
  void release(const PlacedImage& image) override {
    remove_rows([&](const LayoutRow& row) {
      return row.name == kept_name(image) ||
             std::any_of(image.signatures.begin(), image.signatures.end(),
                         [&](const PlacedSignature& each) {
                           return row.name == row_name(image, each) &&
                                  row.digest == each.manifest.str();
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
    for (const LayoutRow& row : index().rows) {
      if (row.name == reference) return row.digest;
    }
    return std::nullopt;
  }
  void tag(const std::string& reference, const std::string& identity) override {
    const std::optional<LayoutRow> row = row_of(identity);
    if (!row) throw Error(Errc::io, format("{}: found no image {}", path_.string(), identity));
    put_row(row->named(reference));
  }
  void untag(const std::string& reference) override {
    remove_rows([&](const LayoutRow& row) { return row.name == reference; });
  }

 private:
  // A name of ours, which nobody deploys.
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
    AtomicFile file(path_ / bundle::blob_entry(blob).name, FileMode::plain);
    copy(*open(), file, progress);
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
  std::optional<LayoutRow> row_of(const PlacedImage& image,
                                  const PlacedSignature& signature) const {
    const std::string name = row_name(image, signature);
    for (const LayoutRow& row : index().rows) {
      if (name.empty() ? row.digest == signature.manifest.str() : row.name == name) return row;
    }
    return std::nullopt;
  }
  void bring_signature(const PlacedImage& image, const ImageSignature& signature, Content& blobs,
                       Progress& progress) const {
    const PlacedSignature which = placed(signature);
    const std::string name = row_name(image, which);
    if (const std::optional<LayoutRow> row = row_of(image, which)) {
      if (row->digest != which.manifest.str()) {
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
    Descriptor row = parts.manifest.descriptor;
    if (!name.empty()) {
      row.artifact_type.clear();  // which rows of referrers have
      return put_row(LayoutRow::read(content::to_json(row)).named(name));
    }
    LayoutIndex known = index();
    known.rows.push_back(LayoutRow::read(content::to_json(row)));
    write_index(known);
  }

  template <typename Goes>
  void remove_rows(Goes goes) const {
    LayoutIndex all = index();
    if (std::erase_if(all.rows, goes) > 0) write_index(all);
  }

  // By its size: files appear whole here, and are named by their digest.
  bool holds(const Descriptor& blob) const {
    const std::optional<struct stat> status = status_of(path_ / bundle::blob_entry(blob).name);
    return status && static_cast<std::uint64_t>(status->st_size) == blob.size;
  }

  // Read again once it is another file, as whoever changes an index makes: hundreds of images are
  // asked for one after the other, in an index with as many rows.
  const LayoutIndex& index() const {
    const fs::path file = path_ / bundle::kIndexName;
    const std::optional<struct stat> status = status_of(file);
    if (!status) {
      index_ = {.document = {{"schemaVersion", 2}, {"mediaType", media_type::kImageIndex}},
                .rows = {}};
      index_is_of_.reset();
      return index_;
    }
    const FileState state{.inode = status->st_ino,
                          .bytes = status->st_size,
                          .seconds = status->st_ctim.tv_sec,
                          .nanoseconds = status->st_ctim.tv_nsec};
    if (index_is_of_ == state) return index_;
    index_is_of_.reset();
    index_ = LayoutIndex::read(
        parse_json(read_file(file, content::kMaxImageDocument), file.string()), file.string());
    index_is_of_ = state;
    return index_;
  }
  void write_index(const LayoutIndex& all) const {
    index_is_of_.reset();
    write_file(path_ / bundle::kIndexName, to_canonical(all.to_json()));
  }
  std::optional<LayoutRow> row_of(const std::string& digest) const {
    for (const LayoutRow& row : index().rows) {
      if (row.digest == digest) return row;
    }
    return std::nullopt;
  }
  // In the place of the one that has its name.
  void put_row(LayoutRow row) const {
    LayoutIndex all = index();
    const auto same = std::find_if(all.rows.begin(), all.rows.end(),
                                   [&](const LayoutRow& each) { return each.name == row.name; });
    if (same == all.rows.end()) {
      all.rows.push_back(std::move(row));
    } else {
      *same = std::move(row);
    }
    write_index(all);
  }

  // Every blob that some row leads to.
  std::set<std::string> reachable() const {
    std::set<std::string> digests;
    for (const content::ImageIndexRow& row :
         content::parse_image_index(to_canonical(index().to_json()), path_.string())) {
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
  mutable LayoutIndex index_{};
  mutable std::optional<FileState> index_is_of_ = {};  // nothing: nothing was read
};

}  // namespace

std::unique_ptr<ImageStore> layout_store(const ImageSettings& settings) {
  return std::make_unique<LayoutStore>(settings);
}

}  // namespace sealift::installer
