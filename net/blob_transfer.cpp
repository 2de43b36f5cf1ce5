// SPDX-License-Identifier: Apache-2.0
#include "net/blob_transfer.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::net {

namespace {
constexpr std::size_t kSkip = 1U << 20;  // read at once, of what was sent already
}  // namespace

class Pieces::Piece : public Source {
 public:
  Piece(Pieces& of, std::uint64_t count) : of_(of), left_(count) {}
  std::size_t read(std::span<char> into) override {
    const std::size_t count = of_.read(into.first(std::min<std::uint64_t>(into.size(), left_)));
    left_ -= count;
    return count;
  }

 private:
  Pieces& of_;
  std::uint64_t left_;
};

// The usual case costs nothing: the stream stands just where the next piece begins.
std::unique_ptr<Source> Pieces::piece(std::uint64_t from, std::uint64_t count) {
  if (!stream_ || at_ != from) {
    stream_ = open_();
    at_ = 0;
    std::string buffer(kSkip, '\0');
    while (at_ < from) {
      const std::uint64_t left = std::min<std::uint64_t>(buffer.size(), from - at_);
      if (read(std::span(buffer).first(left)) == 0) {
        throw Error(Errc::internal, "a blob is shorter than its descriptor says");
      }
    }
  }
  return std::make_unique<Piece>(*this, count);
}

// Counts what a piece takes, so that the next one knows where the stream stands.
std::size_t Pieces::read(std::span<char> into) {
  const std::size_t count = stream_->read(into);
  at_ += count;
  return count;
}

// Registries write it with and without a unit in front of it; only what is behind the dash counts.
std::optional<std::uint64_t> received(const std::string& range) {
  const std::size_t dash = range.find('-');
  if (dash == std::string::npos) return std::nullopt;
  std::uint64_t last = 0;
  const char* end = range.data() + range.size();
  const auto [stop, failure] = std::from_chars(range.data() + dash + 1, end, last);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return last + 1;
}

// More bytes than the descriptor says are refused at once, not at the end: a server could go on for
// ever.
std::size_t BlobStream::read(std::span<char> into) {
  while (true) {
    std::size_t count = 0;
    try {
      if (!reply_) reply_ = open_(at_);
      count = reply_->read(into);
    } catch (const Error& error) {
      if (error.code() != Errc::io || ++failures_ > kResumes) throw;
      reply_.reset();
      continue;
    }
    if (count == 0) return end();
    failures_ = 0;
    at_ += count;
    if (at_ > wanted_.size) refuse("more bytes than its descriptor says");
    hasher_.update({into.data(), count});
    return count;
  }
}

// A stream that ends too early was not broken but cut: another attempt would say the same.
std::size_t BlobStream::end() {
  if (ended_) return 0;
  ended_ = true;
  if (at_ != wanted_.size) refuse(format("{} bytes", at_));
  if (const Digest found = hasher_.finish(); found != wanted_.digest) {
    refuse(format("content with digest {}", found.str()));
  }
  return 0;
}

void BlobStream::refuse(std::string_view found) const {
  throw Error(Errc::corrupt,
              format("{}: found {}, expected {} bytes of {}", where_, found, wanted_.size,
                     wanted_.digest.str()),
              "the registry, or something on the way, gives other content than was asked for");
}

}  // namespace sealift::net
