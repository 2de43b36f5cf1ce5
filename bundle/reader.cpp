// SPDX-License-Identifier: Apache-2.0
#include "bundle/reader.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "bundle/index.hpp"
#include "content/media_types.hpp"
#include "content/tar_outline.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::bundle {

using content::Descriptor;

namespace {

template <typename Referrers>
std::vector<std::string> layers_in(const Referrers& referrers, std::string_view artifact_type) {
  std::vector<std::string> layers;
  for (const Referrer& referrer : referrers) {
    if (referrer.manifest.descriptor.artifact_type != artifact_type) continue;
    for (const Document& layer : referrer.layers) layers.push_back(layer.bytes);
  }
  return layers;
}

// The documents of a component agree on what it is, and say what its kind says and nothing else.
void check_kind(const release::ComponentRow& row, const std::string& artifact_type,
                const release::ComponentDocument& document) {
  const std::string& kind = row.artifact_type;
  if (artifact_type != kind || document.name != row.name) {
    throw Error(Errc::corrupt, "its documents contradict each other");
  }
  const auto refuse = [&](std::string_view found) {
    throw Error(Errc::corrupt, format("found {}, its kind is {}", found, printable(kind)));
  };
  if (const bool found = !document.images.empty(); found != (kind == media_type::kImages)) {
    refuse(found ? "images" : "no images");
  }
  if (const bool found = document.migrations.has_value();
      found != (kind == media_type::kMigrations)) {
    refuse(found ? "migrations" : "no migrations");
  }
  if (!document.assets.empty() && kind != media_type::kAssets) refuse("assets");
  if (const bool found = document.workload.has_value(); found != (kind == media_type::kManifests)) {
    refuse(found ? "a workload" : "no workload");
  }
}

// What the layers of a referrer may be; nothing for an artifact type that no referrer has.
std::vector<std::string_view> layer_types_of(std::string_view artifact_type) {
  if (artifact_type == media_type::kStatement) return {media_type::kInToto};
  if (artifact_type == media_type::kRootChain) return {media_type::kTufRoot};
  if (artifact_type == media_type::kApproval) return {media_type::kDsse, media_type::kSshSig};
  return {};
}

void count(const release::FileEntry& entry, release::ComponentDocument& sums) {
  sums.files += entry.type == EntryType::file ? 1 : 0;
  sums.directories += entry.type == EntryType::directory ? 1 : 0;
  sums.symlinks += entry.type == EntryType::symlink ? 1 : 0;
  sums.bytes += entry.size;
}

bool adds_up(const release::ComponentDocument& sums, const release::ComponentDocument& said) {
  return said.images.empty() &&
         std::tie(sums.files, sums.directories, sums.symlinks, sums.bytes) ==
             std::tie(said.files, said.directories, said.symlinks, said.bytes);
}

bool is_tree(const Descriptor& blob) {
  return blob.media_type == media_type::kTree || blob.media_type == media_type::kMustacheTree;
}

// Passes a blob's bytes on to whoever wants them while they are hashed.
class EntrySource : public Source {
 public:
  EntrySource(content::ExpectedTar& tar, Progress& progress) : tar_(tar), progress_(progress) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = tar_.read(into);
    hasher_.update({into.data(), count});
    progress_.advance(count);
    return count;
  }
  Digest finish() { return hasher_.finish(); }

 private:
  content::ExpectedTar& tar_;
  Progress& progress_;
  Hasher hasher_;
};

}  // namespace

std::vector<std::string> Contents::layers_of(std::string_view artifact_type) const {
  return layers_in(referrers, artifact_type);
}

std::vector<std::string> Reader::Claim::layers_of(std::string_view artifact_type) const {
  return layers_in(referrers, artifact_type);
}

// The file, unpacked where it is compressed.
struct Reader::Container {
  Container(Source& file, Workers& workers) : start(file, 4) {
    if (content::is_zstd(start.first())) frames.emplace(start, workers);
  }
  Source& tar() { return frames ? static_cast<Source&>(*frames) : start; }

  PeekedSource start;
  std::optional<content::FrameSource> frames;
};

Reader::Reader(Source& file, Workers& workers, std::string name)
    : name_(std::move(name)),
      container_(std::make_unique<Container>(file, workers)),
      tar_(std::make_unique<content::ExpectedTar>(container_->tar(), name_)) {}

Reader::~Reader() = default;

const std::vector<content::Frame>& Reader::frames() const {
  static const std::vector<content::Frame> none;
  return container_->frames ? container_->frames->frames() : none;
}

