// SPDX-License-Identifier: Apache-2.0
// An image archive that others wrote: an OCI image layout in a tar, or what `docker save` writes
// (Docker image specification 1.2), or both in one, as Docker 25 and our own bundles have it. Its
// entries come in any order, so all of them are taken into the spool while it passes by.

#include <algorithm>
#include <map>
#include <optional>

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/path.hpp"
#include "builder/images/image_source.hpp"
#include "content/foreign_archive.hpp"
#include "content/image_name.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

using content::Descriptor;

constexpr std::size_t kMaxEntries = 100'000;
constexpr std::size_t kMaxLinks = 8;

// What an archive holds, by name. Docker writes a layer that two images share once, and a link for
// the other. Links are followed by name, a few at most: a circle ends as a missing entry.
class Entries {
 public:
  Entries(Source& source, std::string name, Absorber& absorber)
      : name_(std::move(name)), absorber_(absorber) {
    content::ForeignArchive archive(source, name_);
    while (const auto entry = archive.next()) {
      if (files_.size() + links_.size() >= kMaxEntries) {
        throw Error(Errc::invalid_input,
                    format("{}: found more than {} entries", name_, kMaxEntries));
      }
      if (entry->type == EntryType::directory) continue;
      const std::string path = fs::path(entry->name).lexically_normal().string();
      if (!entry->link.empty()) {
        const fs::path folder =
            entry->type == EntryType::symlink ? fs::path(path).parent_path() : fs::path();
        links_[path] = (folder / entry->link).lexically_normal().string();
        continue;
      }
      if (entry->type != EntryType::file) {
        throw Error(Errc::invalid_input,
                    format("{}: {}: found a device or pipe", name_, printable(path, 200)));
      }
      const Digest digest = absorber_.take(archive, format("{}: {}", name_, printable(path, 200)));
      if (!files_.emplace(path, digest).second) {
        throw Error(Errc::invalid_input,
                    format("{}: found two entries named {}", name_, printable(path, 200)));
      }
    }
  }

  const std::string& name() const { return name_; }
  bool has(const std::string& name) const { return files_.contains(name); }

  const Digest& digest(std::string name) const {
    for (std::size_t i = 0; i < kMaxLinks; ++i) {
      if (const auto found = files_.find(name); found != files_.end()) return found->second;
      const auto link = links_.find(name);
      if (link == links_.end()) break;
      name = link->second;
    }
    throw Error(Errc::invalid_input, format("{}: found no {}", name_, printable(name, 200)),
                "the image is not complete; make it again");
  }

  // A document is small; a layer under its name is refused by its size.
  std::string text(const std::string& name) const {
    const Digest& found = digest(name);
    if (absorber_.facts(found).size > content::kMaxImageDocument) {
      throw Error(Errc::invalid_input, format("{}: {}: found more than {} bytes", name_,
                                              printable(name, 200), content::kMaxImageDocument));
    }
    return absorber_.bytes(found);
  }

 private:
  std::string name_;
  Absorber& absorber_;
  std::map<std::string, Digest> files_;
  std::map<std::string, std::string> links_;
};

class OciArchive : public ImageSource {
 public:
  OciArchive(Entries entries, Absorber& absorber)
      : entries_(std::move(entries)), absorber_(absorber) {}

  Descriptor find(const std::string& name) override {
    return choose_image(entries_.text("index.json"), name, entries_.name() + ": index.json");
  }
  std::vector<Companion> companions(const Descriptor& image) override {
    return companions_in(
        entries_.text("index.json"), image.digest,
        [&](const Descriptor& each) { return document(each); }, entries_.name() + ": index.json");
  }
  std::string document(const Descriptor& descriptor) override {
    compare(descriptor);
    return entries_.text(name_of(descriptor));
  }
  void absorb(const std::vector<Descriptor>& layers) override {
    for (const Descriptor& layer : layers) compare(layer);
  }

 private:
  static std::string name_of(const Descriptor& blob) { return "blobs/sha256/" + blob.digest.hex(); }

  // All was taken when the archive was read; a blob must be what its descriptor says.
  void compare(const Descriptor& blob) {
    const Digest& found = entries_.digest(name_of(blob));
    if (found != blob.digest || absorber_.facts(found).size != blob.size) {
      throw Error(
          Errc::invalid_input,
          format("{}: {}: found {} bytes with digest {}, expected {} bytes", entries_.name(),
                 name_of(blob), absorber_.facts(found).size, found.str(), blob.size),
          "the image is damaged; make it again");
    }
  }

  Entries entries_;
  Absorber& absorber_;
};

// A row of manifest.json. Of what is missing, or has another form, nothing is here.
struct SavedImage {
  std::string config;                              // the name of an entry, as a layer's is
  std::optional<std::vector<std::string>> layers;  // empty for one that is no name
  std::vector<std::string> tags;
};

