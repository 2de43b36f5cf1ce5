// SPDX-License-Identifier: Apache-2.0
#include "content/frames.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_getFrameHeader
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <utility>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/little_endian.hpp"

namespace sealift::content {

namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

[[noreturn]] void refuse_container(std::string_view found) {
  throw Error(Errc::corrupt, format("container: {}", found),
              "the file was damaged on its way; carry it again and compare its SHA-256");
}

// The content size a canonical frame declares; refuses dictionaries, unknown sizes and big windows.
std::uint64_t declared_content(std::string_view frame) {
  ZSTD_frameHeader header;
  if (ZSTD_getFrameHeader(&header, frame.data(), frame.size()) != 0) {
    refuse_container("found no Zstandard frame");
  }
  if (header.frameType != ZSTD_frame || header.dictID != 0 ||
      header.frameContentSize == ZSTD_CONTENTSIZE_UNKNOWN) {
    refuse_container(
        "found a Zstandard frame of another kind, expected one that states its content size");
  }
  if (header.frameContentSize == 0) refuse_container("found a frame without content");
  if (header.frameContentSize > kFrameContent || header.windowSize > kFrameContent) {
    refuse_container(format("found a frame of {} bytes, expected at most {}",
                            header.frameContentSize, kFrameContent));
  }
  return header.frameContentSize;
}

// A frame by `context`, whose parameters and prefix are set.
std::string compressed_by(ZSTD_CCtx& context, std::string_view content) {
  // The buffer is kept, and never made smaller: a fresh one would cost more page faults than the
  // compression itself, and one that grows again is filled with zeros.
  thread_local std::string buffer;
  buffer.resize(std::max(buffer.size(), ZSTD_compressBound(content.size())));
  const std::size_t size =
      ZSTD_compress2(&context, buffer.data(), buffer.size(), content.data(), content.size());
  if (ZSTD_isError(size) != 0U) {
    throw Error(Errc::internal, format("compression failed: {}", ZSTD_getErrorName(size)));
  }
  return buffer.substr(0, size);
}

// `content` is as long as the frame declares.
void decompress_into(std::string_view frame, std::span<char> content) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  const std::size_t size = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                               frame.data(), frame.size());
  if (ZSTD_isError(size) != 0U || size != content.size()) {
    refuse_container("found a frame that cannot be decompressed");
  }
}

constexpr std::uint32_t kSkippableMask = 0xFFFFFFF0U;
constexpr std::uint32_t kSkippableFirst = 0x184D2A50U;
constexpr std::uint32_t kHashMagic = 0x184D2A5DU;
constexpr std::uint32_t kSeekMagic = 0x184D2A5EU;  // zstd/contrib/seekable_format
constexpr std::uint32_t kSeekFooterMagic = 0x8F92EAB1U;
constexpr std::size_t kHashFrameBytes = 16;
constexpr std::size_t kSeekEntryBytes = 8;
constexpr std::size_t kSeekFooterBytes = 9;

std::string hash_frame(std::uint64_t hash) {
  std::string frame;
  put_little(frame, kHashMagic);
  put_little(frame, std::uint32_t{8});
  put_little(frame, hash);
  return frame;
}

std::string seek_table(const std::vector<Frame>& frames) {
  std::string frame;
  put_little(frame, kSeekMagic);
  put_little(frame, static_cast<std::uint32_t>(frames.size() * kSeekEntryBytes + kSeekFooterBytes));
  for (const Frame& each : frames) {
    put_little(frame, static_cast<std::uint32_t>(each.compressed));
    put_little(frame, static_cast<std::uint32_t>(each.content));
  }
  put_little(frame, static_cast<std::uint32_t>(frames.size()));
  frame += '\0';  // no checksums: digests are in the documents
  put_little(frame, kSeekFooterMagic);
  return frame;
}

// Long matches are found by a table of their own, which a level's small tables cannot: an entry for
// each 32 bytes of the longest prefix.
constexpr int kLongHashLog = 20;
constexpr int kLongHashRateLog = 5;

// Of a window that has all of both: its tables are emptied for each patch, so it is no larger.
int window_log(std::size_t bytes) {
  return std::max(static_cast<int>(std::bit_width(bytes)), ZSTD_WINDOWLOG_MIN);
}

void set(ZSTD_CCtx& context, ZSTD_cParameter parameter, int value) {
  if (ZSTD_isError(ZSTD_CCtx_setParameter(&context, parameter, value)) != 0U) {
    throw Error(Errc::internal, "libzstd does not take a parameter");
  }
}

}  // namespace

std::string compressor_name(int level) {
  return format("zstd {} level {}", ZSTD_versionString(), level);
}

