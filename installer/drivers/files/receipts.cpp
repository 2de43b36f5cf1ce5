// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/receipts.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/stream.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kMagic = "sealift receipts 1\n";
constexpr std::uint64_t kLimit = 256ULL << 20;
constexpr std::size_t kDigits = 64;  // of the digest

std::int64_t nanoseconds(const struct timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::uint64_t first_bytes(const Digest& digest) {
  std::uint64_t value = 0;
  std::memcpy(&value, digest.bytes().data(), sizeof value);
  return value;
}

}  // namespace

Receipts::Receipt Receipts::receipt_of(const struct stat& status, std::uint64_t content) {
  return {.inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified = nanoseconds(status.st_mtim),
          .changed = nanoseconds(status.st_ctim),
          .content = content};
}

// Straight into their places: a million of them are 40 MB, which need not be there twice.
Receipts Receipts::load(const fs::path& file) {
  Receipts receipts(file);
  try {
    receipts.read_records();
  } catch (const Error&) {
    receipts.receipts_.clear();
  }
  receipts.sorted_ = receipts.receipts_.size();
  return receipts;
}

// magic, SHA-256 of the rest in hex, newline, records
void Receipts::read_records() {
  std::string header(kMagic.size() + kDigits + 1, '\0');
  const std::uint64_t size = file_bytes(file_);
  if (size < header.size() || size > kLimit || (size - header.size()) % sizeof(Receipt) != 0)
    return;
  const Fd fd = open_for_reading(file_);
  FdSource source(fd.get(), file_.string());
  read_fully(source, header);
  receipts_.resize((size - header.size()) / sizeof(Receipt));
  const std::span<char> records(reinterpret_cast<char*>(receipts_.data()), size - header.size());
  const bool is_whole = read_fully(source, records) == records.size();
  const std::string digest = Digest::of({records.data(), records.size()}).hex();
  if (!is_whole || header != std::string(kMagic) + digest + "\n") receipts_.clear();
}

// Keeps the newest receipt of each inode. In place: no second copy of a million.
void Receipts::sort() const {
  if (sorted_ == receipts_.size()) return;
  std::sort(receipts_.begin(), receipts_.end(), [](const Receipt& a, const Receipt& b) {
    return std::pair(a.inode, a.changed) < std::pair(b.inode, b.changed);
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < receipts_.size(); ++i) {
    if (i + 1 < receipts_.size() && receipts_[i].inode == receipts_[i + 1].inode) continue;
    receipts_[kept++] = receipts_[i];
  }
  receipts_.resize(kept);
  sorted_ = kept;
}

Receipts::Receipt* Receipts::find(std::uint64_t inode) const {
  sort();
  return find_sorted(inode);
}

Receipts::Receipt* Receipts::find_sorted(std::uint64_t inode) const {
  const auto end = receipts_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  const auto found = std::lower_bound(
      receipts_.begin(), end, inode,
      [](const Receipt& receipt, std::uint64_t key) { return receipt.inode < key; });
  return found != end && found->inode == inode ? &*found : nullptr;
}

bool Receipts::is_untouched(const struct stat& status) const {
  const Receipt* known = find(status.st_ino);
  if (known == nullptr) return false;
  const Receipt now = receipt_of(status, known->content);
  return std::memcmp(&now, known, sizeof now) == 0;
}

bool Receipts::vouch_for(const struct stat& status, const Digest& digest) const {
  return is_untouched(status) && find(status.st_ino)->content == first_bytes(digest);
}

// In place of an older one where that is cheap to find: a release that shares its files with the
// one before has a receipt for each already.
void Receipts::record(const struct stat& status, const Digest& digest) {
  const Receipt receipt = receipt_of(status, first_bytes(digest));
  if (Receipt* known = find_sorted(status.st_ino)) {
    *known = receipt;
  } else {
    receipts_.push_back(receipt);
  }
}

void Receipts::refresh(const struct stat& status) {
  if (Receipt* known = find(status.st_ino)) *known = receipt_of(status, known->content);
}

void Receipts::save() const {
  sort();
  const std::string_view records(reinterpret_cast<const char*>(receipts_.data()),
                                 receipts_.size() * sizeof(Receipt));
  AtomicFile out(file_, FileMode::secret);
  out.write(kMagic);
  out.write(Digest::of(records).hex() + "\n");
  out.write(records);
  out.commit();
}

}  // namespace sealift::installer
