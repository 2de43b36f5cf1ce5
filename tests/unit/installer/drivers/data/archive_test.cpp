// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/data/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"
#include "installer/drivers/data/data.hpp"
#include "installer/drivers/data/folder.hpp"
#include "installer/drivers/data/mounted_folder.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::archive_test {

using tests::refusal_of;

namespace {

std::string archive_of(const fs::path& folder) {
  StringSink sink;
  CHECK(write_archive(folder, sink).empty());
  return sink.take();
}

// Shrinks a file as soon as its header has gone by.
class Shrinking : public Sink {
 public:
  explicit Shrinking(fs::path file) : file_(std::move(file)) {}
  void write(std::string_view bytes) override {
    if (bytes.find("big") != bytes.npos) fs::resize_file(file_, 3);
    kept_ += bytes;
  }
  const std::string& kept() const { return kept_; }

 private:
  fs::path file_;
  std::string kept_;
};

// Data as applications leave it.
struct Data {
  tests::ScratchFolder scratch;
  fs::path folder = scratch / "data";

  Data() {
    fs::create_directories(folder / "a/b");
    write_file(folder / "a/one", "1\n", FileMode::secret);
    write_file(folder / ("name\nof\xff" + std::string(200, 'x')), "odd");
    fs::create_hard_link(folder / "a/one", folder / "a/same");
    fs::create_symlink("/nowhere/at all", folder / "link");
    write_file(folder / "holes", "");
    fs::resize_file(folder / "holes", 3U << 20);
    const timespec times[2] = {{-5, 250'000'000}, {-5, 250'000'000}};
    ::utimensat(AT_FDCWD, (folder / "a/one").c_str(), times, 0);
    ::utimensat(AT_FDCWD, (folder / "a").c_str(), times, 0);
    ::chmod((folder / "a/b").c_str(), 01500);
  }
  fs::path unpacked(const std::string& archive) const {
    fs::create_directory(scratch / "out");
    StringSource source(archive);
    unpack_archive(source, Dir::open(scratch / "out"));
    return scratch / "out";
  }
  std::pair<std::uint64_t, std::uint64_t> unpacked_size(const std::string& archive) const {
    fs::remove_all(scratch / "out");
    const FolderSize size = size_of(unpacked(archive));
    return {size.bytes, size.entries};
  }
};

}  // namespace

TEST_CASE("data archive: what is unpacked is what was there") {
  const Data data;
  const bool has_attributes =
      ::setxattr((data.folder / "a/one").c_str(), "user.kind", "a\0b", 3, 0) == 0;
  const std::string archive = archive_of(data.folder);
  const fs::path out = data.unpacked(archive);
  CHECK(archive_of(out) == archive);
  CHECK(read_file(out / "a/same", 10) == "1\n");
  CHECK(status_of(out / "a/one")->st_ino == status_of(out / "a/same")->st_ino);
  CHECK(status_of(out / "a/one")->st_mtim.tv_sec == -5);
  CHECK(status_of(out / "a")->st_mtim.tv_nsec == 250'000'000);
  CHECK((status_of(out / "a/b")->st_mode & 07777U) == 01500U);
  CHECK(link_target(out / "link") == "/nowhere/at all");
  CHECK(file_bytes(out / "holes") == 3U << 20);
  CHECK(status_of(out / "holes")->st_blocks < 100);
  char value[8];
  if (has_attributes) {
    CHECK(::getxattr((out / "a/one").c_str(), "user.kind", value, sizeof value) == 3);
  }
}

TEST_CASE("data archive: an archive that is cut or changed is refused") {
  const Data data;
  const std::string archive = archive_of(data.folder);
  const auto refused = [&](const std::string& bytes) {
    return refusal_of([&] {
      StringSource source(bytes);
      check_archive(source);
    });
  };
  CHECK(refused(archive.substr(0, archive.size() - 512)) == Errc::corrupt);
  CHECK(refused(archive.substr(0, 700)) == Errc::corrupt);
  CHECK(refused(archive + "x") == Errc::corrupt);
  CHECK(refused("") == Errc::corrupt);
}

