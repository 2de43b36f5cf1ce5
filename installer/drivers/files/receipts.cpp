// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/receipts.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"

namespace sealift::installer {

namespace {

constexpr std::string_view kMagic = "sealift receipts 1\n";
constexpr std::uint64_t kLimit = 256ULL << 20;

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

Receipts Receipts::load(const fs::path& file) {
  Receipts receipts(file);
  std::string bytes;
  try {
    bytes = read_file(file, kLimit);
  } catch (const Error&) {
    return receipts;
  }
  // magic, SHA-256 of the rest in hex, newline, records
  const std::size_t header = kMagic.size() + 64 + 1;
  if (!bytes.starts_with(kMagic) || bytes.size() < header ||
      (bytes.size() - header) % sizeof(Receipt) != 0) {
    return receipts;
  }
  const std::string_view records = std::string_view(bytes).substr(header);
  if (Digest::of(records).hex() != bytes.substr(kMagic.size(), 64)) return receipts;
  receipts.receipts_.resize(records.size() / sizeof(Receipt));
  std::memcpy(receipts.receipts_.data(), records.data(), records.size());
  receipts.sorted_ = receipts.receipts_.size();
  return receipts;
}

// Keeps the newest receipt of each inode.
void Receipts::sort() const {
  if (sorted_ == receipts_.size()) return;
  std::stable_sort(receipts_.begin(), receipts_.end(),
                   [](const Receipt& a, const Receipt& b) { return a.inode < b.inode; });
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
  const auto found = std::lower_bound(
      receipts_.begin(), receipts_.end(), inode,
      [](const Receipt& receipt, std::uint64_t key) { return receipt.inode < key; });
  return found != receipts_.end() && found->inode == inode ? &*found : nullptr;
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

void Receipts::record(const struct stat& status, const Digest& digest) {
  receipts_.push_back(receipt_of(status, first_bytes(digest)));
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
