// SPDX-License-Identifier: Apache-2.0
#include "bundle/writer.hpp"

#include "bundle/blobs.hpp"
#include "tests/unit/bundle/small_bundle.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::bundle::writer_test {

using tests::refusal_of;
using tests::SmallBundle;

namespace {

constexpr std::size_t kLarge = 3U << 20;  // with frames of its own

Contents documents(SmallBundle& small, const fs::path& file) {
  return read_documents(open_for_reading(file).get(), file.string(), small.workers());
}

std::string all_of(Source& source) {
  return read_all(source, 1U << 30, "blob");
}

}  // namespace

TEST_CASE("bundle writer: the same release gives the same bytes") {
  for (const std::size_t large : {std::size_t{0}, kLarge}) {
    SmallBundle one({}, large);
    SmallBundle two({}, large);
    CHECK(one.sealed().descriptor == two.sealed().descriptor);
    CHECK((one.bytes({}) == two.bytes({})));
  }
}

TEST_CASE("bundle writer: compression does not change what the release is") {
  SmallBundle packed;
  SmallBundle plain({.level = {}});
  CHECK(packed.sealed().descriptor == plain.sealed().descriptor);
}

TEST_CASE("bundle writer: the order in which referrers are given does not matter") {
  SmallBundle small;
  std::vector<Referrer> referrers = small.referrers();
  const std::string sorted = small.bytes(referrers);
  std::swap(referrers.front(), referrers.back());
  CHECK((small.bytes(referrers) == sorted));
}

TEST_CASE("bundle writer: another file, note or value is another release") {
  SmallBundle small;
  SmallBundle larger({}, 10);
  CHECK(small.sealed().descriptor.digest != larger.sealed().descriptor.digest);
}

TEST_CASE("bundle writer: content that two components share is carried once") {
  SmallBundle small({}, kLarge);
  std::vector<release::Component> twice = small.components();
  twice.push_back(twice.back());
  Once seen;
  CHECK(payload_of(twice, seen).size() == 4);
}

TEST_CASE("bundle writer: stock tools unpack a bundle, and every blob has its digest for a name") {
  for (const Packing packing : {Packing{}, Packing{.level = {}}}) {
    SmallBundle small(packing, kLarge);
    write_file(small.folder() / "b.tar", small.bytes());
    fs::create_directory(small.folder() / "out");
    const auto unpacked =
        tests::run_tool({"bsdtar", "-xf", "../b.tar"}, (small.folder() / "out").string());
    if (!unpacked) return;
    CHECK(unpacked->status == 0);
    CHECK(unpacked->error_output.empty());
    std::size_t blobs = 0;
    for (const Entry& entry : Dir::open(small.folder() / "out/blobs/sha256").entries()) {
      const std::string content =
          read_file(small.folder() / "out/blobs/sha256" / entry.name, 1U << 30);
      CHECK(Digest::of(content).hex() == entry.name);
      ++blobs;
    }
    CHECK(blobs > 10);
  }
}

TEST_CASE("bundle writer: rewriting the referrers changes neither the release nor its payload") {
  for (const Packing packing : {Packing{}, Packing{.level = {}}}) {
    SmallBundle small(packing, kLarge);
    const fs::path from = small.folder() / "unsigned.bundle";
    write_file(from, small.bytes({small.statement_referrer(to_text(small.statement()))}));
    const Fd fd = open_for_reading(from);
    const Contents contents = documents(small, from);
    const fs::path to = small.folder() / "signed.bundle";
    const FdAccess file(fd.get(), from.string());
    rewrite_referrers(to, file, locate_payload(file, from.string(), contents), contents.release,
                      small.referrers(), small.workers(), contents.compression);
    // Byte for byte what would have been built with these approvals at once.
    CHECK((read_file(to, 1U << 30) == small.bytes()));
    CHECK_NOTHROW(small.verify(read_file(to, 1U << 30)));
  }
}

TEST_CASE("blobs: every blob of the payload can be read from the middle of the file") {
  for (const Packing packing : {Packing{}, Packing{.level = {}}}) {
    SmallBundle small(packing, kLarge);
    const fs::path file = small.folder() / "file.bundle";
    write_file(file, small.bytes());
    const Fd fd = open_for_reading(file);
    const FdAccess access(fd.get(), "file.bundle");
    const Contents contents = documents(small, file);
    const Blobs blobs(access, "file.bundle", contents, small.workers());
    REQUIRE(contents.release.payload.size() == 4);
    for (const content::Descriptor& blob : contents.release.payload) {
      const std::string bytes = all_of(*blobs.open(blob.digest));
      CHECK(bytes.size() == blob.size);
      CHECK(Digest::of(bytes) == blob.digest);
    }
    CHECK(refusal_of([&] { blobs.open(Digest::of("unknown")); }) == Errc::internal);
  }
}

TEST_CASE("blobs: a file that changed after it was verified is noticed") {
  for (const Packing packing : {Packing{}, Packing{.level = {}}}) {
    SmallBundle small(packing);
    const fs::path file = small.folder() / "file.bundle";
    const std::string good = small.bytes();
    write_file(file, good);
    const Contents contents = documents(small, file);
    std::string bad = good;
    for (std::size_t i = good.size() / 2; i < good.size() - 200; ++i)
      bad[i] = static_cast<char>(bad[i] ^ 1);
    write_file(file, bad);
    const Fd fd = open_for_reading(file);
    const FdAccess access(fd.get(), "file.bundle");
    CHECK(refusal_of([&] {
            const Blobs blobs(access, "file.bundle", contents, small.workers());
            for (const content::Descriptor& blob : contents.release.payload)
              all_of(*blobs.open(blob.digest));
          }) == Errc::corrupt);
  }
}

TEST_CASE("spool: content comes back by its digest, small and large, twice or interleaved") {
  const tests::ScratchFolder folder;
  Workers workers(2);
  Spool spool(folder.path(), workers, {.level = {}});
  const std::string large(kLarge, 'x');
  Spool::Blob one(spool);
  Spool::Blob two(spool);
  for (std::size_t at = 0; at < large.size(); at += 100'000) {
    one.write(std::string_view(large).substr(at, 100'000));
    two.write("y");
  }
  const content::Descriptor first = one.finish("a/b");
  const content::Descriptor second = two.finish("a/b");
  CHECK(first.digest == Digest::of(large));
  CHECK(first.size == large.size());
  StringSink to;
  spool.copy(first.digest, to);
  CHECK((to.bytes() == large));
  StringSink small;
  spool.copy(second.digest, small);
  CHECK(small.bytes() == std::string(second.size, 'y'));
  CHECK_FALSE(spool.is_framed(first.digest));
  CHECK(Dir::open(folder.path()).entries().empty());
}

TEST_CASE("spool: several threads write, each a blob of its own") {
  const tests::ScratchFolder folder;
  Workers workers(2);
  Spool spool(folder.path(), workers, {});
  std::vector<Digest> written(8, Digest::of(""));
  const auto content = [](std::size_t i) {
    return std::string((1U << 20) + i, static_cast<char>('a' + i));
  };
  side_by_side(3, written.size(), [&] {
    return [&](std::size_t i) {
      Spool::Blob blob(spool);
      blob.write(content(i));
      written[i] = blob.finish("a/b").digest;
    };
  });
  for (std::size_t i = 0; i < written.size(); ++i) {
    CHECK(written[i] == Digest::of(content(i)));
    CHECK((spool.bytes(written[i]) == content(i)));
  }
}

}  // namespace sealift::bundle::writer_test
