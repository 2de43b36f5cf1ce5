// SPDX-License-Identifier: Apache-2.0
#include "content/tar.hpp"

#include <catch2/catch.hpp>

#include "content/expected_tar.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"
#include "tests/unit/stock_tool.hpp"

namespace sealift::content::tar_test {

using tests::messages;
using tests::refusal_of;

namespace {

struct Item {
  TarEntry entry;
  std::string content;
};

Item file(const std::string& name, const std::string& content, unsigned mode = 0644) {
  return {{.name = name, .mode = mode, .size = content.size(), .link = {}}, content};
}

// Names at, below and above what each field of ustar holds.
std::vector<Item> sample() {
  const std::string deep = std::string(60, 'p') + "/" + std::string(90, 'n');
  return {
      file("a.txt", "hello\n"),
      file("bin/run", std::string(1000, 'x'), 0755),
      file("empty", ""),
      file("exactly-one-block", std::string(kTarBlock, 'b')),
      {{.name = "folder/", .type = TarType::directory, .mode = 0755, .link = {}}, ""},
      {{.name = "link", .type = TarType::symlink, .mode = 0777, .link = "a.txt"}, ""},
      {{.name = "long-link", .type = TarType::symlink, .mode = 0777, .link = std::string(150, 't')},
       ""},
      file(std::string(100, 'h'), "a name of 100 bytes"),
      file(std::string(101, 'i'), "101 bytes, pax"),
      file(deep, "prefix and name"),
      file(std::string(155, 'q') + "/" + std::string(100, 'r'), "both full"),
      file(std::string(156, 's') + "/" + std::string(100, 't'), "prefix too long, pax"),
      {{.name = deep + "-folder/", .type = TarType::directory, .mode = 0755, .link = {}}, ""},
      file("\xc3\xa9t\xc3\xa9.txt", "utf-8"),
      file(std::string(99, 'u') + "\xc3\xa9", "a letter across byte 100"),
  };
}

std::string tar_of(const std::vector<Item>& items) {
  std::string bytes;
  for (const Item& item : items) {
    bytes += tar_header(item.entry);
    bytes += item.content;
    bytes += tar_padding(item.content.size());
  }
  return bytes + std::string(tar_end());
}

// As `tar -t` lists them: one name a line.
std::string names_of(const std::vector<Item>& items) {
  std::string names;
  for (const Item& item : items) names += item.entry.name + "\n";
  return names;
}

void read_expected(std::string_view bytes, const std::vector<Item>& items) {
  StringSource source(bytes);
  ExpectedTar tar(source, "t.tar");
  for (const Item& item : items) {
    tar.header(item.entry);
    if (tar.content() != item.content) throw Error(Errc::corrupt, "other content");
  }
  tar.end();
}

}  // namespace

TEST_CASE("tar: a header has the bytes that POSIX ustar asks for") {
  const std::string header = tar_header(file("a.txt", "hello\n").entry);
  REQUIRE(header.size() == kTarBlock);
  CHECK(header.substr(0, 6) == std::string("a.txt\0", 6));
  CHECK(header.substr(100, 8) == std::string("0000644\0", 8));
  CHECK(header.substr(124, 12) == std::string("00000000006\0", 12));
  CHECK(header.substr(136, 12) == std::string("00000000000\0", 12));
  CHECK(header[156] == '0');
  CHECK(header.substr(257, 8) == std::string("ustar\00000", 8));
  unsigned sum = 8 * ' ';
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(header[i]);
  }
  CHECK(std::stoul(header.substr(148, 6), nullptr, 8) == sum);
}

TEST_CASE("tar: pax records appear only where ustar cannot hold the value") {
  CHECK(tar_header(file(std::string(100, 'h'), "").entry).size() == kTarBlock);
  CHECK(tar_header(file(std::string(155, 'q') + "/" + std::string(100, 'r'), "").entry).size() ==
        kTarBlock);
  CHECK(tar_header(file(std::string(101, 'i'), "").entry).size() == 3 * kTarBlock);
  TarEntry huge{.name = "huge", .size = 077777777777, .link = {}};
  CHECK(tar_header(huge).size() == kTarBlock);
  huge.size += 1;
  const std::string header = tar_header(huge);
  CHECK(header.size() == 3 * kTarBlock);
  CHECK(header.substr(kTarBlock, 19) == "19 size=8589934592\n");
}

TEST_CASE("tar: the length of a pax record counts its own digits") {
  for (std::size_t size : {101U, 990U, 991U, 992U, 1000U}) {
    const std::string name(size, 'n');
    const std::string record = tar_header(file(name, "").entry).substr(kTarBlock);
    const std::size_t length = std::stoul(record);
    CAPTURE(size);
    CHECK(record.substr(0, length).ends_with("path=" + name + "\n"));
    CHECK(record[length] == '\0');
  }
}

TEST_CASE("tar: padding fills the block and an entry's size counts everything") {
  CHECK(tar_padding(0).empty());
  CHECK(tar_padding(1).size() == 511);
  CHECK(tar_padding(512).empty());
  CHECK(tar_end() == std::string(1024, '\0'));
  for (const Item& item : sample()) {
    CHECK(tar_entry_size(item.entry) == tar_header(item.entry).size() + item.content.size() +
                                            tar_padding(item.content.size()).size());
  }
}

