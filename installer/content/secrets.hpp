// SPDX-License-Identifier: Apache-2.0
#pragma once

// The secrets of one release on this site: from a file that site.yaml names, else sealed for this
// site, else sealed for all sites of its environment. They are opened when they are first needed
// and live in memory alone; whatever is printed, logged or kept names keys.

#include <map>
#include <set>
#include <string>

#include "installer/site/layout.hpp"
#include "release/documents/manifest.hpp"
#include "release/site_file/site.hpp"
#include "signing/secret.hpp"

namespace sealift::installer {

// What site.yaml says of secrets.
struct SecretFiles {
  std::string environment;
  std::map<std::string, std::string> files;  // key -> path
};

SecretFiles secret_files(const release::Site& site);

class Secrets {
 public:
  // `document` must outlive it.
  Secrets(const Layout& layout, SecretFiles own, const release::ReleaseDocument& document);

  // True for what is declared as a secret, sealed, or in a file of the site.
  bool has(const std::string& key) const;
  // True for what nobody has given a value, and nobody must.
  bool is_optional(const std::string& key) const;
  // Every key at once, so that one run names all that is wrong: Error{corrupt} where something was
  // changed, cut off or moved, Error{untrusted} where others may read a file, Error{incompatible}
  // where nothing is sealed for this site.
  void open(const std::set<std::string>& keys);
  // One that was opened.
  const signing::Secret& at(const std::string& key) const { return opened_.at(key); }

 private:
  signing::Secret read_own(const std::string& key, const std::string& path) const;
  signing::Secret unseal(const std::string& key) const;

  Layout layout_;
  SecretFiles own_;
  const release::Contract& contract_;
  release::SealedKeys sealed_;
  std::map<std::string, signing::Secret> opened_;
};

}  // namespace sealift::installer