std::string Reader::read_document(const Descriptor& descriptor) {
  if (const auto known = documents_.find(descriptor.digest); known != documents_.end()) {
    if (known->second.size() != descriptor.size) {
      throw Error(Errc::corrupt,
                  format("{}: {}: found {} bytes, its descriptor says {}", name_,
                         descriptor.digest.str(), known->second.size(), descriptor.size));
    }
    return known->second;
  }
  documents_bytes_ += descriptor.size;
  if (descriptor.size > release::kMaxDocumentBytes || documents_bytes_ > kMaxDocumentsBytes) {
    throw Error(Errc::corrupt,
                format("{}: found documents of more than {} bytes, or one of more than {}", name_,
                       kMaxDocumentsBytes, release::kMaxDocumentBytes));
  }
  tar_->header(blob_entry(descriptor));
  std::string bytes = tar_->content();
  if (const Digest found = Digest::of(bytes); found != descriptor.digest) {
    throw Error(Errc::corrupt, format("{}: found content with digest {}, expected {}", name_,
                                      found.str(), descriptor.digest.str()));
  }
  if (documents_.size() >= release::kMaxBlobs) {
    throw Error(Errc::corrupt, format("{}: more than {} blobs", name_, release::kMaxBlobs));
  }
  documents_.emplace(descriptor.digest, bytes);
  return bytes;
}

Referrer Reader::read_referrer(const Descriptor& listed) {
  std::string bytes = read_document(listed);
  Referrer referrer{.manifest = {listed, std::move(bytes)}, .layers = {}};
  const std::string where = format("{}: referrer {}", name_, listed.digest.short_hex());
  const release::Manifest manifest = release::parse_manifest(referrer.manifest.bytes, where);
  const std::vector<std::string_view> layer_types = layer_types_of(manifest.artifact_type);
  if (layer_types.empty()) {
    throw Error(Errc::corrupt,
                format("{}: found the artifact type {}, expected a statement, a root chain or an "
                       "approval",
                       where, printable(manifest.artifact_type)));
  }
  read_document(manifest.config);
  std::vector<std::string> layers;
  for (const Descriptor& layer : manifest.layers) {
    layers.push_back(read_document(layer));
    referrer.layers.push_back({layer, layers.back()});
  }
  // No signature covers this manifest, so it has one form: that of make_referrer().
  const bool is_ours =
      std::any_of(layer_types.begin(), layer_types.end(), [&](std::string_view layer_type) {
        const Referrer written =
            make_referrer(manifest.artifact_type, layer_type, layers, claim_->release);
        return written.manifest.descriptor == listed &&
               written.manifest.bytes == referrer.manifest.bytes;
      });
  if (!is_ours) {
    throw Error(Errc::corrupt,
                format("{}: found no referrer of the release in this bundle", where));
  }
  return referrer;
}

const Reader::Claim& Reader::read_claim() {
  try {
    tar_->header({.name = std::string(kOciLayoutName), .size = kOciLayoutText.size(), .link = {}});
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt) throw;
    throw Error(Errc::corrupt, format("{}: does not begin as a bundle does", name_),
                "name a file that `sealift build` has written; if it is one, carry it again");
  }
  if (tar_->content() != kOciLayoutText) {
    throw Error(Errc::corrupt,
                format("{}: oci-layout: found another version, expected 1.0.0", name_));
  }
  const Index index =
      parse_index(tar_->file_of_unknown_size(std::string(kIndexName), release::kMaxDocumentBytes),
                  format("{}: index.json", name_));
  if (!index.images.empty()) {
    docker_table_ =
        tar_->file_of_unknown_size(std::string(kDockerTableName), release::kMaxDocumentBytes);
  }
  images_ = index.images;
  compression_ = index.compression;
  if (container_->frames.has_value() == compression_.empty()) {
    throw Error(Errc::corrupt,
                format("{}: the recorded compression is not that of the file", name_));
  }
  claim_ = Claim{.release = index.release, .referrers = {}};
  for (const Descriptor& listed : index.referrers) {
    claim_->referrers.push_back(read_referrer(listed));
  }
  std::vector<Referrer> sorted = claim_->referrers;
  sort_referrers(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const Digest& digest = sorted[i].manifest.descriptor.digest;
    if (digest != index.referrers[i].digest ||
        (i > 0 && digest == sorted[i - 1].manifest.descriptor.digest)) {
      throw Error(Errc::corrupt, format("{}: index.json: referrers are not in order", name_));
    }
  }
  return *claim_;
}