std::string compress_frame(std::string_view content, int level) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  return compressed_by(*context, content);
}

std::string decompress_frame(std::string_view frame) {
  std::string content(declared_content(frame), '\0');
  decompress_into(frame, content);
  return content;
}

std::string compress_patch(std::string_view content, std::string_view prefix, int level) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  set(*context, ZSTD_c_compressionLevel, level);
  set(*context, ZSTD_c_checksumFlag, 1);
  if (!prefix.empty()) {
    set(*context, ZSTD_c_windowLog, window_log(content.size() + prefix.size()));
    set(*context, ZSTD_c_enableLongDistanceMatching, 1);
    set(*context, ZSTD_c_ldmHashLog, kLongHashLog);
    set(*context, ZSTD_c_ldmHashRateLog, kLongHashRateLog);
    ZSTD_CCtx_refPrefix(context.get(), prefix.data(), prefix.size());
  }
  return compressed_by(*context, content);
}

std::string decompress_patch(std::string_view frame, std::string_view prefix) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  std::string content(declared_content(frame), '\0');
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  ZSTD_DCtx_refPrefix(context.get(), prefix.data(), prefix.size());
  const std::size_t size = ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                               frame.data(), frame.size());
  if (ZSTD_isError(size) != 0U || size != content.size()) {
    refuse_container("found a patch that does not fit its base");
  }
  return content;
}

FrameWriter::FrameWriter(Sink& out, Workers& workers, int level)
    : out_(out), level_(level), queue_(workers) {}

void FrameWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (pending_.capacity() < kFrameContent) pending_.reserve(kFrameContent);
    const std::size_t count = std::min(bytes.size(), kFrameContent - pending_.size());
    pending_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (pending_.size() == kFrameContent) cut();
  }
}

void FrameWriter::cut() {
  if (pending_.empty()) return;
  if (queue_.full()) take_one();
  queue_.put([content = std::move(pending_), level = level_] {
    return Compressed{compress_frame(content, level), content.size()};
  });
  pending_ = std::string();
}

void FrameWriter::finish() {
  cut();
  while (!queue_.empty()) take_one();
}

void FrameWriter::take_one() {
  const Compressed frame = queue_.take();
  out_.write(frame.bytes);
  frames_.push_back({frame.bytes.size(), frame.content});
}

struct TrailerSink::State {
  XXH64_state_t hash;
};

TrailerSink::TrailerSink(Sink& out) : out_(out), state_(std::make_unique<State>()) {
  XXH64_reset(&state_->hash, 0);
}

TrailerSink::~TrailerSink() = default;

void TrailerSink::write(std::string_view bytes) {
  XXH64_update(&state_->hash, bytes.data(), bytes.size());
  out_.write(bytes);
}

void TrailerSink::finish(const std::vector<Frame>& frames) {
  out_.write(hash_frame(XXH64_digest(&state_->hash)));
  out_.write(seek_table(frames));
}

// The compressed bytes: read ahead as far as one frame needs, hashed once they are accepted. The
// buffer only grows: what is about to be overwritten is not filled with zeros first.
struct FrameSource::Input {
  explicit Input(Source& from) : source(from) { XXH64_reset(&hash, 0); }

  std::string_view available() const { return std::string_view(buffer).substr(begin, end - begin); }

  // Reads until `size` bytes are available or the file ends.
  void want(std::size_t size) {
    if (end - begin >= size) return;
    buffer.replace(0, end - begin, buffer, begin, end - begin);
    end -= begin;
    begin = 0;
    buffer.resize(std::max(buffer.size(), size));
    end += read_fully(source, std::span(buffer).subspan(end, size - end));
  }

  std::string take(std::size_t size) {
    std::string bytes = buffer.substr(begin, size);
    begin += size;
    return bytes;
  }

  Source& source;
  XXH64_state_t hash;
  std::string buffer;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Room for contents that were used up, to be overwritten. A new string would be filled with zeros,
// page by page, which took more of the time of a verification than any other thing.
struct FrameSource::Spares {
  Content unpack(std::string_view frame) {
    Content content = take();
    content.size = declared_content(frame);
    if (content.capacity < content.size) {
      content.bytes = std::make_unique_for_overwrite<char[]>(content.size);
      content.capacity = content.size;
    }
    decompress_into(frame, {content.bytes.get(), content.size});
    return content;
  }
  void give(Content content) {
    const std::lock_guard guard(mutex);
    contents.push_back(std::move(content));
  }

 private:
  Content take() {
    const std::lock_guard guard(mutex);
    if (contents.empty()) return {};
    Content content = std::move(contents.back());
    contents.pop_back();
    return content;
  }

