// SPDX-License-Identifier: Apache-2.0
#pragma once

// Blobs on their way from and to a registry. A way that breaks is taken again from where it broke.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/digest.hpp"
#include "base/stream.hpp"
#include "content/descriptor.hpp"
#include "net/http.hpp"
#include "net/repository.hpp"

namespace sealift::net {

inline constexpr std::uint64_t kPiece = 64U << 20;  // of an upload: what is sent again at most
inline constexpr unsigned kResumes = 5;             // without any progress

// A blob that is sent piece by piece: read on from where it stands, and from its beginning only
// where a piece has to be sent again. `open` must outlive it, and it its pieces.
class Pieces {
 public:
  explicit Pieces(const OpenSource& open) : open_(open) {}
  // Error{internal} where the blob ends before `from`.
  std::unique_ptr<Source> piece(std::uint64_t from, std::uint64_t count);

 private:
  class Piece;
  std::size_t read(std::span<char> into);

  const OpenSource& open_;
  std::unique_ptr<Source> stream_;
  std::uint64_t at_ = 0;
};

// The N of "0-N", plus one: how many bytes a registry has of an upload. Nothing for another form.
std::optional<std::uint64_t> received(const std::string& range);

// A blob that is fetched, compared at its end: Error{corrupt} for other content. After a failure it
// asks again from the byte where it stopped, kResumes times without any progress.
class BlobStream : public Source {
 public:
  // Asks for the blob from an offset on.
  using Open = std::function<std::unique_ptr<Reply>(std::uint64_t)>;
  BlobStream(Open open, content::Descriptor wanted, std::string where)
      : open_(std::move(open)), wanted_(std::move(wanted)), where_(std::move(where)) {}
  std::size_t read(std::span<char> into) override;

 private:
  std::size_t end();
  [[noreturn]] void refuse(std::string_view found) const;

  Open open_;
  content::Descriptor wanted_;
  std::string where_;
  std::unique_ptr<Reply> reply_;
  std::uint64_t at_ = 0;
  unsigned failures_ = 0;
  bool ended_ = false;
  Hasher hasher_;
};

}  // namespace sealift::net