void Reader::read_images(const std::vector<Descriptor>& roots,
                         std::vector<release::Component>& components) {
  std::map<Digest, content::Image> images;
  const content::FetchDocument fetch = [&](const Descriptor& each) { return read_document(each); };
  for (const Descriptor& root : roots) {
    images.emplace(root.digest, blame(Errc::corrupt, name_, [&] {
                     return content::read_image(root, fetch, "image " + root.digest.short_hex());
                   }));
  }
  for (release::Component& component : components) {
    for (const release::CarriedImage& carried : component.document.images) {
      const auto found = images.find(carried.digest);
      if (found == images.end()) {
        throw Error(Errc::corrupt, format("{}: component {}: its image {} is not in the bundle",
                                          name_, component.row.name, printable(carried.name)));
      }
      component.images.push_back(found->second);
    }
  }
}

// The layers of a component of images are the reports and signatures about them; without any, the
// empty one.
void Reader::check_image_layers(const release::Manifest& manifest,
                                const release::ComponentDocument& document) {
  const std::vector<Digest> papers = papers_of(document);
  const bool is_empty = manifest.layers == std::vector{content::empty_descriptor()};
  std::vector<Digest> found;
  for (const Descriptor& layer : manifest.layers) {
    if (layer.media_type == media_type::kFileTable || is_tree(layer)) break;
    if (!is_empty) found.push_back(layer.digest);
  }
  if (found != papers || (found.size() != manifest.layers.size() && !is_empty)) {
    throw Error(Errc::corrupt, format("{}: component {}: its layers are not the reports and "
                                      "signatures of its document",
                                      name_, document.name));
  }
  if (is_empty) read_document(manifest.layers.front());
}

Contents Reader::read_release() {
  const Descriptor& release = claim_->release;
  const std::string release_index = read_document(release);
  const std::vector<Descriptor> manifests = release::parse_release_index(release_index);
  const release::Manifest manifest = release::parse_manifest(read_document(manifests.front()),
                                                             format("{}: release manifest", name_));
  // Read first: GCC 12 destroys the members of a nested aggregate twice when a later initialiser of
  // the outer one throws.
  release::ReleaseDocument document =
      release::parse_release_document(read_document(manifest.config));
  Contents contents{.release = {.descriptor = release,
                                .graph = {},
                                .payload = {},
                                .images = {},
                                .docker_table = {}},
                    .referrers = claim_->referrers,
                    .document = std::move(document),
                    .notes = {},
                    .components = {},
                    .compression = compression_,
                    .documents_end = 0};
  for (const Descriptor& layer : manifest.layers) {
    const std::string bytes = read_document(layer);
    if (layer.media_type == media_type::kNotes) contents.notes = bytes;
  }
  if (contents.document.components.size() + 1 > manifests.size()) {
    throw Error(Errc::corrupt,
                format("{}: found {} components in release.json and {} in the release index", name_,
                       contents.document.components.size(), manifests.size() - 1));
  }
  for (std::size_t i = 0; i < contents.document.components.size(); ++i) {
    const release::ComponentRow& row = contents.document.components[i];
    release::Manifest component = release::parse_manifest(
        read_document(manifests[i + 1]), format("{}: component {}", name_, row.name));
    const release::ComponentDocument totals =
        release::parse_component_document(read_document(component.config));
    while_doing(format("{}: component {}", name_, row.name),
                [&] { check_kind(row, component.artifact_type, totals); });
    if (!totals.images.empty()) check_image_layers(component, totals);
    contents.components.push_back({row, totals, std::move(component), {}});
  }
  read_images({manifests.begin() + 1 + static_cast<std::ptrdiff_t>(contents.components.size()),
               manifests.end()},
              contents.components);

  // What was read must be just what a writer of the same values writes.
  contents.release = seal(contents.document, contents.notes, contents.components);
  if (contents.release.descriptor != release ||
      contents.release.graph.front().bytes != release_index) {
    throw Error(Errc::corrupt,
                format("{}: the release's documents are not in their canonical form", name_));
  }
  if (contents.release.images != images_ || contents.release.docker_table != docker_table_) {
    throw Error(
        Errc::corrupt,
        format("{}: index.json or manifest.json: found other images than the release's", name_));
  }
  contents.documents_end = tar_->position();
  return contents;
}

