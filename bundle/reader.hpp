// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a bundle from its first byte to its last, from a file or a pipe, in three steps: referrers
// (all that a decision on trust needs), the release's documents, the payload. What it returns is
// what the bundle claims, complete and consistent; whether to believe it is VerifiedBundle's
// matter. Every failure is Error{corrupt} (Error{incompatible} for a newer format).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "bundle/layout.hpp"
#include "bundle/volumes/named_release.hpp"
#include "bundle/writer.hpp"
#include "content/expected_tar.hpp"
#include "content/frames.hpp"

namespace sealift::bundle {

// Of all documents together, which are held in memory; payload never is.
inline constexpr std::uint64_t kMaxDocumentsBytes = 64ULL << 20;

// What a bundle claims.
struct Contents {
  SealedRelease release;
  std::vector<Referrer> referrers;
  release::ReleaseDocument document;
  std::string notes;
  std::vector<release::Component> components;
  std::string compression;      // compressor_name() of its writer; empty: a plain tar
  std::uint64_t documents_end;  // bytes of the tar before the payload

  // The bytes of the layers of referrers of one artifact type.
  std::vector<std::string> layers_of(std::string_view artifact_type) const;
  const Digest& digest() const { return release.descriptor.digest; }
  NamedRelease named() const {
    return {.digest = digest(), .name = document.name, .version = document.version};
  }
};

class Reader {
 public:
  // `name` is for messages. Reads nothing yet.
  Reader(Source& file, Workers& workers, std::string name);
  ~Reader();

  // Step 1. `release` is the descriptor of D that index.json names: a hint until a signature has
  // confirmed it.
  struct Claim {
    content::Descriptor release;
    std::vector<Referrer> referrers;
    std::vector<std::string> layers_of(std::string_view artifact_type) const;
  };
  const Claim& read_claim();
  // Step 2.
  Contents read_release();
  // Step 3: every payload blob against its digest, every file table against its rules, every tree
  // against its table (but for the content of files, which is compared when they are written), and
  // nothing else in the file.
  void check_payload(const Contents& contents, Progress& progress);

  // The frames of the file, once all was read.
  const std::vector<content::Frame>& frames() const;

 private:
  struct Container;
  std::string read_document(const content::Descriptor& descriptor);
  // Reads the images that D lists and gives them to the components that name them.
  void check_image_layers(const release::Manifest& manifest,
                          const release::ComponentDocument& document);
  void read_images(const std::vector<content::Descriptor>& roots,
                   std::vector<release::Component>& components);
  Referrer read_referrer(const content::Descriptor& listed);
  struct Table {
    Digest outline;                   // of the tar that it describes
    release::ComponentDocument sums;  // its counts alone
  };
  Table check_file_table(const content::Descriptor& table, Progress& progress);
  Digest check_tree(const content::Descriptor& tree, Progress& progress);

  std::string name_;
  std::unique_ptr<Container> container_;
  std::unique_ptr<content::ExpectedTar> tar_;
  // What index.json says of images, and manifest.json: compared once the documents are known.
  std::vector<content::Descriptor> images_;
  std::string docker_table_;
  std::string compression_;
  std::optional<Claim> claim_;
  std::map<Digest, std::string> documents_;
  std::uint64_t documents_bytes_ = 0;
};

// The documents of an open bundle file, not judged, payload unread: for `inspect`, `diff`, `sign`.
Contents read_documents(int fd, const std::string& name, Workers& workers);
Contents read_documents(Source& file, const std::string& name, Workers& workers);

// Where the payload stands in an open file, for rewrite_referrers().
PayloadPart locate_payload(const RandomAccess& file, const std::string& name,
                           const Contents& contents);

}  // namespace sealift::bundle
