// SPDX-License-Identifier: Apache-2.0
// An OCI image layout as a folder (image specification 1.1, image-layout.md).

#include "base/format.hpp"
#include "builder/images/image_source.hpp"

namespace sealift::builder {

namespace {

class LayoutFolder : public ImageSource {
 public:
  LayoutFolder(const fs::path& folder, Absorber& absorber)
      : folder_(Dir::open(folder)), absorber_(absorber) {}

  content::Descriptor find(const std::string& name) override {
    return choose_image(index(), name, index_name());
  }

  std::vector<Companion> companions(const content::Descriptor& image) override {
    return companions_in(
        index(), image.digest, [&](const content::Descriptor& each) { return document(each); },
        index_name());
  }

  std::string document(const content::Descriptor& descriptor) override {
    const std::string where = where_of(descriptor);
    const Fd fd = open(descriptor);
    FdSource source(fd.get(), where);
    std::string bytes = read_all(source, content::kMaxImageDocument, where);
    compare(descriptor, Digest::of(bytes), bytes.size());
    return bytes;
  }

  void absorb(const std::vector<content::Descriptor>& layers) override {
    for (const content::Descriptor& layer : layers) {
      if (absorber_.holds(layer.digest)) continue;
      const Fd fd = open(layer);
      FdSource source(fd.get(), where_of(layer));
      const Digest found = absorber_.take(source, where_of(layer));
      compare(layer, found, absorber_.facts(found).size);
    }
  }

 private:
  std::string index_name() const { return folder_.path() + "/index.json"; }
  std::string index() const {
    const Fd fd = folder_.open_file("index.json");
    FdSource source(fd.get(), index_name());
    return read_all(source, content::kMaxImageDocument, index_name());
  }
  std::string where_of(const content::Descriptor& blob) const {
    return format("{}/blobs/sha256/{}", folder_.path(), blob.digest.hex());
  }
  Fd open(const content::Descriptor& blob) const {
    const std::string name = format("blobs/sha256/{}", blob.digest.hex());
    try {
      return folder_.open_file(name);
    } catch (const Error&) {
      throw Error(Errc::invalid_input, format("{}: found no such blob", where_of(blob)),
                  "the image is not complete; make it again");
    }
  }
  void compare(const content::Descriptor& wanted, const Digest& found, std::uint64_t size) const {
    if (found == wanted.digest && size == wanted.size) return;
    throw Error(Errc::invalid_input,
                format("{}: found {} bytes with digest {}, expected {} bytes", where_of(wanted),
                       size, found.str(), wanted.size),
                "the image is damaged; make it again");
  }

  Dir folder_;
  Absorber& absorber_;
};

}  // namespace

std::unique_ptr<ImageSource> layout_folder(const fs::path& folder, Absorber& absorber) {
  return std::make_unique<LayoutFolder>(folder, absorber);
}

}  // namespace sealift::builder
