// SPDX-License-Identifier: Apache-2.0
#include "content/frames.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::content::frames_test {

using tests::refusal_of;

namespace {

// Bytes that compress to about a half, the same for one seed.
std::string some_bytes(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>('a' + random() % 16);
  return bytes;
}

// A container whose frames hold `parts`.
std::string container_of(const std::vector<std::string>& parts, std::size_t threads = 2,
                         int level = kDefaultLevel) {
  Workers workers(threads);
  StringSink file;
  TrailerSink trailer(file);
  FrameWriter writer(trailer, workers, level);
  for (const std::string& part : parts) {
    writer.write(part);
    writer.cut();
  }
  writer.finish();
  trailer.finish(writer.frames());
  return file.take();
}

std::string read_container(std::string_view bytes, Workers& workers) {
  StringSource source(bytes);
  FrameSource frames(source, workers);
  StringSink to;
  copy(frames, to);
  return to.take();
}

std::string read_container(std::string_view bytes) {
  Workers workers(2);
  return read_container(bytes, workers);
}

}  // namespace

TEST_CASE("frames: what goes in comes out, whatever its size") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{70'000}, kFrameContent,
                                 kFrameContent + 1, 2 * kFrameContent + 12'345}) {
    const std::string content = some_bytes(size);
    CAPTURE(size);
    CHECK((read_container(container_of({content})) == content));
  }
  CHECK(read_container(container_of({"one", "two", "three"})) == "onetwothree");
}

