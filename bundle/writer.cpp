// SPDX-License-Identifier: Apache-2.0
#include "bundle/writer.hpp"

#include "base/format.hpp"
#include "content/media_types.hpp"
#include "content/tar.hpp"

namespace sealift::bundle {

using content::Descriptor;
using content::Frame;

namespace {

// The container under construction: tar bytes in, frames (or the plain tar) out.
class Container : public Sink {
 public:
  Container(Sink& file, Workers& workers, Packing packing)
      : packed_(packing.level.has_value()),
        trailer_(file),
        plain_(file),
        frames_(trailer_, workers, packing.level.value_or(1)) {}

  void write(std::string_view bytes) override {
    if (packed_) {
      frames_.write(bytes);
    } else {
      plain_.write(bytes);
    }
  }

  // So that the first blob of the payload begins a frame: a reader may start there.
  void cut() {
    if (packed_) flush();
  }

  // A sink for frames that exist already; add() names them afterwards.
  Sink& ready_frames() {
    cut();
    return packed_ ? static_cast<Sink&>(trailer_) : plain_;
  }
  void add(const std::vector<Frame>& frames) {
    all_.insert(all_.end(), frames.begin(), frames.end());
  }

  void finish() {
    if (!packed_) return;
    flush();
    trailer_.finish(all_);
  }

 private:
  void flush() {
    frames_.finish();
    all_.insert(all_.end(), frames_.frames().begin() + static_cast<std::ptrdiff_t>(taken_),
                frames_.frames().end());
    taken_ = frames_.frames().size();
  }

