// SPDX-License-Identifier: Apache-2.0
// A registry. Content is pushed by digest, where nobody sees it, and tags are switched afterwards.
// A registry has other users: a tag of an older release stays until that release is pruned, and a
// manifest goes only when no tag leads to it.

#include <map>
#include <mutex>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "content/image_name.hpp"
#include "installer/drivers/images/image_store.hpp"
#include "installer/drivers/images/signatures.hpp"
#include "net/repository.hpp"

namespace sealift::installer {

namespace {

using content::Descriptor;
using content::ImageName;

class RegistryStore : public ImageStore {
 public:
  explicit RegistryStore(const ImageSettings& settings)
      : ca_file_(settings.ca), insecure_(settings.insecure) {}

  void check(const PlacedImage& image) override { find(image.reference); }
  std::string identity(const PlacedImage& image) const override { return image.digest.str(); }
  bool keeps_old_names() const override { return true; }
  bool has(const PlacedImage& image) override {
    return repository(image.reference).find(image.digest.str()).has_value();
  }
  std::string loads_into(const PlacedImage& image) const override {
    return ImageName::parse(image.reference).place();
  }
  bool keeps(const PlacedImage& image) override { return has(image); }

  void load(const PlacedImage& image, const content::Image& content, Content& blobs,
            Progress& progress) override {
    const ImageName name = ImageName::parse(image.reference);
    net::Repository& to = repository(image.reference);
    push_layers(name, content.layers, blobs, progress);
    // What is named goes before what names it; a configuration is a blob like a layer.
    for (auto each = content.documents.rbegin(); each != content.documents.rend(); ++each) {
      const Descriptor& document = each->descriptor;
      const bool is_manifest = content::is_image_manifest(document.media_type) ||
                               content::is_image_index(document.media_type);
      if (is_manifest) {
        to.put_manifest(*each, document.digest.str());
      } else {
        const auto open = [&] { return std::make_unique<StringSource>(each->bytes); };
        push(to, name, document, open, [&](std::uint64_t bytes) { progress.advance(bytes); });
      }
    }
    push_signatures(image, blobs);
  }

  // Those of others that are there already stay theirs, and do not go with the image.
  std::vector<PlacedSignature> lacking(const PlacedImage& image) override {
    std::vector<PlacedSignature> signatures = image.signatures;
    std::erase_if(signatures, [&](const PlacedSignature& each) {
      return repository(image.reference).find(place_of(each)).has_value();
    });
    return signatures;
  }

  // What others have signed about the image, or let refer to it, stays.
  void release(const PlacedImage& image) override {
    if (!remove_image(image)) return;
    net::Repository& from = repository(image.reference);
    for (const PlacedSignature& each : image.signatures) {
      if (!each.tag.empty()) {
        const auto found = from.find(each.tag);
        if (!found || found->digest != each.manifest) continue;
      }
      from.remove(each.manifest.str());
      if (each.tag.empty()) from.unlist_referrer(image.digest, each.manifest);
    }
  }

  std::optional<std::string> find(const std::string& reference) override {
    const auto found = repository(reference).find(ImageName::parse(reference).tag);
    return found ? std::optional(found->digest.str()) : std::nullopt;
  }
  // A tag is made by putting the manifest once more under its name; the bytes are the registry's
  // own.
  void tag(const std::string& reference, const std::string& identity) override {
    net::Repository& to = repository(reference);
    to.put_manifest(to.manifest(identity), ImageName::parse(reference).tag);
  }

  // Not every registry deletes a tag alone; where it is the only one of its manifest, both go.
  void untag(const std::string& reference) override {
    const std::string tag = ImageName::parse(reference).tag;
    net::Repository& from = repository(reference);
    const std::optional<Descriptor> found = from.find(tag);
    if (!found || from.remove(tag) == net::Repository::Removal::done) return;
    const bool is_only = tag_of(from, found->digest, tag).empty() &&
                         from.remove(found->digest.str()) == net::Repository::Removal::done;
    if (!is_only) {
      log::warning(format("{} stays: the registry does not allow deleting it", reference));
    }
  }

