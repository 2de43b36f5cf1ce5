// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Checkpoint says what an audit log was at one moment: how many lines it had, and the digest of
// the last. The chain of the log shows no tail that was cut off and no log that was written anew;
// a checkpoint that is kept elsewhere shows both. Its text form is one line, for paper as well:
//
//   sealift-checkpoint SITE LINES HEAD TIME KEY SIGNATURE
//
// SITE is the site's id, HEAD the SHA-256 of line LINES with its newline in hex, TIME of RFC 3339,
// KEY the site's Ed25519 key (32 bytes) and SIGNATURE its signature (64 bytes) of all before the
// blank in front of it, both in base64. It carries the key, so that openssl alone can check it;
// whose key that is, only who has noted its id knows.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "installer/site/site_key.hpp"

namespace sealift::installer {

inline constexpr std::size_t kMaxCheckpointBytes = 512;

class Checkpoint {
 public:
  // Of a log of `lines` lines, the last of which has the digest `head`.
  static Checkpoint signed_by(const SiteKey& key, const std::string& site, std::uint64_t lines,
                              const Digest& head, Time time);
  // Blanks and newlines between the words do not matter: it may have been typed from paper.
  // Error{invalid_input} that names `where` for anything else, and for a signature that is not one
  // of the key in it.
  static Checkpoint parse(std::string_view text, const std::string& where);

  // Without a newline.
  std::string line() const;
  const std::string& site() const { return site_; }
  std::uint64_t lines() const { return lines_; }
  const Digest& head() const { return head_; }
  Time time() const { return time_; }
  const signing::PublicKey& key() const { return key_; }

 private:
  Checkpoint(std::string site, std::uint64_t lines, const Digest& head, Time time,
             signing::PublicKey key)
      : site_(std::move(site)), lines_(lines), head_(head), time_(time), key_(std::move(key)) {}
  std::string signed_text() const;

  std::string site_;
  std::uint64_t lines_;
  Digest head_;
  Time time_;
  signing::PublicKey key_;
  std::string signature_;
};

// For programs.
Json to_json(const Checkpoint& checkpoint);

}  // namespace sealift::installer
