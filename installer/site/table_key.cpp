// SPDX-License-Identifier: Apache-2.0
#include "installer/site/table_key.hpp"

#include <optional>

#include "base/error.hpp"
#include "base/format.hpp"
#include "installer/site/private_file.hpp"
#include "signing/keyed_digest.hpp"

namespace sealift::installer {

namespace {

constexpr std::uint64_t kFileBytes = 65;  // of hex, with its newline

signing::Secret read_key(const fs::path& file) {
  if (!entry_exists(file)) {
    const signing::Secret made = signing::random_key();
    std::string text = to_hex(made.view()) + "\n";
    make_dirs(file.parent_path(), 0700);
    write_file(file, text, FileMode::secret);
    signing::wipe(text);
  } else if (is_open_to_others(file)) {
    throw Error(Errc::untrusted, format("{}: others than its owner may read it", file.string()),
                format("chmod 600 {}", file.string()));
  }
  std::string text = read_file(file, kFileBytes);
  if (text.ends_with('\n')) text.pop_back();
  std::string bytes = blame(Errc::corrupt, file.string(), [&] { return bytes_from_hex(text); });
  signing::wipe(text);
  return signing::Secret::taken_from(bytes);
}

}  // namespace

struct TableKey::Kept {
  fs::path file;
  std::mutex guard;
  std::optional<signing::Secret> key;
};

TableKey::TableKey(const Layout& layout) : kept_(std::make_shared<Kept>()) {
  kept_->file = layout.table_key();
}

Digest TableKey::digest(const release::FileEntry& entry, const Digest& content) const {
  if ((entry.mode & 077U) != 0) return content;
  const std::lock_guard lock(kept_->guard);
  if (!kept_->key) kept_->key = read_key(kept_->file);
  return signing::keyed_digest(*kept_->key, content);
}

}  // namespace sealift::installer
