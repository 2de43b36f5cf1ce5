// SPDX-License-Identifier: Apache-2.0
#pragma once

// The text of a file of a source of migrations. A short one is held; a long one, such as a seed of
// gigabytes, is read from where it lies each time somebody looks at it. Every reading is compared
// with the digest at its end, so that no two looks see different text.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/stream.hpp"

namespace sealift::migrations {

inline constexpr std::uint64_t kHeldBytes = 1U << 20;  // of one file

// Whether the content of a file is worth holding: SQL and the journal, where they are short.
bool is_held(std::string_view path, std::uint64_t size);

class SqlText {
 public:
  // Where a long text is read from.
  struct Origin {
    Digest digest;
    std::uint64_t size;
    std::function<std::unique_ptr<Source>()> open;  // may be called as long as the text is there
    Error changed;                                  // thrown where other bytes come
  };

  SqlText(std::string text);  // NOLINT(google-explicit-constructor): a text is a text
  SqlText(const char* text) : SqlText(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  SqlText(Origin origin);                                    // NOLINT(google-explicit-constructor)

  const Digest& digest() const { return digest_; }
  std::uint64_t size() const { return size_; }
  // From its beginning. What is read counts once the end was reached: before it nothing is compared
  // with the digest.
  std::unique_ptr<Source> open() const;
  // At most `limit` bytes.
  std::string beginning(std::size_t limit) const;
  // All of it; Error{invalid_input} where that is more than a document of drizzle-kit has.
  std::string whole() const;

 private:
  Digest digest_;
  std::uint64_t size_;
  std::shared_ptr<const std::string> held_;
  std::shared_ptr<const Origin> origin_;  // where nothing is held
};

}  // namespace sealift::migrations
