// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small signed bundle for tests, made in memory and a scratch folder: two components that share a
// file, notes, a root chain and one approval. The keys are new in each process.

#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "bundle/spool.hpp"
#include "bundle/statement.hpp"
#include "bundle/verified.hpp"
#include "bundle/writer.hpp"
#include "content/media_types.hpp"
#include "release/documents/file_table.hpp"
#include "tests/unit/bundle/roots.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::tests {

struct SourceFile {
  std::string path;
  std::string content;
};

inline release::Component pack(bundle::Spool& spool, const std::string& name,
                               const std::vector<SourceFile>& files) {
  bundle::Spool::Blob table(spool);
  bundle::Spool::Blob tar(spool);
  release::ComponentDocument document{
      .name = name, .files = 0, .directories = 0, .symlinks = 0, .bytes = 0};
  for (const SourceFile& file : files) {
    const release::FileEntry entry{.path = RelPath::parse(file.path),
                                   .size = file.content.size(),
                                   .digest = Digest::of(file.content),
                                   .target = {}};
    table.write(to_line(entry) + "\n");
    tar.write(content::tar_header(release::tar_entry(entry)));
    tar.write(file.content);
    tar.write(content::tar_padding(file.content.size()));
    ++document.files;
    document.bytes += file.content.size();
  }
  tar.write(content::tar_end());
  release::Manifest manifest{
      .artifact_type = std::string(media_type::kAssets),
      .config = content::describe(media_type::kComponentConfig, to_text(document)),
      .layers = {table.finish(media_type::kFileTable), tar.finish(media_type::kTree)},
      .subject = {}};
  return {.row = {.name = name,
                  .artifact_type = manifest.artifact_type,
                  .target = name,
                  .optional = false},
          .document = document,
          .manifest = std::move(manifest)};
}

class SmallBundle {
 public:
  explicit SmallBundle(bundle::Packing packing = {}, std::size_t large_file = 0)
      : packing_(packing), spool_(folder_.path(), workers_, packing) {
    components_.push_back(
        pack(spool_, "web", {{"app.js", "let a = 1;\n"}, {"index.html", "<p>\n"}}));
    std::vector<SourceFile> files = {{"app.js", "let a = 1;\n"}};
    if (large_file > 0) files.push_back({"large", std::string(large_file, 'L')});
    components_.push_back(pack(spool_, "docs", files));
    document_ = {.name = "chanuka",
                 .version = "1.0.0+build.7",
                 .created = parse_time("2026-01-01T00:00:00Z"),
                 .source_revision = "abc",
                 .environments = {{"production", {{"A", "b"}}}},
                 .upgrade_from = {},
                 .installer = {},
                 .arch = {},
                 .components = {components_[0].row, components_[1].row}};
    sealed_ = bundle::seal(document_, "# Notes\n", components_);
  }

  signing::Statement statement() const {
    return bundle::statement_of(document_, components_, sealed_.descriptor.digest);
  }
  bundle::Referrer statement_referrer(const std::string& text) const {
    return bundle::make_referrer(media_type::kStatement, media_type::kInToto, {text},
                                 sealed_.descriptor);
  }
  bundle::Referrer approval_by(const signing::SecretKey& key, const std::string& text) const {
    return bundle::make_referrer(
        media_type::kApproval, media_type::kDsse,
        {to_text(signing::sign(signing::kStatementType, text, signer_of(key)))},
        sealed_.descriptor);
  }
  bundle::Referrer chain(const std::vector<std::string>& roots) const {
    return bundle::make_referrer(media_type::kRootChain, media_type::kTufRoot, roots,
                                 sealed_.descriptor);
  }
  // What a sound bundle carries.
  std::vector<bundle::Referrer> referrers() const {
    const std::string text = to_text(statement());
    return {statement_referrer(text), chain({root().text()}), approval_by(approver_, text)};
  }

  // The bundle file's bytes.
  std::string bytes(const std::vector<bundle::Referrer>& with) {
    const fs::path path = folder_ / "b.bundle";
    bundle::write_bundle(path, sealed_, with, spool_, workers_, packing_);
    return read_file(path, 1U << 30);
  }
  std::string bytes() { return bytes(referrers()); }

  bundle::VerifiedBundle verify(std::string_view bytes, const bundle::Trust& trust) {
    StringSource source(bytes);
    Silence silence;
    return bundle::Verifier(source, "b.bundle", trust, workers_).verify(silence);
  }
  bundle::VerifiedBundle verify(std::string_view bytes) { return verify(bytes, trust()); }

  const signing::Root& root() const { return root_; }
  bundle::Trust trust() const {
    return {.root = root_,
            .environment = "production",
            .policy = {},
            .now = parse_time("2027-01-01T00:00:00Z")};
  }
  const signing::SecretKey& root_key() const { return root_key_; }
  const signing::SecretKey& approver() const { return approver_; }
  const bundle::SealedRelease& sealed() const { return sealed_; }
  const std::vector<release::Component>& components() const { return components_; }
  bundle::Packing packing() const { return packing_; }
  Workers& workers() { return workers_; }
  const ScratchFolder& folder() const { return folder_; }

 private:
  ScratchFolder folder_;
  Workers workers_{2};
  bundle::Packing packing_;
  bundle::Spool spool_;
  signing::SecretKey root_key_ = signing::SecretKey::generate();
  signing::SecretKey approver_ = signing::SecretKey::generate();
  signing::Root root_ = root_of(draft_of(root_key_, {&approver_}), {&root_key_});
  std::vector<release::Component> components_;
  release::ReleaseDocument document_;
  bundle::SealedRelease sealed_{content::empty_descriptor(), {}, {}};
};

}  // namespace sealift::tests