TEST_CASE("tar: stock tar and bsdtar list and extract what was written") {
  const tests::ScratchFolder folder;
  const std::vector<Item> items = sample();
  write_file(folder / "t.tar", tar_of(items));
  for (const char* tool : {"tar", "bsdtar"}) {
    CAPTURE(tool);
    const auto listed = tests::run_tool({tool, "-tf", "t.tar"}, folder.path().string());
    if (!listed) continue;
    CHECK(listed->status == 0);
    CHECK(listed->error_output.empty());
    if (std::string(tool) == "bsdtar") {
      CHECK(listed->output == names_of(items));
    } else {
      CHECK(std::count(listed->output.begin(), listed->output.end(), '\n') ==
            static_cast<std::ptrdiff_t>(items.size()));
    }
    fs::create_directory(folder / tool);
    const auto extracted = tests::run_tool({tool, "-xpf", "../t.tar"}, (folder / tool).string());
    REQUIRE(extracted);
    CHECK(extracted->error_output.empty());
    for (const Item& item : items) {
      const fs::path path = folder / tool / item.entry.name;
      CAPTURE(item.entry.name);
      if (item.entry.type == TarType::symlink) CHECK(fs::read_symlink(path) == item.entry.link);
      if (item.entry.type == TarType::directory) CHECK(fs::is_directory(path));
      if (item.entry.type == TarType::file) {
        CHECK(read_file(path, 10'000) == item.content);
        CHECK(static_cast<unsigned>(fs::status(path).permissions()) == item.entry.mode);
      }
    }
  }
}

TEST_CASE("tar: stock tar shows owner, mode, size and date as we state them") {
  const tests::ScratchFolder folder;
  write_file(folder / "t.tar", tar_of({file("bin/run", std::string(1000, 'x'), 0755)}));
  const auto listed = tests::run_tool({"tar", "--utc", "-tvf", "t.tar"}, folder.path().string());
  if (!listed) return;
  CHECK(listed->output.starts_with("-rwxr-xr-x 0/0 "));
  CHECK(listed->output.ends_with(" 1000 1970-01-01 00:00 bin/run\n"));
}

TEST_CASE("expected tar: what was written is read back") {
  CHECK_NOTHROW(read_expected(tar_of(sample()), sample()));
  CHECK_NOTHROW(read_expected(tar_of({}), {}));
}

TEST_CASE("expected tar: every changed byte of headers, padding and end is refused") {
  const std::vector<Item> items = {file("a.txt", "hello\n"), sample()[6]};
  const std::string good = tar_of(items);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    if (refusal_of([&] { read_expected(bad, items); }) != Errc::corrupt) FAIL("byte " << i);
  }
}

TEST_CASE("expected tar: every truncation and every addition is refused") {
  const std::vector<Item> items = {file("a.txt", "hello\n")};
  const std::string good = tar_of(items);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string_view bad = std::string_view(good).substr(0, size);
    if (refusal_of([&] { read_expected(bad, items); }) != Errc::corrupt) FAIL("size " << size);
  }
  CHECK(refusal_of([&] { read_expected(good + '\0', items); }) == Errc::corrupt);
  CHECK(refusal_of([&] { read_expected(good + std::string(kTarBlock, '\0'), items); }) ==
        Errc::corrupt);
}

TEST_CASE("expected tar: another name, size, mode, type or order is refused") {
  const std::string good = tar_of({file("a", "12"), file("b", "34")});
  CHECK_NOTHROW(read_expected(good, {file("a", "12"), file("b", "34")}));
  CHECK(refusal_of([&] {
          read_expected(good, {file("b", "34"), file("a", "12")});
        }) == Errc::corrupt);
  CHECK(refusal_of([&] {
          read_expected(good, {file("a", "12"), file("c", "34")});
        }) == Errc::corrupt);
  CHECK(refusal_of([&] {
          read_expected(good, {file("a", "12"), file("b", "345")});
        }) == Errc::corrupt);
  CHECK(refusal_of([&] {
          read_expected(good, {file("a", "12", 0755), file("b", "34")});
        }) == Errc::corrupt);
  CHECK(refusal_of([&] { read_expected(good, {file("a", "12")}); }) == Errc::corrupt);
}

TEST_CASE("expected tar: a file of unknown size is read up to its limit") {
  const std::string good = tar_of({file("index.json", "12345")});
  const auto read = [&](const std::string& bytes, std::uint64_t limit) {
    StringSource source(bytes);
    ExpectedTar tar(source, "t.tar");
    std::string content = tar.file_of_unknown_size("index.json", limit);
    tar.end();
    return content;
  };
  CHECK(read(good, 5) == "12345");
  CHECK(refusal_of([&] { read(good, 4); }) == Errc::corrupt);
  CHECK(refusal_of([&] { read(tar_of({file("other.json", "12345")}), 5); }) == Errc::corrupt);
  CHECK(refusal_of([&] { read(tar_of({file("index.json", "12345", 0755)}), 5); }) == Errc::corrupt);
  std::string no_number = good;
  no_number[124] = '-';
  CHECK(refusal_of([&] { read(no_number, 5); }) == Errc::corrupt);
  std::string base256 = good;  // GNU's form of large numbers
  base256[124] = '\x80';
  CHECK(refusal_of([&] { read(base256, 5); }) == Errc::corrupt);
}

TEST_CASE("expected tar: a refusal names the file and the entry") {
  const std::string good = tar_of({file("a", "12")});
  const auto error = tests::error_of([&] { read_expected(good, {file("b", "12")}); });
  CHECK(messages(error).starts_with("t.tar: b: found "));
}

}  // namespace sealift::content::tar_test
