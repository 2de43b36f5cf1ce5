// SPDX-License-Identifier: Apache-2.0
#pragma once

// The compressed container: independent Zstandard frames (RFC 8878) of at most 8 MiB content, so
// that all cores work on it and a reader can begin anywhere; then two skippable frames: an XXH64
// over every byte before it (accidents; Zstandard alone lets some bit flips decode to the same
// content), and last the seek table of the public "Zstandard seekable format" (without checksums).
// `zstd -d` and everything built on libzstd reads it unchanged.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/parallel.hpp"
#include "base/random_access.hpp"
#include "base/stream.hpp"

namespace sealift::content {

inline constexpr std::size_t kFrameContent = 8U << 20;
inline constexpr std::uint32_t kMaxFrames = 1U << 20;  // 8 TiB of content

struct Frame {
  std::uint64_t compressed;  // bytes in the file
  std::uint64_t content;     // bytes when decompressed
  friend bool operator==(const Frame&, const Frame&) = default;
};

// "zstd 1.5.4 level 3": what a bundle records, because bytes are the same only for one libzstd.
std::string compressor_name(int level);
inline constexpr int kDefaultLevel = 3;
inline constexpr int kMinLevel = 1;
inline constexpr int kMaxLevel = 19;  // above, windows outgrow the frame

// One frame of `content` (at most kFrameContent bytes); the same bytes for the same libzstd.
std::string compress_frame(std::string_view content, int level);
// The content of exactly one frame of the canonical kind; Error{corrupt} otherwise.
std::string decompress_frame(std::string_view frame);

// A patch is a frame that has a checksum, and whose matches may reach back into a prefix, which
// whoever reads it must have too: what `zstd --patch-from` makes.
inline constexpr std::size_t kMaxPrefix = 32U << 20;

// Of at most kFrameContent bytes of content and kMaxPrefix of prefix, which may be empty; the same
// bytes for the same libzstd.
std::string compress_patch(std::string_view content, std::string_view prefix, int level);

// Error{corrupt} for a frame of another kind, and where it does not give with this prefix what it
// was made of.
std::string decompress_patch(std::string_view frame, std::string_view prefix);

// Cuts what it is given into frames, compresses them on the workers and writes them in order.
class FrameWriter : public Sink {
 public:
  FrameWriter(Sink& out, Workers& workers, int level);
  void write(std::string_view bytes) override;
  // Ends the frame here, so that what follows begins one of its own.
  void cut();
  // cut(), and waits until all is written.
  void finish();
  // What has been written, in order.
  const std::vector<Frame>& frames() const { return frames_; }

 private:
  void take_one();

  Sink& out_;
  int level_;
  std::string pending_;
  std::vector<Frame> frames_;
  struct Compressed {
    std::string bytes;  // the frame as it is written
    std::uint64_t content;
  };
  Ordered<Compressed> queue_;
};

// Counts and hashes everything that is written to a bundle file, then writes the two last frames.
class TrailerSink : public Sink {
 public:
  explicit TrailerSink(Sink& out);
  ~TrailerSink() override;
  void write(std::string_view bytes) override;
  // `frames`: every frame written before, in order.
  void finish(const std::vector<Frame>& frames);

 private:
  struct State;
  Sink& out_;
  std::unique_ptr<State> state_;
};

// Reads a container from its first byte to its last: decompresses ahead on the workers, and when
// the content ends checks XXH64, seek table and that nothing follows. Refuses with Error{corrupt}
// every frame that is not of the canonical kind.
class FrameSource : public Source {
 public:
  FrameSource(Source& compressed, Workers& workers);
  ~FrameSource() override;
  std::size_t read(std::span<char> into) override;
  // Every frame met so far; all of them once read() has returned 0.
  const std::vector<Frame>& frames() const { return frames_; }

 private:
  struct Content {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity = 0;
    std::size_t size = 0;
  };
  struct Input;
  struct Spares;
  bool next_frame();
  void fill();
  void check_trailer();

  std::unique_ptr<Input> input_;
  std::unique_ptr<Spares> spares_;
  std::vector<Frame> frames_;
  Content content_;
  std::size_t used_ = 0;
  // Frames that may be in the making: more, the more were read. Whoever wants one document, or one
  // small blob, does not wait for frames behind it.
  static constexpr std::size_t kMostAhead = 1U << 10;
  std::size_t ahead_ = 1;
  bool all_seen_ = false;
  bool checked_ = false;
  Ordered<Content> queue_;
};

// True where `bytes` (at least 4) begin a Zstandard frame.
bool is_zstd(std::string_view bytes);

// The seek table at the end of a file, for a reader that wants to begin in the middle. It is
// a hint: whoever follows it checks the digest of what it finds. Error{corrupt} where there is
// none, or the file is longer or shorter than it says: a copy that was cut off, for one.
std::vector<Frame> read_seek_table(const RandomAccess& file);

}  // namespace sealift::content
