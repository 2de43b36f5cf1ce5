// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "content/frames.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

namespace {

// Small, because 8 MiB can come out of 300 bytes.
constexpr std::size_t kMaxInput = 4096;

std::vector<content::Frame> seek_table_of(std::string_view bytes) {
  const Fd fd = open_scratch(fs::temp_directory_path());
  FdSink(fd.get(), "scratch").write(bytes);
  return content::read_seek_table(FdAccess(fd.get(), "scratch"));
}

// Reads a container to its end; returns the size of its content.
std::uint64_t content_of(content::FrameSource& frames) {
  std::string buffer(1U << 20, '\0');
  std::uint64_t size = 0;
  while (const std::size_t count = frames.read(buffer)) size += count;
  return size;
}

}  // namespace

const Target kFrames("frames", [](std::string_view bytes) {
  if (bytes.size() > kMaxInput) return;
  even_if_refused([&] {
    require(content::decompress_frame(bytes).size() <= content::kFrameContent,
            "a frame holds at most 8 MiB");
  });
  even_if_refused([&] { seek_table_of(bytes); });

  static Workers workers(1);
  StringSource source(bytes);
  content::FrameSource frames(source, workers);
  std::uint64_t size = content_of(frames);
  require(seek_table_of(bytes) == frames.frames(), "the seek table is that of the frames");
  for (const content::Frame& frame : frames.frames()) size -= frame.content;
  require(size == 0, "the frames hold what was read");
});

}  // namespace sealift::fuzz
