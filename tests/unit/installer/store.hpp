// SPDX-License-Identifier: Apache-2.0
#pragma once

// A release in memory, for drivers of tests: blobs, file tables and images by their digests, and
// one tree.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "content/media_types.hpp"
#include "installer/content/content.hpp"
#include "installer/site/host.hpp"

namespace sealift::tests {

class Store : public installer::Content {
 public:
  Digest add(const std::string& text) {
    const Digest digest = Digest::of(text);
    texts_[digest] = text;
    return digest;
  }
  // A file of a tree, whose content is kept.
  release::FileEntry file(const std::string& path, const std::string& text) {
    return {.path = RelPath::parse(path), .size = text.size(), .digest = add(text), .target = {}};
  }
  Digest table_of(const std::vector<release::FileEntry>& entries) {
    std::string lines;
    for (const release::FileEntry& entry : entries) lines += release::to_line(entry) + "\n";
    return add(lines);
  }
  void serve(const std::vector<release::FileEntry>& entries) { entries_ = entries; }
  // An image for this host with one layer.
  const content::Image& add_image(const std::string& layer) {
    const content::Descriptor blob =
        content::describe("application/vnd.oci.image.layer.v1.tar", layer);
    add(layer);
    const std::string config = to_canonical(
        {{"architecture", installer::host_arch()},
         {"os", "linux"},
         {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array({blob.digest.str()})}}}});
    const content::Descriptor settings = content::describe(media_type::kImageConfig, config);
    const std::string manifest = to_canonical({{"schemaVersion", 2},
                                               {"mediaType", media_type::kImageManifest},
                                               {"config", content::to_json(settings)},
                                               {"layers", Json::array({content::to_json(blob)})}});
    const content::Descriptor root = content::describe(media_type::kImageManifest, manifest);
    add(config);
    add(manifest);
    const auto fetch = [&](const content::Descriptor& each) { return texts_.at(each.digest); };
    return images_.emplace(root.digest, content::read_image(root, fetch, "image")).first->second;
  }

  std::unique_ptr<installer::TreeStream> tree(const std::string&) override {
    return std::make_unique<Tree>(*this);
  }
  std::unique_ptr<Source> table(const Digest& digest) override { return blob(digest); }
  const content::Image& image(const Digest& digest) override { return images_.at(digest); }
  std::unique_ptr<Source> blob(const Digest& digest) override {
    return std::make_unique<StringSource>(texts_.at(digest));
  }
  const signing::Secret& secret(const std::string& key) override {
    throw Error(Errc::incompatible, "nothing is sealed for this site under " + key);
  }

 private:
  class Tree : public installer::TreeStream {
   public:
    explicit Tree(Store& store) : store_(store) {}
    std::optional<release::FileEntry> next() override {
      if (at_ == store_.entries_.size()) return std::nullopt;
      const release::FileEntry& entry = store_.entries_[at_++];
      if (entry.digest) content_ = store_.blob(*entry.digest);
      return entry;
    }
    std::size_t read(std::span<char> into) override { return content_->read(into); }

   private:
    Store& store_;
    std::size_t at_ = 0;
    std::unique_ptr<Source> content_;
  };

  std::map<Digest, std::string> texts_;
  std::map<Digest, content::Image> images_;
  std::vector<release::FileEntry> entries_;
};

}  // namespace sealift::tests