// Tolerant: what matters is refused where it is used, with a message that says so.
SavedImage saved_image_from_json(const Json& row) {
  const auto texts = [](const Json& list) {
    std::vector<std::string> all;
    for (const Json& each : list) all.push_back(each.is_string() ? each.text() : "");
    return all;
  };
  SavedImage image{.config = text_at(row, "Config"), .layers = {}, .tags = {}};
  if (row.value("Layers", Json()).is_array()) image.layers = texts(list_at(row, "Layers"));
  image.tags = texts(list_at(row, "RepoTags"));
  return image;
}

// An archive of `docker save` names a configuration and layers, and has no manifest: one is made of
// them, the same for the same archive.
class DockerArchive : public ImageSource {
 public:
  DockerArchive(Entries entries, Absorber& absorber)
      : entries_(std::move(entries)), absorber_(absorber) {}

  release::Derivation derivation() const override { return release::Derivation::converted; }

  Descriptor find(const std::string& name) override {
    const SavedImage image = choose(name);
    if (image.config.empty()) refuse("found no Config");
    const std::string config = entries_.text(image.config);
    Json manifest = {{"schemaVersion", 2},
                     {"mediaType", media_type::kImageManifest},
                     {"config", to_json(keep(media_type::kImageConfig, config))},
                     {"layers", Json::array()}};
    if (!image.layers) refuse("found no Layers");
    for (const std::string& layer : *image.layers) {
      if (layer.empty()) refuse("found a layer that is no name");
      const Digest& digest = entries_.digest(layer);
      const BlobFacts& facts = absorber_.facts(digest);
      // Docker writes plain tars; podman and others may have compressed them.
      const std::string type =
          std::string(media_type::kImageLayer) + (facts.diff_id == digest ? "" : "+gzip");
      manifest["layers"].push_back(to_json(Descriptor{.media_type = type,
                                                      .digest = digest,
                                                      .size = facts.size,
                                                      .artifact_type = {},
                                                      .annotations = {}}));
    }
    return keep(media_type::kImageManifest, to_canonical(manifest));
  }

  std::string document(const Descriptor& descriptor) override {
    return documents_.at(descriptor.digest);
  }

  void absorb(const std::vector<Descriptor>&) override {}

 private:
  [[noreturn]] void refuse(std::string_view found) const {
    throw Error(Errc::invalid_input, format("{}: manifest.json: {}", entries_.name(), found));
  }

  Descriptor keep(std::string_view media_type, const std::string& bytes) {
    Descriptor descriptor = content::describe(media_type, bytes);
    documents_.emplace(descriptor.digest, bytes);
    return descriptor;
  }

  SavedImage choose(const std::string& name) const {
    const Json table =
        parse_json(entries_.text("manifest.json"), entries_.name(), Errc::invalid_input);
    if (!table.is_array() || table.empty()) refuse("found no image");
    const auto is_meant = [&](const SavedImage& image) {
      if (name.empty()) return true;
      const std::string wanted = content::ImageName::parse(name).str();
      return std::any_of(image.tags.begin(), image.tags.end(), [&](const std::string& tag) {
        return !tag.empty() && content::ImageName::parse(tag).str() == wanted;
      });
    };
    std::optional<SavedImage> chosen;
    for (const Json& row : table) {
      if (!row.is_object()) refuse("found a row that is no object");
      SavedImage image = saved_image_from_json(row);
      if (!is_meant(image)) continue;
      if (chosen) {
        throw Error(Errc::invalid_input, format("{}: found more than one image", entries_.name()),
                    "say which after a colon");
      }
      chosen = std::move(image);
    }
    if (!chosen) refuse(format("found no image named \"{}\"", printable(name, 200)));
    return *chosen;
  }

  Entries entries_;
  Absorber& absorber_;
  std::map<Digest, std::string> documents_;
};

}  // namespace

std::unique_ptr<ImageSource> image_archive(Source& archive, const std::string& name,
                                           ArchiveForm form, Absorber& absorber) {
  Entries entries(archive, name, absorber);
  // Where both forms are there, the one with manifests keeps every digest.
  if (entries.has("index.json") && entries.has("oci-layout")) {
    return std::make_unique<OciArchive>(std::move(entries), absorber);
  }
  if (entries.has("manifest.json") && form == ArchiveForm::docker) {
    return std::make_unique<DockerArchive>(std::move(entries), absorber);
  }
  if (entries.has("manifest.json")) {
    throw Error(Errc::invalid_input,
                format("{}: found an archive of `docker save`, expected an OCI image layout", name),
                "write docker-archive: instead of oci-archive:");
  }
  throw Error(
      Errc::invalid_input,
      format("{}: found neither index.json nor manifest.json, expected an archive of images",
             name));
}

}  // namespace sealift::builder
