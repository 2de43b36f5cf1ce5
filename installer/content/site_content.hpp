// SPDX-License-Identifier: Apache-2.0
#pragma once

// The content of one release as a site sees it: trees out of a bundle file, templates rendered with
// the site's values, and the file tables of what is installed.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "bundle/blobs.hpp"
#include "bundle/medium.hpp"
#include "bundle/reader.hpp"
#include "installer/content/content.hpp"
#include "installer/content/kept_tables.hpp"
#include "installer/content/secrets.hpp"
#include "installer/records/flags.hpp"
#include "installer/site/layout.hpp"
#include "installer/site/table_key.hpp"
#include "release/values/environment.hpp"

namespace sealift::installer {

class SiteContent : public Content {
 public:
  // `bundle` is a file that was accepted, `digest` the D that it was accepted as; it is opened when
  // a tree is first asked for. `values` may refer to each other and to secrets, which are
  // opened for those templates that use them. What is rendered with a secret is for its owner only.
  SiteContent(const Layout& layout, fs::path bundle, std::optional<Digest> digest,
              release::Values values, Workers& workers, SecretFiles secrets = {});
  // The same, of a bundle that was approved and lies where it was given.
  SiteContent(const Layout& layout, std::shared_ptr<const bundle::Medium> bundle,
              std::optional<Digest> digest, release::Values values, Workers& workers,
              SecretFiles secrets = {});
  SiteContent(SiteContent&&) noexcept;
  ~SiteContent() override;

  std::unique_ptr<TreeStream> tree(const std::string& component) override;
  std::unique_ptr<Source> table(const Digest& digest) override;
  const content::Image& image(const Digest& digest) override;
  std::vector<ImageSignature> signatures(const Digest& image) override;
  std::unique_ptr<Source> blob(const Digest& digest) override;
  const signing::Secret& secret(const std::string& key) override;
  std::unique_ptr<Content> twin() const override;

  // As they were given: what they refer to is not in place.
  const release::Values& values() const { return values_; }

  // What a component of flags is on this site; to be said before its tree is asked for.
  void set_flags(const std::string& component, SiteFlags flags);
  // The flags of a component as the release has them for one environment.
  release::FlagSet released_flags(const std::string& component, const std::string& environment);

  // The file table of what the component's tree is on this site, kept under its digest.
  struct Table {
    Digest digest;
    std::uint64_t files;
    std::uint64_t bytes;  // of files
  };
  Table keep_table(const release::Component& component);
  // The names of values that the templates which were rendered so far ask for.
  const std::set<std::string>& asked_for() const { return asked_for_; }
  Table keep_table(const std::string& component);

 private:
  struct Open;
  Open& open();
  std::unique_ptr<TreeStream> sources_of(const release::Component& component);
  std::unique_ptr<TreeStream> carried_tree(const std::string& component);
  void open_secrets(const release::Component& component);

  Layout layout_;
  fs::path bundle_;  // for messages, where there is a medium
  std::shared_ptr<const bundle::Medium> medium_;
  std::optional<Digest> digest_;
  release::Values values_;
  std::optional<release::Values> resolved_;  // the same, with what they refer to in place
  std::set<std::string> asked_for_;
  std::map<std::string, SiteFlags> flags_;  // by component
  Workers& workers_;
  SecretFiles secret_files_;
  TableKey key_;
  std::unique_ptr<Open> open_;
};

}  // namespace sealift::installer
