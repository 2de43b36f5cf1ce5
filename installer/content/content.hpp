// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a driver may ask of the release that is being applied: the trees of its components, as they
// shall stand on the target, and its images. Templates are rendered on the way, so a driver sees
// only files.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "content/image.hpp"
#include "release/documents/file_table.hpp"
#include "signing/secret.hpp"

namespace sealift::installer {

// The entries of a tree in the order of its file table, each with its content.
class TreeStream {
 public:
  virtual ~TreeStream() = default;
  // The next entry; nothing at the end. Content that was not read is skipped.
  virtual std::optional<release::FileEntry> next() = 0;
  // Content of the current file; 0 at its end. What comes is not yet compared with the entry's
  // digest: whoever writes it compares.
  virtual std::size_t read(std::span<char> into) = 0;
};

// A manifest that an image's own project signed, and the tag at which cosign looks for it; without
// a tag it is found by its subject.
struct ImageSignature {
  content::Descriptor manifest;
  std::string tag;
};

class Content {
 public:
  virtual ~Content() = default;
  virtual std::unique_ptr<TreeStream> tree(const std::string& component) = 0;
  // The file table of something installed, kept by its digest.
  virtual std::unique_ptr<Source> table(const Digest& digest) = 0;
  // One of the release's images, by the digest of its root; its layers by theirs.
  virtual const content::Image& image(const Digest& digest) = 0;
  virtual std::unique_ptr<Source> blob(const Digest& digest) = 0;
  // What travels with an image to verify it by; of a part of an image nothing that names the part.
  virtual std::vector<ImageSignature> signatures(const Digest&) { return {}; }
  // A secret of the release and this site, for a program that needs it. As Secrets::open().
  virtual const signing::Secret& secret(const std::string& key) = 0;
  // The same content for another thread, which may outlive this; nothing: one thread at a time.
  virtual std::unique_ptr<Content> twin() const { return nullptr; }
};

}  // namespace sealift::installer
