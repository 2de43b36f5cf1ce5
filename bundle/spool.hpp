// SPDX-License-Identifier: Apache-2.0
#pragma once

// Payload on its way into a bundle. A bundle names its content before it shows it, so content is
// hashed, compressed and kept in an unnamed scratch file until all is known, then copied.
// A blob of 1 MiB or more is compressed into frames that hold nothing else; a smaller one is kept
// plain, because it shares its frame with its neighbours. Memory does not grow with the content.
// Several threads may write, each a blob of its own.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "content/descriptor.hpp"
#include "content/frames.hpp"

namespace sealift::bundle {

inline constexpr std::uint64_t kOwnFrames = 1U << 20;

// How a bundle file is packed. No level: a plain tar.
struct Packing {
  std::optional<int> level = content::kDefaultLevel;
};

class Spool {
 public:
  // Scratch space is taken in `folder`.
  Spool(const fs::path& folder, Workers& workers, Packing packing);
  ~Spool();

  // A blob being written. Several may be open at once.
  class Blob : public Sink {
   public:
    explicit Blob(Spool& spool);
    // One that was not finished leaves nothing behind but used space in the scratch file.
    ~Blob() override;
    void write(std::string_view bytes) override;
    // Ends the blob and keeps it under its digest.
    content::Descriptor finish(std::string_view media_type);

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

  // Keeps a blob that is in memory. One that is kept already is kept once.
  content::Descriptor keep(std::string_view media_type, std::string_view bytes);
  // True where the blob is kept as frames of its own.
  bool is_framed(const Digest& digest) const;
  // All of a blob that is known to be small.
  std::string bytes(const Digest& digest) const;
  // Copies what is kept: frames to be written as they are, or plain bytes.
  // Returns the frames; none where the bytes are plain.
  std::vector<content::Frame> copy(const Digest& digest, Sink& to) const;

 private:
  struct Piece {
    std::uint64_t offset;  // in the scratch file
    std::uint64_t size;
  };
  struct Kept {
    std::vector<Piece> pieces;
    std::vector<content::Frame> frames;  // empty: plain
  };
  Piece append(std::string_view bytes);
  void keep(const Digest& digest, const Kept& kept);
  const Kept& kept(const Digest& digest) const;

  mutable std::mutex mutex_;  // of all that changes
  Fd scratch_;
  std::string name_;
  std::uint64_t end_ = 0;
  Workers& workers_;
  Packing packing_;
  std::map<Digest, Kept> kept_;
};

}  // namespace sealift::bundle
