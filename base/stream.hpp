// SPDX-License-Identifier: Apache-2.0
#pragma once

// Byte streams. Bytes are std::string (owned) and std::string_view (borrowed) throughout.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sealift {

class Source {
 public:
  virtual ~Source() = default;
  // Fills a part of `into` and returns how much; 0 only at the end. Throws Error.
  virtual std::size_t read(std::span<char> into) = 0;
};

// That bytes were taken says nothing of where they are: durable is what commit() or a sync makes
// so.
class Sink {
 public:
  virtual ~Sink() = default;
  // Takes all of `bytes` or throws.
  virtual void write(std::string_view bytes) = 0;
};

// The bytes outlive it.
class StringSource : public Source {
 public:
  explicit StringSource(std::string_view bytes) : rest_(bytes) {}
  std::size_t read(std::span<char> into) override;

 private:
  std::string_view rest_;
};

class StringSink : public Sink {
 public:
  void write(std::string_view bytes) override { bytes_ += bytes; }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// A source whose first bytes were read to learn what it is.
class PeekedSource : public Source {
 public:
  // `rest` must outlive this.
  PeekedSource(Source& rest, std::size_t count);
  // At most `count` bytes; less only where there are no more.
  const std::string& first() const { return first_; }
  std::size_t read(std::span<char> into) override;

 private:
  std::string first_;
  std::size_t used_ = 0;
  Source& rest_;
};

// Fills all of `into` unless the source ends before; returns how much was read.
std::size_t read_fully(Source& source, std::span<char> into);

// Copies to the end; returns the number of bytes.
std::uint64_t copy(Source& from, Sink& to);

// All bytes of `source`; Error{invalid_input} naming `what` beyond `limit` bytes.
std::string read_all(Source& source, std::uint64_t limit, std::string_view what);

}  // namespace sealift