Reader::Table Reader::check_file_table(const Descriptor& table, Progress& progress) {
  EntrySource bytes(*tar_, progress);
  release::FileTableReader lines(bytes);
  content::TarOutline outline;
  release::ComponentDocument sums;
  while (const std::optional<release::FileEntry> entry = lines.next()) {
    outline.add(release::tar_entry(*entry));
    count(*entry, sums);
    if (entry->mode != 0644 && entry->mode != 0755) {
      throw Error(Errc::corrupt, format("{}: {}: found the mode {:04o}, expected 0644 or 0755",
                                        name_, printable(entry->path.str()), entry->mode));
    }
  }
  if (const Digest found = bytes.finish(); found != table.digest) {
    throw Error(Errc::corrupt, format("{}: found content with digest {}, expected {}", name_,
                                      found.str(), table.digest.str()));
  }
  return {.outline = outline.finish(), .sums = std::move(sums)};
}

Digest Reader::check_tree(const Descriptor& tree, Progress& progress) {
  EntrySource bytes(*tar_, progress);
  const Digest outline = while_doing(format("{}: tree {}", name_, tree.digest.short_hex()),
                                     [&] { return content::read_outline(bytes); });
  if (const Digest found = bytes.finish(); found != tree.digest) {
    throw Error(Errc::corrupt, format("{}: found content with digest {}, expected {}", name_,
                                      found.str(), tree.digest.str()));
  }
  return outline;
}

void Reader::check_payload(const Contents& contents, Progress& progress) {
  std::uint64_t total = 0;
  for (const Descriptor& blob : contents.release.payload) total += blob.size;
  progress.begin("verifying", total);
  std::string buffer(256 * 1024, '\0');
  std::map<Digest, Table> tables;
  std::map<Digest, Digest> trees;  // their outlines
  for (const Descriptor& blob : contents.release.payload) {
    tar_->header(blob_entry(blob));
    if (blob.media_type == media_type::kFileTable) {
      tables.emplace(blob.digest, check_file_table(blob, progress));
      continue;
    }
    if (is_tree(blob)) {
      trees.emplace(blob.digest, check_tree(blob, progress));
      continue;
    }
    EntrySource bytes(*tar_, progress);
    while (bytes.read(buffer) > 0) {
    }
    if (const Digest found = bytes.finish(); found != blob.digest) {
      throw Error(Errc::corrupt, format("{}: found content with digest {}, expected {}", name_,
                                        found.str(), blob.digest.str()));
    }
  }
  tar_->end();
  for (const release::Component& component : contents.components) {
    if (component.is_images()) continue;
    const auto table = tables.find(component.file_table().digest);
    if (table == tables.end() || !adds_up(table->second.sums, component.document)) {
      throw Error(Errc::corrupt,
                  format("{}: component {}: its file table does not add up to its document", name_,
                         component.row.name));
    }
    for (const Descriptor& layer : component.manifest.layers) {
      if (!is_tree(layer)) continue;
      const auto tree = trees.find(layer.digest);
      // One that stands in the bundle as something else was not checked as what it is here.
      if (tree == trees.end() || table->second.outline != tree->second) {
        throw Error(Errc::corrupt,
                    format("{}: component {}: its tree holds other entries than its file table",
                           name_, component.row.name));
      }
    }
  }
  progress.end();
}

Contents read_documents(int fd, const std::string& name, Workers& workers) {
  FdSource file(fd, name);
  return read_documents(file, name, workers);
}

Contents read_documents(Source& file, const std::string& name, Workers& workers) {
  Reader reader(file, workers, name);
  reader.read_claim();
  return reader.read_release();
}

PayloadPart locate_payload(const RandomAccess& file, const std::string& name,
                           const Contents& contents) {
  if (contents.compression.empty()) {
    return {.offset = contents.documents_end,
            .frames = {},
            .size = file.size() - std::min(file.size(), contents.documents_end)};
  }
  const std::vector<content::Frame> frames = content::read_seek_table(file);
  PayloadPart part{.offset = 0, .frames = {}, .size = 0};
  std::uint64_t content = 0;
  for (const content::Frame& frame : frames) {
    if (content < contents.documents_end) {
      part.offset += frame.compressed;
    } else {
      part.frames.push_back(frame);
      part.size += frame.compressed;
    }
    content += frame.content;
    if (content > contents.documents_end && part.frames.empty()) {
      throw Error(Errc::corrupt, format("{}: found no frame boundary after the documents", name));
    }
  }
  return part;
}

}  // namespace sealift::bundle
