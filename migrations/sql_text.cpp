// SPDX-License-Identifier: Apache-2.0
#include "migrations/sql_text.hpp"

#include <utility>

#include "migrations/migration_set.hpp"

namespace sealift::migrations {

namespace {

constexpr std::uint64_t kMaxDocument = 64ULL << 20;

// Compares what it reads with what was promised, once all of it is read.
class Compared : public Source {
 public:
  explicit Compared(std::shared_ptr<const SqlText::Origin> origin)
      : origin_(std::move(origin)), source_(origin_->open()) {}

  std::size_t read(std::span<char> into) override {
    const std::size_t count = source_->read(into);
    size_ += count;
    if (size_ > origin_->size) throw origin_->changed;
    if (count > 0) {
      hasher_.update({into.data(), count});
    } else if (!std::exchange(is_compared_, true) && hasher_.finish() != origin_->digest) {
      throw origin_->changed;
    }
    return count;
  }

 private:
  std::shared_ptr<const SqlText::Origin> origin_;
  std::unique_ptr<Source> source_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
  bool is_compared_ = false;
};

// A held text lives as long as somebody reads it.
class Held : public Source {
 public:
  explicit Held(std::shared_ptr<const std::string> text) : text_(std::move(text)), rest_(*text_) {}
  std::size_t read(std::span<char> into) override { return rest_.read(into); }

 private:
  std::shared_ptr<const std::string> text_;
  StringSource rest_;
};

}  // namespace

bool is_held(std::string_view path, std::uint64_t size) {
  return size <= kHeldBytes && (path.ends_with(".sql") || path == kJournal);
}

SqlText::SqlText(std::string text)
    : digest_(Digest::of(text)),
      size_(text.size()),
      held_(std::make_shared<const std::string>(std::move(text))) {}

SqlText::SqlText(Origin origin)
    : digest_(origin.digest),
      size_(origin.size),
      origin_(std::make_shared<const Origin>(std::move(origin))) {}

std::unique_ptr<Source> SqlText::open() const {
  if (held_ != nullptr) return std::make_unique<Held>(held_);
  return std::make_unique<Compared>(origin_);
}

std::string SqlText::beginning(std::size_t limit) const {
  if (held_ != nullptr) return held_->substr(0, limit);
  std::string text(limit, '\0');
  text.resize(read_fully(*open(), text));
  return text;
}

std::string SqlText::whole() const {
  if (held_ != nullptr) return *held_;
  return read_all(*open(), kMaxDocument, "a file of migrations");
}

}  // namespace sealift::migrations