  std::mutex mutex;
  std::vector<Content> contents;
};

FrameSource::FrameSource(Source& compressed, Workers& workers)
    : input_(std::make_unique<Input>(compressed)),
      spares_(std::make_unique<Spares>()),
      queue_(workers) {}

FrameSource::~FrameSource() = default;

// Hands the next frame to the workers; false at the first skippable frame.
bool FrameSource::next_frame() {
  std::size_t want = 256 * 1024;
  std::size_t size = 0;
  while (true) {
    input_->want(want);
    const std::string_view bytes = input_->available();
    if (bytes.size() < 4) refuse_container("found the end of the file, expected the last frames");
    if ((little<std::uint32_t>(bytes) & kSkippableMask) == kSkippableFirst) return false;
    if (!is_zstd(bytes)) refuse_container("found bytes that are no Zstandard frame");
    size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    if (ZSTD_isError(size) == 0U) break;
    const std::size_t limit = ZSTD_compressBound(kFrameContent) + 1024;
    if (bytes.size() < want) refuse_container("found the end of the file inside a frame");
    if (want >= limit) refuse_container("found a broken or too large frame");
    want = std::min(limit, want * 2);
  }
  if (frames_.size() >= kMaxFrames) refuse_container("found too many frames");
  std::string frame = input_->take(size);
  frames_.push_back({frame.size(), declared_content(frame)});
  XXH64_update(&input_->hash, frame.data(), frame.size());
  queue_.put([bytes = std::move(frame), spares = spares_.get()] { return spares->unpack(bytes); });
  return true;
}

void FrameSource::fill() {
  while (!all_seen_ && !queue_.full() && queue_.size() < ahead_) all_seen_ = !next_frame();
}

void FrameSource::check_trailer() {
  std::string expected = hash_frame(XXH64_digest(&input_->hash));
  expected += seek_table(frames_);
  input_->want(expected.size() + 1);
  const std::string_view found = input_->available();
  if (found.substr(0, kHashFrameBytes) != std::string_view(expected).substr(0, kHashFrameBytes)) {
    refuse_container("the bytes do not match their XXH64 checksum");
  }
  if (found.substr(0, expected.size()) != expected) {
    refuse_container("the seek table does not match the frames");
  }
  if (found.size() > expected.size()) refuse_container("found bytes after the end");
  input_->take(expected.size());
}

std::size_t FrameSource::read(std::span<char> into) {
  while (used_ == content_.size) {
    fill();
    if (queue_.empty()) {
      if (!checked_) check_trailer();
      checked_ = true;
      return 0;
    }
    spares_->give(std::exchange(content_, {}));
    used_ = 0;
    content_ = queue_.take();
    if (ahead_ > 1) fill();  // keeps the workers busy while the caller works on this frame
    ahead_ = std::min(2 * ahead_, kMostAhead);
  }
  const std::size_t count = std::min(into.size(), content_.size - used_);
  std::copy_n(content_.bytes.get() + used_, count, into.begin());
  used_ += count;
  return count;
}

bool is_zstd(std::string_view bytes) {
  return bytes.size() >= 4 && little<std::uint32_t>(bytes) == ZSTD_MAGICNUMBER;
}

std::vector<Frame> read_seek_table(const RandomAccess& file) {
  const std::uint64_t size = file.size();
  std::array<char, kSeekFooterBytes> footer{};
  if (size < footer.size() + kSeekEntryBytes) refuse_container("found no seek table");
  file.read_at(size - footer.size(), footer);
  const std::string_view view(footer.data(), footer.size());
  const std::uint32_t count = little<std::uint32_t>(view);
  const std::uint64_t bytes = kSeekEntryBytes * (std::uint64_t{count} + 1) + kSeekFooterBytes;
  if (little<std::uint32_t>(view.substr(5)) != kSeekFooterMagic || count > kMaxFrames ||
      bytes > size) {
    refuse_container("found no seek table");
  }
  std::string table(bytes, '\0');
  file.read_at(size - bytes, table);
  std::vector<Frame> frames;
  for (std::size_t i = 1; i <= count; ++i) {
    const std::string_view entry = std::string_view(table).substr(i * kSeekEntryBytes);
    frames.push_back({little<std::uint32_t>(entry), little<std::uint32_t>(entry.substr(4))});
  }
  if (seek_table(frames) != table) refuse_container("found a seek table of another kind");
  std::uint64_t total = kHashFrameBytes + bytes;
  for (const Frame& frame : frames) total += frame.compressed;
  if (total != size) refuse_container("the frames of the seek table are not as long as the file");
  return frames;
}

}  // namespace sealift::content
