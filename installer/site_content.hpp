// SPDX-License-Identifier: Apache-2.0
#pragma once

// The content of one release as a site sees it: trees out of a bundle file, templates rendered with
// the site's values, and the file tables of what is installed.

#include <memory>
#include <optional>
#include <string>

#include "bundle/blobs.hpp"
#include "bundle/reader.hpp"
#include "installer/content.hpp"
#include "installer/layout.hpp"
#include "installer/secrets.hpp"
#include "installer/table_key.hpp"
#include "release/environment.hpp"

namespace sealift::installer {

class SiteContent : public Content {
 public:
  // `bundle` is a file that was accepted, `digest` the D that it was accepted as; it is opened when
  // a tree is first asked for. `values` are those that templates see, beside the secrets, which are
  // opened for those templates that use them. What is rendered with a secret is for its owner only.
  SiteContent(const Layout& layout, fs::path bundle, std::optional<Digest> digest,
              release::Values values, Workers& workers, SecretFiles secrets = {});
  ~SiteContent() override;

  std::unique_ptr<TreeStream> tree(const std::string& component) override;
  std::unique_ptr<Source> table(const Digest& digest) override;
  const content::Image& image(const Digest& digest) override;
  std::unique_ptr<Source> blob(const Digest& digest) override;
  const signing::Secret& secret(const std::string& key) override;

  // The file table of what the component's tree is on this site, kept under its digest.
  struct Table {
    Digest digest;
    std::uint64_t files;
    std::uint64_t bytes;
  };
  Table keep_table(const release::Component& component);
  Table keep_table(const std::string& component);

 private:
  struct Open;
  Open& open();
  std::unique_ptr<TreeStream> templates_of(const release::Component& component);
  void open_secrets(const release::Component& component);

  Layout layout_;
  fs::path bundle_;
  std::optional<Digest> digest_;
  release::Values values_;
  Workers& workers_;
  SecretFiles secret_files_;
  TableKey key_;
  std::unique_ptr<Open> open_;
};

// Where the file table with this digest is kept.
fs::path table_file(const Layout& layout, const Digest& digest);

}  // namespace sealift::installer
