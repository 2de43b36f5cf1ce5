// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes of a known number that can be read from any place, by any number of threads at a time.

#include <cstdint>
#include <span>
#include <string>

#include "base/file.hpp"
#include "base/stream.hpp"

namespace sealift {

class RandomAccess {
 public:
  virtual ~RandomAccess() = default;
  virtual std::uint64_t size() const = 0;
  // Fills `into` from `offset`; returns less only at the end. Throws Error.
  virtual std::size_t read_at(std::uint64_t offset, std::span<char> into) const = 0;
};

// The file as long as it was when this was made.
class FdAccess : public RandomAccess {
 public:
  // Does not own `fd`; `name` is for messages.
  FdAccess(int fd, std::string name);
  std::uint64_t size() const override { return size_; }
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const override;

 private:
  int fd_;
  std::string name_;
  std::uint64_t size_;
};

// A file that is open for as long.
class FileAccess : public RandomAccess {
 public:
  // Error{io} where it cannot be opened.
  explicit FileAccess(const fs::path& path)
      : fd_(open_for_reading(path)), access_(fd_.get(), path.string()) {}
  std::uint64_t size() const override { return access_.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<char> into) const override {
    return access_.read_at(offset, into);
  }

 private:
  Fd fd_;
  FdAccess access_;
};

// Copies `bytes` from `offset` on; how many there were, which is less only at the end.
std::uint64_t copy(const RandomAccess& from, std::uint64_t offset, std::uint64_t bytes, Sink& to);

// What is there from an offset on. `bytes` outlives it.
class AccessSource : public Source {
 public:
  AccessSource(const RandomAccess& bytes, std::uint64_t offset) : bytes_(bytes), offset_(offset) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = bytes_.read_at(offset_, into);
    offset_ += count;
    return count;
  }

 private:
  const RandomAccess& bytes_;
  std::uint64_t offset_;
};

}  // namespace sealift
