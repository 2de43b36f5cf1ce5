// SPDX-License-Identifier: Apache-2.0
#include "builder/images/absorber.hpp"

#include <algorithm>
#include <array>

#include "base/null_sink.hpp"
#include "content/foreign_archive.hpp"
#include "content/tar.hpp"
#include "release/text/glob.hpp"

namespace sealift::builder {

namespace {

// Of one layer; a message shows far fewer.
constexpr std::size_t kMaxRemarkable = 1000;
constexpr std::size_t kHead = 4096;  // of a file, to see whether it begins as a private key
constexpr std::size_t kTarMagic = 257;

// Passes on what it reads to a hash.
class Hashed : public Source {
 public:
  explicit Hashed(Source& from) : from_(from) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = from_.read(into);
    hasher_.update({into.data(), count});
    return count;
  }
  Digest finish() { return hasher_.finish(); }

 private:
  Source& from_;
  Hasher hasher_;
};

bool has_secret_name(const std::string& path) {
  static const std::array patterns = {
      release::Glob("**/id_rsa"),
      release::Glob("**/id_ecdsa"),
      release::Glob("**/id_ed25519"),
      release::Glob("**/.env"),
      release::Glob("**/.env.*"),
      release::Glob("**/.npmrc"),
      release::Glob("**/.netrc"),
      release::Glob("**/.pgpass"),
      release::Glob("**/.git-credentials"),
      release::Glob("**/.aws/credentials"),
      release::Glob("**/.docker/config.json"),
      release::Glob("**/.kube/config"),
  };
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const release::Glob& pattern) { return pattern.matches(path); });
}

bool begins_as_private_key(content::ForeignArchive& archive, std::uint64_t size) {
  std::array<char, kHead> head{};
  std::size_t have = 0;
  while (have < std::min<std::uint64_t>(head.size(), size)) {
    const std::size_t count = archive.read(std::span(head).subspan(have));
    if (count == 0) break;
    have += count;
  }
  const std::string_view text(head.data(), have);
  return text.starts_with("-----BEGIN ") && text.find("PRIVATE KEY-----") != text.npos;
}

// Hard links are passed over: the file that they are names of is in the layer too.
std::vector<RemarkableFile> look_into(Source& layer, const std::string& where) {
  std::vector<RemarkableFile> files;
  content::ForeignArchive archive(layer, where);
  while (const auto entry = archive.next()) {
    if (entry->type != EntryType::file || !entry->link.empty()) continue;
    if (files.size() >= kMaxRemarkable) continue;
    if ((entry->mode & 06000U) != 0) {
      files.push_back({RemarkableFile::Why::setuid, entry->name});
    }
    if (has_secret_name(entry->name) || begins_as_private_key(archive, entry->size)) {
      files.push_back({RemarkableFile::Why::secret, entry->name});
    }
  }
  return files;
}

}  // namespace

// Passes on what it reads to the spool.
class Absorber::Kept : public Source {
 public:
  Kept(Source& from, bundle::Spool::Blob& to, Absorber& absorber)
      : from_(from), to_(to), absorber_(absorber) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = from_.read(into);
    to_.write({into.data(), count});
    size_ += count;
    const std::lock_guard guard(absorber_.mutex_);
    absorber_.progress_.advance(count);
    return count;
  }
  std::uint64_t size() const { return size_; }

 private:
  Source& from_;
  bundle::Spool::Blob& to_;
  Absorber& absorber_;
  std::uint64_t size_ = 0;
};

// One pass with three readers: the bytes as they come go to the spool, unpacked to the hash of the
// content (the configuration's diff_id), and as a tar to who looks into it. A blob that is no tar,
// such as a document, is only hashed.
Digest Absorber::take(Source& blob, const std::string& where) {
  bundle::Spool::Blob spooled(spool_);
  Kept kept(blob, spooled, *this);
  NullSink nothing;
  const std::unique_ptr<Source> content = content::unpacked(kept, where);
  Hashed hashed(*content);
  PeekedSource peeked(hashed, content::kTarBlock);
  std::vector<RemarkableFile> files;
  if (peeked.first().size() == content::kTarBlock &&
      std::string_view(peeked.first()).substr(kTarMagic, 5) == "ustar") {
    files = look_into(peeked, where);
  }
  // To the end: an archive may end before its bytes do.
  copy(peeked, nothing);
  copy(kept, nothing);
  const Digest digest = spooled.finish("").digest;
  BlobFacts facts{kept.size(), hashed.finish(), std::move(files)};
  const std::lock_guard guard(mutex_);
  facts_.try_emplace(digest, std::move(facts));
  return digest;
}

}  // namespace sealift::builder
