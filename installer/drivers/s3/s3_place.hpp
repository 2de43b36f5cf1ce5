// SPDX-License-Identifier: Apache-2.0
#pragma once

// A target in its bucket (s3_keys.hpp), and the way to it. For one thread at a time.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "installer/content/content.hpp"
#include "installer/drivers/s3/s3_keys.hpp"
#include "installer/drivers/s3/s3_object.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/s3_target.hpp"
#include "s3/bucket.hpp"

namespace sealift::installer {

// Whose a prefix is.
enum class PrefixOwner { nobody, us };

struct S3Place {
  std::string name;  // of the target in site.yaml; empty: it has none at this place
  release::S3Target target;
  S3Keys keys;
  std::shared_ptr<const s3::AccessKey> key;
  std::unique_ptr<s3::Bucket> bucket;

  // For a site and the name that the target has there. Error{incompatible} where the prefix, or one
  // around it, is another's, or holds what sealift did not put there. Changes nothing.
  PrefixOwner owner(const std::string& site, const std::string& as) const;
  void mark(const std::string& site, const std::string& as) const;
  // The directory of the release that users see; empty: none.
  std::string current() const;
  void set_current(const std::string& directory) const;
  // Notes that a release was taken back whose unchanging files wait for the next attempt.
  void note_attempt(const std::string& directory) const;
  // Its directory, as long as users see what they saw then; empty: none.
  std::string attempt() const;
  // Nothing where the bucket has no such release.
  std::optional<S3Objects> inventory(const std::string& directory) const;
  // Of all releases, by their directories.
  std::map<std::string, S3Objects> inventories() const;
  void keep(const std::string& directory, const S3Objects& objects) const;
  // What is there below the prefix, by key.
  std::map<std::string, s3::Listed> listed() const;
  net::HttpSettings http() const;
};

// Opens places. What was found out of keys is remembered as long as it lives, so that who has no
// content may follow who had one.
class S3Access {
 public:
  explicit S3Access(const Layout& layout) : site_yaml_(layout.site_yaml) {}
  // Reached as site.yaml says now, where it has a target at this place. Without content, nothing
  // where the key is a secret that was not opened before.
  std::optional<S3Place> open(const release::S3Target& target, Content* content) const;

 private:
  std::pair<std::string, release::S3Target> as_said_now(const release::S3Target& target) const;
  std::shared_ptr<const s3::AccessKey> key_of(const release::S3Credentials& who,
                                              Content* content) const;

  fs::path site_yaml_;
  SystemClock clock_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const s3::AccessKey>> keys_;
};

}  // namespace sealift::installer