TEST_CASE("data archive: a file that shrinks while it is read is said") {
  const tests::ScratchFolder scratch;
  fs::create_directory(scratch / "data");
  write_file(scratch / "data/big", "0123456789");
  write_file(scratch / "data/small", "x");
  Shrinking sink(scratch / "data/big");
  const Unsteady changed = write_archive(scratch / "data", sink);
  REQUIRE(changed.size() == 1);
  CHECK(changed[0] == "big shrank from 10 to 3 bytes while it was read");
  StringSource source(sink.kept());
  CHECK_NOTHROW(check_archive(source));
}

TEST_CASE("data folder: a restore that fails leaves what was there") {
  const Data data;
  const std::string archive = archive_of(data.folder);
  const auto folder = open_folder(data.folder);
  write_file(data.folder / "later", "kept");
  StringSource broken(std::string_view(archive).substr(0, archive.size() / 2));
  CHECK_THROWS(folder->restore(broken, {.label = "old_1", .about = nullptr}));
  CHECK(read_file(data.folder / "later", 10) == "kept");
  CHECK(Dir::open(data.scratch.path()).entries().size() == 1);
  StringSource whole(archive);
  folder->restore(whole, {.label = "old_2", .about = nullptr});
  CHECK_FALSE(path_exists(data.folder / "later"));
  CHECK(folder->kept() == std::vector<std::string>{".data.old_2"});
  CHECK(read_file(data.scratch / ".data.old_2/later", 10) == "kept");
}

TEST_CASE("data folder: what is mounted is restored entry by entry, and finished where cut off") {
  const Data data;
  const std::string archive = archive_of(data.folder);
  const MountedFolder mounted(data.folder);
  const auto restore = [&](std::string_view bytes, const char* label) {
    StringSource source(bytes);
    mounted.restore(source, label);
  };
  const auto without_own = [&] {
    StringSink sink;
    write_archive(data.folder, sink, mounted.own_entries());
    return sink.take();
  };
  const auto is_whole = [&] {  // all but the time of the folder itself
    return data.unpacked_size(without_own()) == data.unpacked_size(archive) &&
           read_file(data.folder / "a/same", 10) == "1\n";
  };
  fs::create_directory(data.folder / "lost+found");
  write_file(data.folder / "later", "kept");

  CHECK_THROWS(restore(std::string_view(archive).substr(0, archive.size() / 2), "old_1"));
  CHECK(read_file(data.folder / "later", 10) == "kept");
  CHECK(mounted.own_entries() == std::set<std::string>{"lost+found"});

  restore(archive, "old_2");
  CHECK(is_whole());
  CHECK_FALSE(path_exists(data.folder / "later"));
  CHECK(read_file(data.folder / ".data.old_2/later", 10) == "kept");
  CHECK(mounted.own_entries() == std::set<std::string>{".data.old_2", "lost+found"});
  CHECK_FALSE(mounted.finish());

  // Cut off while the old entries went aside, and while the new ones came up.
  for (const char* part : {"taking", "giving"}) {
    const std::string label = std::string("old_") + part;
    const fs::path fresh = data.folder / (".data." + std::string(part) + "_" + label);
    const fs::path kept = data.folder / (".data." + label);
    fs::create_directory(fresh);
    StringSource source(archive);
    unpack_archive(source, Dir::open(fresh));
    fs::create_directory(kept);
    if (std::string_view(part) == "taking") {
      fs::rename(data.folder / "a", kept / "a");
    } else {
      for (const char* each : {"a", "link", "holes"}) {
        fs::rename(data.folder / each, kept / each);
      }
      fs::rename(fresh / "a", data.folder / "a");
      write_file(data.folder / "holes", "written meanwhile");
    }
    CHECK(mounted.finish());
    CHECK(is_whole());
    CHECK(read_file(kept / "a/one", 10) == "1\n");
    CHECK_FALSE(path_exists(fresh));
  }
  CHECK(read_file(data.folder / ".data.old_giving/holes_", 100) == "written meanwhile");
}

TEST_CASE("data: names of backups of two folders differ") {
  CHECK(data_label("web", "uploads") == "web+uploads");
  CHECK(data_label("web", "media/cache") == "web+media+cache");
  CHECK(data_label("web", "media+cache") != data_label("web", "media/cache"));
  CHECK(data_label("web", std::string(200, 'a')) != data_label("web", std::string(201, 'a')));
  CHECK(data_label("web", "a b") != data_label("web", "ab"));
}

}  // namespace sealift::installer::archive_test
