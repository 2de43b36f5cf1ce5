// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where images come from. All that a source gives is compared with its digest before it is used.

#include <map>
#include <memory>
#include <string>

#include "base/file.hpp"
#include "builder/images/absorber.hpp"
#include "content/image.hpp"
#include "net/http.hpp"
#include "release/documents/manifest.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

// What is wrong with images of a release, each with its place. What must not be trusted is said
// first.
class ImageProblems {
 public:
  // Error{invalid_input} and Error{untrusted} are gathered; any other goes on.
  void add(const Error& error, const std::string& component, const release::ImageEntry& entry);
  void throw_if_any() const;

 private:
  Problems mistakes_;
  Problems distrusted_;
};

// A manifest that is about an image. `tag`, as cosign writes it, says where a registry has it;
// empty: its subject does.
struct Companion {
  content::Document manifest;
  std::string tag;
};
inline constexpr std::size_t kMaxCompanions = 64;

class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // The manifest or index of the image named `name`; of the only one where `name` is empty.
  // Error{invalid_input} where there is none, or which of several is not said.
  virtual content::Descriptor find(const std::string& name) = 0;
  // A manifest, index or configuration. Error{invalid_input} where it is not what its descriptor
  // says.
  virtual std::string document(const content::Descriptor& descriptor) = 0;
  // Gives layers to the absorber, those that it does not have.
  virtual void absorb(const std::vector<content::Descriptor>& layers) = 0;
  // The signatures and attestations of an image that are kept as cosign does: by a tag made of its
  // digest, or as referrers. Not judged. Error{untrusted} for more than kMaxCompanions.
  virtual std::vector<Companion> companions(const content::Descriptor&) { return {}; }
  virtual release::Derivation derivation() const { return release::Derivation::none; }
};

// By the word in front of `from` in release.yaml: a layout, an archive, a registry, an engine.
std::unique_ptr<ImageSource> open_image_source(const release::Release& release,
                                               const release::ImageOrigin& origin,
                                               Absorber& absorber);

// The sources of one release, each opened once, so that an archive of several images is read once.
class ImageSources {
 public:
  ImageSources(const release::Release& release, Absorber& absorber)
      : release_(release), absorber_(absorber) {}
  ImageSource& of(const release::ImageEntry& entry);
  // The manifest or index that an entry means: where there is a release.lock.yaml, what that says.
  content::Descriptor find(const release::ImageEntry& entry);

 private:
  const release::Release& release_;
  Absorber& absorber_;
  std::map<std::string, std::unique_ptr<ImageSource>> sources_;
};

// What `sealift lock` writes: the digest of every image where it is now.
release::Locked resolve_images(const release::Release& release, Progress& progress);

// The row of an index.json that is meant. `where` starts messages.
content::Descriptor choose_image(std::string_view index, const std::string& name,
                                 const std::string& where);

// Refuses more companions than kMaxCompanions.
void check_companions(std::size_t count);
// The companions that an index.json lists, as a layout has them: by name, by cosign's annotation,
// or by their subject. `document` reads a manifest.
std::vector<Companion> companions_in(std::string_view index, const Digest& image,
                                     const content::FetchDocument& document,
                                     const std::string& where);

// The sorts of source that open_image_source() knows. An OCI image layout as a folder (OCI image
// specification, "Image Layout").
std::unique_ptr<ImageSource> layout_folder(const fs::path& folder, Absorber& absorber);
// An OCI image layout or a `docker save` archive, whichever `form` asks for, read at once.
enum class ArchiveForm { oci, docker };
std::unique_ptr<ImageSource> image_archive(Source& archive, const std::string& name,
                                           ArchiveForm form, Absorber& absorber);

// One repository of a registry; layers are fetched several at a time.
std::unique_ptr<ImageSource> registry_images(const content::ImageName& name,
                                             net::HttpSettings settings, Absorber& absorber);

}  // namespace sealift::builder