TEST_CASE("frames: content that does not compress survives") {
  std::mt19937 random(7);
  std::string noise(3'000'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  CHECK((read_container(container_of({noise})) == noise));
}

TEST_CASE("frames: the bytes do not depend on the number of threads or the sizes of writes") {
  const std::string content = some_bytes(2 * kFrameContent + 99);
  const std::string one = container_of({content}, 1);
  CHECK((container_of({content}, 4) == one));
  Workers workers(2);
  StringSink file;
  TrailerSink trailer(file);
  FrameWriter writer(trailer, workers, kDefaultLevel);
  for (std::size_t at = 0; at < content.size(); at += 100'003) {
    writer.write(std::string_view(content).substr(at, 100'003));
  }
  writer.finish();
  trailer.finish(writer.frames());
  CHECK((file.bytes() == one));
}

TEST_CASE("frames: an empty cut makes no frame") {
  CHECK(container_of({"", "a", ""}) == container_of({"a"}));
}

TEST_CASE("frames: a frame holds at most 8 MiB, and one more is refused") {
  CHECK((decompress_frame(compress_frame(some_bytes(kFrameContent), 1)).size() == kFrameContent));
  const std::string large = compress_frame(std::string(kFrameContent + 1, 'x'), 1);
  CHECK(refusal_of([&] { decompress_frame(large); }) == Errc::corrupt);
  Workers workers(1);
  CHECK(refusal_of([&] { read_container(large, workers); }) == Errc::corrupt);
}

TEST_CASE("frames: no level makes a window that the reader refuses") {
  const std::string content = some_bytes(kFrameContent);
  for (const int level : {kMinLevel, kDefaultLevel, kMaxLevel}) {
    CHECK((decompress_frame(compress_frame(content.substr(0, 200'000), level)) ==
           content.substr(0, 200'000)));
  }
}

TEST_CASE("frames: stock zstd accepts and unpacks a container") {
  const tests::ScratchFolder folder;
  const std::string content = some_bytes(200'000);
  write_file(folder / "c.zst", container_of({content, "tail"}));
  const auto tested = tests::run_tool({"zstd", "-t", (folder / "c.zst").string()});
  if (!tested) return;
  CHECK(tested->status == 0);
  const auto unpacked = tests::run_tool({"zstd", "-dc", (folder / "c.zst").string()});
  REQUIRE(unpacked);
  CHECK((unpacked->output == content + "tail"));
}

TEST_CASE("frames: every truncation is refused") {
  Workers workers(2);
  const std::string good = container_of({some_bytes(300), some_bytes(500, 2)});
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string_view bad = std::string_view(good).substr(0, size);
    if (refusal_of([&] { read_container(bad, workers); }) != Errc::corrupt) FAIL("size " << size);
  }
}

TEST_CASE("frames: every single flipped bit is refused") {
  Workers workers(2);
  std::string bytes = container_of({some_bytes(300), some_bytes(500, 2)});
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const char mask = static_cast<char>(1 << bit % 8);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
    if (refusal_of([&] { read_container(bytes, workers); }) != Errc::corrupt) FAIL("bit " << bit);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ mask);
  }
  CHECK_NOTHROW(read_container(bytes, workers));
}

TEST_CASE("frames: bytes after the end are refused") {
  const std::string good = container_of({"content"});
  for (const std::string& more : {std::string(1, '\0'), std::string("x"), good}) {
    CHECK(refusal_of([&] { read_container(good + more); }) == Errc::corrupt);
  }
}

TEST_CASE("frames: frames in another order, or one left out, are refused") {
  const std::string a = compress_frame("aaaa", kDefaultLevel);
  const std::string b = compress_frame("bbbb", kDefaultLevel);
  const std::string good = container_of({"aaaa", "bbbb"});
  REQUIRE(good.starts_with(a + b));
  const std::string tail = good.substr(a.size() + b.size());
  CHECK(refusal_of([&] { read_container(b + a + tail); }) == Errc::corrupt);
  CHECK(refusal_of([&] { read_container(a + tail); }) == Errc::corrupt);
  CHECK(refusal_of([&] { read_container(a + b); }) == Errc::corrupt);
}

TEST_CASE("frames: a skippable frame in front or between is refused") {
  const std::string skippable("\x50\x2a\x4d\x18\x01\0\0\0x", 9);
  const std::string a = compress_frame("aaaa", kDefaultLevel);
  const std::string good = container_of({"aaaa", "bbbb"});
  CHECK(refusal_of([&] { read_container(skippable + good); }) == Errc::corrupt);
  CHECK(refusal_of([&] { read_container(a + skippable + good.substr(a.size())); }) ==
        Errc::corrupt);
}

TEST_CASE("frames: a frame of another kind is refused") {
  // Made by stock zstd from a pipe: its content size is not stated.
  const auto made = tests::run_tool({"zstd", "-c"}, "/", some_bytes(1000));
  if (!made) return;
  REQUIRE(is_zstd(made->output));
  CHECK(refusal_of([&] { decompress_frame(made->output); }) == Errc::corrupt);
  CHECK(refusal_of([&] { decompress_frame("not a frame at all"); }) == Errc::corrupt);
  CHECK(refusal_of([&] { decompress_frame(""); }) == Errc::corrupt);
  const std::string one = compress_frame("a", 3);
  CHECK(refusal_of([&] { decompress_frame(one + one); }) == Errc::corrupt);
}

TEST_CASE("frames: the magic number is told from others") {
  CHECK(is_zstd(compress_frame("a", 3)));
  CHECK_FALSE(is_zstd("blob"));
  CHECK_FALSE(is_zstd("\x28\xb5\x2f"));
}

TEST_CASE("frames: the seek table of a file names its frames, and other ends are refused") {
  const tests::ScratchFolder folder;
  const std::string good = container_of({some_bytes(5000), "two"});
  const auto table_of = [&](const std::string& bytes) {
    write_file(folder / "c.zst", bytes);
    const Fd fd = open_for_reading(folder / "c.zst");
    return read_seek_table(FdAccess(fd.get(), "c.zst"));
  };
  const std::vector<Frame> frames = table_of(good);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].content == 5000);
  CHECK(frames[1].content == 3);
  CHECK((decompress_frame(
             std::string_view(good).substr(frames[0].compressed, frames[1].compressed)) == "two"));
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, good.size() - 1}) {
    CHECK(refusal_of([&] { table_of(good.substr(0, size)); }) == Errc::corrupt);
  }
  std::string many = good;  // a count that no file could hold
  many.replace(good.size() - 9, 4, "\xff\xff\xff\x7f");
  CHECK(refusal_of([&] { table_of(many); }) == Errc::corrupt);
  std::string checksums = good;  // a table with checksums is longer than it says
  checksums[good.size() - 5] = '\x80';
  CHECK(refusal_of([&] { table_of(checksums); }) == Errc::corrupt);
}

}  // namespace sealift::content::frames_test
