// SPDX-License-Identifier: Apache-2.0
// The folder from which K3s and RKE2 import images at their start: one archive for each image, with
// the image's name inside it. An archive is kept under a name that they pass over, and a public
// name is a second name of the same file.

#include <algorithm>

#include "base/format.hpp"
#include "base/path.hpp"
#include "installer/drivers/images/image_store.hpp"
#include "installer/drivers/images/image_tar.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kKept = ".sealift-";
constexpr std::string_view kScratch = ".sealift-new-";

// '+' and '=' stand in no image name, so no two names meet.
std::string slug(std::string reference) {
  std::replace(reference.begin(), reference.end(), '/', '+');
  std::replace(reference.begin(), reference.end(), ':', '=');
  return reference;
}

std::string public_file(const std::string& reference) {
  return slug(reference) + ".tar";
}

std::string kept_file(const std::string& reference, const std::string& hex) {
  return format("{}{}-{}", kKept, hex, slug(reference));
}

// The name that an archive has until it is switched to.
std::string scratch_file(const std::string& reference) {
  return format("{}{}", kScratch, slug(reference));
}

class FolderStore : public ImageStore {
 public:
  explicit FolderStore(const ImageSettings& settings) : path_(settings.path) {}

  void check(const PlacedImage& image) override {
    if (!dir_exists(path_)) {
      throw Error(Errc::incompatible, format("{}: found no such folder", path_.string()),
                  "create it, or correct path in site.yaml");
    }
    const std::optional<std::string> now = find(image.reference);
    if (now && now->empty()) {
      throw Error(Errc::incompatible,
                  format("{}: found a file that sealift did not write",
                         (path_ / public_file(image.reference)).string()),
                  "move it away");
    }
  }
  // What a kept file's name says: the folder has no other place for it.
  std::string identity(const PlacedImage& image) const override { return image.digest.hex(); }
  bool has(const PlacedImage& image) override { return keeps(image); }
  bool keeps(const PlacedImage& image) override {
    return folder().stat(kept_file(image.reference, image.digest.hex())).has_value();
  }

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    AtomicFile file(path_ / kept_file(image.reference, image.digest.hex()), FileMode::plain);
    write_image_tar(file, content, nullptr, image.reference, TarTables::oci_and_docker, blobs,
                    progress);
    file.commit();
  }
  void release(const PlacedImage& image) override {
    remove(kept_file(image.reference, image.digest.hex()));
  }
  // Only names of ours: others may write here too.
  void clean() override {
    const Dir dir = folder();
    for (const Entry& entry : dir.entries()) {
      if (entry.name.starts_with(kScratch)) dir.remove_tree(entry.name);
    }
    remove_leftovers(path_, [](std::string_view name) { return name.starts_with(kKept); });
  }

  // An empty text is a file of that name that no kept one is a second name of: somebody else's.
  std::optional<std::string> find(const std::string& reference) override {
    const Dir dir = folder();
    const auto file = dir.stat(public_file(reference));
    if (!file) return std::nullopt;
    for (const Entry& entry : dir.entries()) {
      if (!entry.name.starts_with(kKept) || !entry.name.ends_with("-" + slug(reference))) continue;
      const auto kept = dir.stat(entry.name);
      if (kept && kept->st_ino == file->st_ino && kept->st_dev == file->st_dev) {
        return entry.name.substr(kKept.size(), 64);
      }
    }
    return "";
  }
  void tag(const std::string& reference, const std::string& identity) override {
    const Dir dir = folder();
    const std::string scratch = scratch_file(reference);
    dir.remove_tree(scratch);
    dir.link(dir, kept_file(reference, identity), scratch);
    dir.rename(scratch, public_file(reference));
    // A rename over another name of the same file does nothing.
    dir.remove_tree(scratch);
    dir.sync();
  }
  void untag(const std::string& reference) override { remove(public_file(reference)); }

 private:
  Dir folder() const { return Dir::open(path_); }
  void remove(const std::string& name) const {
    const Dir dir = folder();
    dir.remove_tree(name);
    dir.sync();
  }

  fs::path path_;
};

}  // namespace

std::unique_ptr<ImageStore> folder_store(const ImageSettings& settings) {
  return std::make_unique<FolderStore>(settings);
}

}  // namespace sealift::installer