  bool packed_;
  content::TrailerSink trailer_;
  Sink& plain_;
  content::FrameWriter frames_;
  std::vector<Frame> all_;
  std::size_t taken_ = 0;
};

// A small file in memory.
void write_entry(Sink& out, const content::TarEntry& entry, std::string_view bytes) {
  out.write(content::tar_header(entry));
  out.write(bytes);
  out.write(content::tar_padding(bytes.size()));
}

// Everything before the payload. In the order of layout.hpp; a document that two others name stands
// where it is first met.
void write_documents(Sink& out, const SealedRelease& release, std::vector<Referrer>& referrers,
                     const std::string& compression) {
  sort_referrers(referrers);
  std::vector<Descriptor> listed;
  listed.reserve(referrers.size());
  for (const Referrer& referrer : referrers) listed.push_back(referrer.manifest.descriptor);
  const std::string index = index_text(release.descriptor, listed, release.images, compression);
  write_entry(out, {.name = std::string(kOciLayoutName), .size = kOciLayoutText.size(), .link = {}},
              kOciLayoutText);
  write_entry(out, {.name = std::string(kIndexName), .size = index.size(), .link = {}}, index);
  if (!release.docker_table.empty()) {
    write_entry(
        out,
        {.name = std::string(kDockerTableName), .size = release.docker_table.size(), .link = {}},
        release.docker_table);
  }

  Once seen;
  const auto put = [&](const Document& document) {
    if (seen.first(document.descriptor.digest)) {
      write_entry(out, blob_entry(document.descriptor), document.bytes);
    }
  };
  for (const Referrer& referrer : referrers) {
    put(referrer.manifest);
    put({content::empty_descriptor(), std::string(content::kEmptyContent)});
    for (const Document& layer : referrer.layers) put(layer);
  }
  for (const Document& document : release.graph) put(document);
}

}  // namespace

// D is computed last, from everything below it.
SealedRelease seal(const release::ReleaseDocument& document, const std::string& notes,
                   const std::vector<release::Component>& components) {
  std::vector<Document> below;
  const auto add = [&](std::string_view type, std::string bytes) {
    below.push_back({content::describe(type, bytes), std::move(bytes)});
    return below.back().descriptor;
  };
  std::vector<Descriptor> manifests;
  const auto add_manifest = [&](const release::Manifest& manifest, std::size_t before) {
    // A manifest stands before what it names.
    const std::string bytes = to_text(manifest);
    Descriptor descriptor = content::describe(media_type::kImageManifest, bytes);
    below.insert(below.begin() + static_cast<std::ptrdiff_t>(before), {descriptor, bytes});
    descriptor.artifact_type = manifest.artifact_type;
    return descriptor;
  };

  const Descriptor config = add(media_type::kReleaseConfig, to_text(document));
  const Descriptor layer = notes.empty()
                               ? add(media_type::kEmpty, std::string(content::kEmptyContent))
                               : add(media_type::kNotes, notes);
  manifests.push_back(add_manifest({.artifact_type = std::string(media_type::kRelease),
                                    .config = config,
                                    .layers = {layer},
                                    .subject = {}},
                                   0));
  for (const release::Component& component : components) {
    const std::size_t before = below.size();
    add(media_type::kComponentConfig, to_text(component.document));
    if (component.is_images() && papers_of(component.document).empty()) {
      add(media_type::kEmpty, std::string(content::kEmptyContent));
    }
    Descriptor manifest = add_manifest(component.manifest, before);
    manifest.annotations[annotation::kTitle] = component.row.name;
    manifests.push_back(std::move(manifest));
  }
  for (const content::Image* image : images_of(components)) {
    manifests.push_back(image->root);
    below.insert(below.end(), image->documents.begin(), image->documents.end());
  }

  const std::string index = release::release_index_text(manifests);
  SealedRelease sealed{.descriptor = release_descriptor(index, document.name, document.version),
                       .graph = {},
                       .payload = {},
                       .images = image_rows(components),
                       .docker_table = docker_table(components)};
  sealed.graph.push_back({sealed.descriptor, index});
  sealed.graph.insert(sealed.graph.end(), below.begin(), below.end());
  Once seen;
  for (const Document& each : sealed.graph) seen.first(each.descriptor.digest);
  sealed.payload = payload_of(components, seen);
  return sealed;
}

// Frames that the spool has are copied as they are; only headers and small blobs are compressed
// now.
WrittenFile write_bundle(const fs::path& path, const SealedRelease& release,
                         std::vector<Referrer> referrers, const Spool& payload, Workers& workers,
                         Packing packing) {
  AtomicFile file(path, FileMode::plain);
  HashingSink hashed(file);
  Container container(hashed, workers, packing);
  write_documents(container, release, referrers,
                  packing.level ? content::compressor_name(*packing.level) : "");
  container.cut();
  for (const Descriptor& blob : release.payload) {
    container.write(content::tar_header(blob_entry(blob)));
    if (payload.is_framed(blob.digest)) {
      Sink& frames = container.ready_frames();
      container.add(payload.copy(blob.digest, frames));
    } else {
      payload.copy(blob.digest, container);
    }
    container.write(content::tar_padding(blob.size));
  }
  container.write(content::tar_end());
  container.finish();
  file.commit();
  return {.digest = hashed.finish(), .bytes = hashed.size()};
}

WrittenFile rewrite_referrers(const fs::path& path, const RandomAccess& from,
                              const PayloadPart& payload, const SealedRelease& release,
                              std::vector<Referrer> referrers, Workers& workers,
                              const std::string& compression) {
  AtomicFile file(path, FileMode::plain);
  HashingSink hashed(file);
  Container container(hashed, workers, compression.empty() ? Packing{.level = {}} : Packing{});
  write_documents(container, release, referrers, compression);
  Sink& out = container.ready_frames();
  if (copy(from, payload.offset, payload.size, out) != payload.size) {
    throw Error(Errc::corrupt, format("{}: found the end of the file too early", path.string()));
  }
  container.add(payload.frames);
  container.finish();
  file.commit();
  return {.digest = hashed.finish(), .bytes = hashed.size()};
}

}  // namespace sealift::bundle