 private:
  // False where it stays, which is said.
  bool remove_image(const PlacedImage& image) {
    net::Repository& from = repository(image.reference);
    if (find(image.reference) == identity(image)) untag(image.reference);
    if (!from.find(image.digest.str())) return true;
    if (const std::string tag = tag_of(from, image.digest); !tag.empty()) {
      log::warning(format("{} stays in the registry: the tag {} leads to it", image.name, tag));
      return false;
    }
    if (from.remove(image.digest.str()) == net::Repository::Removal::done) return true;
    log::warning(format("{} ({}) stays: the registry does not allow deleting", image.reference,
                        image.digest.short_hex()));
    return false;
  }

  // Signatures go where cosign looks for them, unless somebody else's are there.
  void push_signatures(const PlacedImage& image, Content& blobs) {
    const ImageName name = ImageName::parse(image.reference);
    net::Repository& to = repository(image.reference);
    for (const ImageSignature& signature : blobs.signatures(image.digest)) {
      const std::string at = place_of(placed(signature));
      if (const auto found = to.find(at)) {
        if (found->digest != signature.manifest.digest) {
          log::warning(
              format("{}:{} stays what it is: the registry has other signatures of {} "
                     "than the release",
                     name.place(), at, image.name));
        }
        continue;
      }
      const SignatureParts parts = parts_of(signature, blobs);
      for (const Descriptor& blob : parts.blobs) {
        push(
            to, name, blob, [&] { return open_signature_blob(blob, blobs); }, [](std::uint64_t) {});
      }
      to.put_manifest(parts.manifest, at);
      if (signature.tag.empty()) to.list_referrer(image.digest, signature.manifest);
    }
  }

  net::Repository& repository(const std::string& reference) {
    const ImageName name = ImageName::parse(reference);
    std::unique_ptr<net::Repository>& kept = repositories_[name.place()];
    if (!kept) kept = connect(name);
    return *kept;
  }

  // Credentials are looked up for each repository: one may have its own.
  std::unique_ptr<net::Repository> connect(const ImageName& name) const {
    net::HttpSettings settings{.ca_file = ca_file_, .insecure = {}};
    if (insecure_) settings.insecure.insert(name.host);
    return std::make_unique<net::Repository>(settings, name.host, name.repository,
                                             net::credentials_for(name.host, name.repository));
  }

  // Several at once, each over a connection of its own.
  void push_layers(const ImageName& name, const std::vector<Descriptor>& layers, Content& blobs,
                   Progress& progress) {
    std::mutex mutex;  // of what the threads share
    side_by_side(net::kTransfers, layers.size(), [&] {
      return [&, to = connect(name)](std::size_t i) {
        const Descriptor& layer = layers[i];
        const auto open = [&] {
          const std::lock_guard guard(mutex);
          return blobs.blob(layer.digest);
        };
        push(*to, name, layer, open, [&](std::uint64_t bytes) {
          const std::lock_guard guard(mutex);
          progress.advance(bytes);
        });
      };
    });
  }

  // A tag that leads to a manifest, besides `but`; empty where none does.
  static std::string tag_of(net::Repository& of, const Digest& digest,
                            const std::string& but = "") {
    for (const std::string& tag : of.tags()) {
      if (tag == but) continue;
      const std::optional<Descriptor> found = of.find(tag);
      if (found && found->digest == digest) return tag;
    }
    return "";
  }

  // A layer that several images share is sent to a registry once, and mounted into the other
  // repositories.
  void push(net::Repository& to, const ImageName& name, const Descriptor& blob,
            const net::OpenSource& open, const std::function<void(std::uint64_t)>& sent) {
    const std::pair<std::string, Digest> key{name.host, blob.digest};
    std::unique_lock lock(pushed_mutex_);
    const auto known = pushed_.find(key);
    const std::string elsewhere = known == pushed_.end() ? "" : known->second;
    lock.unlock();
    if (to.has_blob(blob.digest) || (!elsewhere.empty() && elsewhere != name.repository &&
                                     to.mount_blob(blob.digest, elsewhere))) {
      sent(blob.size);
    } else {
      to.push_blob(blob, open, sent);
    }
    lock.lock();
    pushed_.emplace(key, name.repository);
  }

  fs::path ca_file_;
  bool insecure_;
  std::map<std::string, std::unique_ptr<net::Repository>> repositories_;  // HOST/NAME
  std::mutex pushed_mutex_;
  std::map<std::pair<std::string, Digest>, std::string> pushed_;  // to which repository
};

}  // namespace

std::unique_ptr<ImageStore> registry_store(const ImageSettings& settings) {
  return std::make_unique<RegistryStore>(settings);
}

}  // namespace sealift::installer
