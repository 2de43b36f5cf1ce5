// SPDX-License-Identifier: Apache-2.0
#pragma once

// age, version 1, with X25519 (C2SP age.md): what `age -d -i IDENTITY` opens and `age -r RECIPIENT`
// writes. It keeps content from those who have no identity; it says nothing about who wrote it.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/stream.hpp"
#include "signing/secret.hpp"

namespace sealift::signing {

// For whom a file is: "age1...".
class AgeRecipient {
 public:
  // Throws Error{invalid_input}.
  static AgeRecipient parse(std::string_view text);
  explicit AgeRecipient(std::string key) : key_(std::move(key)) {}

  std::string str() const;
  std::string_view key() const { return key_; }  // 32 bytes
  friend bool operator==(const AgeRecipient&, const AgeRecipient&) = default;

 private:
  std::string key_;
};

// A file of age as text: the lines of `age -a`, each ended, and no other spelling.
std::string to_armor(std::string_view file);
// Throws Error{corrupt}.
std::string from_armor(std::string_view text);

// For how many recipients of X25519 a file is. Reads its header and sees that content can follow,
// with nobody's identity; Error{corrupt}.
std::size_t count_recipients(std::string_view file);

// Who can open it: "AGE-SECRET-KEY-1...".
class AgeIdentity {
 public:
  static AgeIdentity generate();
  // The file that `age-keygen` writes: comments, and one identity. Throws Error{invalid_input},
  // never with what it read.
  static AgeIdentity from_file(std::string_view text, const std::string& name);
  std::string to_file(Time created) const;

  AgeRecipient recipient() const;
  const Secret& key() const { return key_; }  // 32 bytes

 private:
  explicit AgeIdentity(Secret key) : key_(std::move(key)) {}
  Secret key_;
};

// Bytes of the file that AgeSink makes of so much content.
std::uint64_t age_file_bytes(std::uint64_t content, std::size_t recipients);

// What is written to it goes to `out`, encrypted, once finish() was called.
class AgeSink : public Sink {
 public:
  // At least one recipient.
  AgeSink(Sink& out, const std::vector<AgeRecipient>& recipients);
  void write(std::string_view bytes) override;
  void finish();

 private:
  Sink& out_;
  Secret key_;
  std::uint64_t chunk_ = 0;
  std::string held_;
};

// The content of what `in` holds. The constructor reads the header: Error{untrusted} where the
// identity does not open it, Error{corrupt} where it is no file of age. read() throws
// Error{corrupt} for content that was changed or cut off, before any byte of that chunk is given.
class AgeSource : public Source {
 public:
  AgeSource(Source& in, const AgeIdentity& identity);
  ~AgeSource() override { wipe(plain_); }
  AgeSource(const AgeSource&) = delete;
  AgeSource& operator=(const AgeSource&) = delete;
  std::size_t read(std::span<char> into) override;

 private:
  std::string take(std::size_t most);  // up to so many raw bytes
  std::string line();
  void open_chunk();

  Source& in_;
  Secret key_;
  std::string raw_;  // read and not used yet
  std::uint64_t chunk_ = 0;
  bool ended_ = false;
  std::string plain_;
  std::size_t given_ = 0;
};

}  // namespace sealift::signing
