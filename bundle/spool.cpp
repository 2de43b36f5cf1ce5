// SPDX-License-Identifier: Apache-2.0
#include "bundle/spool.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"

namespace sealift::bundle {

using content::Descriptor;
using content::Frame;

Spool::Spool(const fs::path& folder, Workers& workers, Packing packing)
    : scratch_(open_scratch(folder)),
      name_((folder / "scratch file").string()),
      workers_(workers),
      packing_(packing) {}

Spool::~Spool() = default;

// Pieces of blobs that are written side by side lie mixed; each knows its own.
Spool::Piece Spool::append(std::string_view bytes) {
  const std::lock_guard guard(mutex_);
  const Piece piece{end_, bytes.size()};
  FdSink(scratch_.get(), name_).write(bytes);
  end_ += bytes.size();
  return piece;
}

void Spool::keep(const Digest& digest, const Kept& kept) {
  const std::lock_guard guard(mutex_);
  kept_.try_emplace(digest, kept);
}

// The reference stays good: nothing is ever removed.
const Spool::Kept& Spool::kept(const Digest& digest) const {
  const std::lock_guard guard(mutex_);
  return kept_.at(digest);
}

content::Descriptor Spool::keep(std::string_view media_type, std::string_view bytes) {
  Blob blob(*this);
  blob.write(bytes);
  return blob.finish(media_type);
}

bool Spool::is_framed(const Digest& digest) const {
  return !kept(digest).frames.empty();
}

// Compared by whoever reads the bundle; here it must only be as long as it was.
std::vector<Frame> Spool::copy(const Digest& digest, Sink& to) const {
  const Kept& stored = kept(digest);
  std::string buffer(256 * 1024, '\0');
  for (const Piece& piece : stored.pieces) {
    for (std::uint64_t done = 0; done < piece.size;) {
      const std::size_t count =
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), piece.size - done));
      const std::span<char> part = std::span(buffer).first(count);
      if (read_at(scratch_.get(), piece.offset + done, part, name_) != count) {
        throw Error(Errc::io, name_ + ": found it shorter than what was written");
      }
      to.write({part.data(), part.size()});
      done += count;
    }
  }
  return stored.frames;
}

// Also of a blob that was compressed meanwhile, such as a large document.
std::string Spool::bytes(const Digest& digest) const {
  StringSink stored;
  const std::vector<Frame> frames = copy(digest, stored);
  if (frames.empty()) return stored.take();
  std::string bytes;
  std::string_view rest = stored.bytes();
  for (const Frame& frame : frames) {
    bytes += content::decompress_frame(rest.substr(0, frame.compressed));
    rest.remove_prefix(frame.compressed);
  }
  return bytes;
}

// Bytes are gathered until it is clear whether the blob is small.
struct Spool::Blob::State {
  struct Pieces : Sink {
    explicit Pieces(Spool& to) : spool(to) {}
    void write(std::string_view bytes) override { list.push_back(spool.append(bytes)); }
    Spool& spool;
    std::vector<Piece> list;
  };

  explicit State(Spool& to)
      : spool(to), pieces(to), frames(pieces, to.workers_, to.packing_.level.value_or(1)) {}

  void store(std::string_view bytes) {
    if (spool.packing_.level) {
      frames.write(bytes);
    } else {
      pieces.write(bytes);
    }
  }

  Spool& spool;
  Pieces pieces;
  content::FrameWriter frames;
  std::string small;
  std::uint64_t size = 0;
  Hasher hasher;
};

Spool::Blob::Blob(Spool& spool) : state_(std::make_unique<State>(spool)) {}
Spool::Blob::~Blob() = default;

// Once a blob is no longer small, what was gathered goes first.
void Spool::Blob::write(std::string_view bytes) {
  State& state = *state_;
  state.hasher.update(bytes);
  const bool was_small = state.size < kOwnFrames;
  state.size += bytes.size();
  if (state.size < kOwnFrames) {
    state.small += bytes;
    return;
  }
  if (was_small) {
    state.store(state.small);
    state.small = std::string();
  }
  state.store(bytes);
}

Descriptor Spool::Blob::finish(std::string_view media_type) {
  State& state = *state_;
  if (state.size < kOwnFrames) {
    state.pieces.write(state.small);
  } else if (state.spool.packing_.level) {
    state.frames.finish();
  }
  const Digest digest = state.hasher.finish();
  state.spool.keep(digest, {state.pieces.list, state.frames.frames()});
  return {.media_type = std::string(media_type),
          .digest = digest,
          .size = state.size,
          .artifact_type = {},
          .annotations = {}};
}

}  // namespace sealift::bundle
