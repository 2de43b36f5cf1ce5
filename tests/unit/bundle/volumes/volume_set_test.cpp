// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/volume_set.hpp"

#include <random>

#include "base/log.hpp"
#include "bundle/medium.hpp"
#include "bundle/volumes/split.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::bundle::volume_set_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;
using tests::ScratchFolder;

namespace {

// Hundreds of volumes are lost below, each with a warning.
const bool kIsQuiet = [] {
  log::open("bundle_test", log::Level::quiet);
  return true;
}();

std::string random_bytes(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& each : bytes) each = static_cast<char>(random());
  return bytes;
}

// A file and its volumes in a folder of their own.
class Cut {
 public:
  Cut(std::string bytes, std::uint64_t volume_bytes, unsigned parity,
      const std::string& name = "file.bin")
      : bytes_(std::move(bytes)) {
    write_file(folder_ / name, bytes_);
    Silence silence;
    made_ = split(folder_ / name, {.volume_bytes = volume_bytes, .parity = parity},
                  folder_ / "volumes", silence);
  }

  const std::string& bytes() const { return bytes_; }
  const VolumeTable& table() const { return made_->table; }
  fs::path path(unsigned number) const {
    return folder_ / "volumes" / volume_name(made_->table, number);
  }
  fs::path folder() const { return folder_ / "volumes"; }
  const ScratchFolder& scratch() const { return folder_; }
  std::vector<std::string> paths(const Numbers& without = {}) const {
    std::vector<std::string> paths;
    for (unsigned number = 1; number <= made_->table.count(); ++number) {
      if (std::find(without.begin(), without.end(), number) == without.end()) {
        paths.push_back(path(number).string());
      }
    }
    return paths;
  }
  std::string volume(unsigned number) const { return read_file(path(number), 1U << 30U); }
  // Changes bytes of a volume's content.
  void damage(unsigned number, std::uint64_t offset, std::size_t count = 1) const {
    std::string volume = this->volume(number);
    const std::size_t begin = volume.size() - table().content_bytes(number) + offset;
    for (std::size_t i = begin; i < std::min(begin + count, volume.size()); ++i) {
      volume[i] = static_cast<char>(volume[i] ^ 1);
    }
    write_file(path(number), volume);
  }

 private:
  ScratchFolder folder_;
  std::string bytes_;
  std::optional<Volumes> made_;
};

// All of it, through whatever has to be read again.
std::string read_again(const std::vector<std::string>& paths) {
  std::string bytes;
  open_medium(paths)->read(
      [&](Source& source) { bytes = read_all(source, 1U << 30U, "the file"); });
  return bytes;
}

}  // namespace

TEST_CASE("volumes: any sizes, shuffled, with up to two lost, give the file again") {
  std::mt19937 random(4);
  for (int round = 0; round < 60; ++round) {
    const std::size_t size = 1 + random() % 5000;
    const std::uint64_t volume_bytes = size / (1 + random() % 9) + 1;
    const Cut cut(random_bytes(size, random), volume_bytes, 2);
    const unsigned count = cut.table().count();
    const Numbers lost{1 + static_cast<unsigned>(random() % count),
                       1 + static_cast<unsigned>(random() % count)};
    std::vector<std::string> paths = cut.paths(lost);
    std::shuffle(paths.begin(), paths.end(), random);
    CAPTURE(size, volume_bytes, lost);
    REQUIRE((read_again(paths) == cut.bytes()));
    const std::unique_ptr<Medium> medium = open_medium(paths);
    std::string part(1 + random() % 700, '\0');
    const std::size_t offset = random() % size;
    const std::size_t found = medium->read_at(offset, part);
    REQUIRE((part.substr(0, found) == cut.bytes().substr(offset, part.size())));
  }
}

TEST_CASE("volumes: overwritten sectors of any two volumes are made good") {
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    const Cut cut(random_bytes(9000, random), 1000, 2);
    const unsigned first = 1 + static_cast<unsigned>(random() % 11);
    const unsigned second = 1 + static_cast<unsigned>(random() % 11);
    cut.damage(first, random() % 1000, 1 + random() % 512);
    if (second != first) cut.damage(second, random() % 1000, 1 + random() % 512);
    CAPTURE(first, second);
    REQUIRE((read_again({cut.folder().string()}) == cut.bytes()));
  }
}

TEST_CASE("volumes: damage is named, with the command that makes it good") {
  std::mt19937 random(6);
  const Cut cut(random_bytes(12'000, random), 1000, 0);
  cut.damage(3, 999);
  cut.damage(7, 0);
  const auto error = error_of([&] { read_again(cut.paths()); });
  REQUIRE(error);
  CHECK(error->code() == Errc::corrupt);
  CHECK(error->message().find("volumes 3 and 7 of 12 are damaged") != std::string::npos);
  CHECK(error->hint().find("sealift volumes file.bin --only 3,7") != std::string::npos);
}

TEST_CASE("volumes: missing ones are named before anything is read") {
  std::mt19937 random(7);
  const Cut cut(random_bytes(5000, random), 1000, 1);
  const auto error = error_of([&] { open_medium(cut.paths({2, 5})); });
  REQUIRE(error);
  CHECK(error->code() == Errc::corrupt);
  CHECK(error->message().find("volumes 2 and 5 of 6 are missing") != std::string::npos);
}

TEST_CASE("volumes: one that is cut off, empty or damaged in its header counts as lost") {
  std::mt19937 random(8);
  const Cut cut(random_bytes(5000, random), 1000, 1);
  const std::string good = cut.volume(2);
  for (std::size_t size = 0; size < good.size(); size += 97) {
    write_file(cut.path(2), good.substr(0, size));
    CAPTURE(size);
    REQUIRE((read_again(cut.paths()) == cut.bytes()));
  }
  write_file(cut.path(2), good + "x");
  CHECK((read_again(cut.paths()) == cut.bytes()));
  CHECK(refusal_of([&] { read_again(cut.paths({3})); }) == Errc::corrupt);
}

TEST_CASE("volumes: those of two files are refused, and both are named") {
  std::mt19937 random(9);
  const Cut one(random_bytes(3000, random), 1000, 1, "shop-1.0.0");
  const Cut two(random_bytes(3000, random), 1000, 1, "shop-1.1.0");
  std::vector<std::string> mixed = one.paths({3});
  mixed.push_back(two.path(3).string());
  const auto error = error_of([&] { open_medium(mixed); });
  REQUIRE(error);
  CHECK(error->code() == Errc::invalid_input);
  CHECK(error->message().find("shop-1.0.0 (") != std::string::npos);
  CHECK(error->message().find("shop-1.1.0 (") != std::string::npos);
}

TEST_CASE("volumes: two cuts of one file do not mix") {
  std::mt19937 random(10);
  const std::string bytes = random_bytes(3000, random);
  const Cut one(bytes, 1000, 1);
  const Cut two(bytes, 1000, 2);
  CHECK(refusal_of([&] {
          open_medium({one.path(1).string(), two.path(2).string()});
        }) == Errc::invalid_input);
}

TEST_CASE("volumes: one that is given twice counts once") {
  std::mt19937 random(11);
  const Cut cut(random_bytes(3000, random), 1000, 0);
  std::vector<std::string> paths = cut.paths();
  paths.push_back(cut.path(2).string());
  paths.push_back(cut.folder().string());
  CHECK((read_again(paths) == cut.bytes()));
}

TEST_CASE("volumes: a link in a folder is not followed, other files there are left alone") {
  std::mt19937 random(12);
  const Cut cut(random_bytes(3000, random), 1000, 0);
  write_file(cut.folder() / "README", "not a volume");
  CHECK((read_again({cut.folder().string()}) == cut.bytes()));
  const fs::path away = cut.scratch() / "away";
  fs::rename(cut.path(2), away);
  fs::create_symlink(away, cut.path(2));
  CHECK(refusal_of([&] { open_medium({cut.folder().string()}); }) == Errc::corrupt);
}

TEST_CASE("volumes: what is none is refused by name") {
  std::mt19937 random(13);
  const Cut cut(random_bytes(3000, random), 1000, 0);
  write_file(cut.scratch() / "other", "x");
  std::vector<std::string> paths = cut.paths();
  paths.push_back((cut.scratch() / "other").string());
  CHECK(messages(error_of([&] { open_medium(paths); })).find("other: is no volume") !=
        std::string::npos);
  fs::create_directory(cut.scratch() / "empty");
  CHECK(refusal_of([&] { open_medium({(cut.scratch() / "empty").string()}); }) ==
        Errc::invalid_input);
}

TEST_CASE("volumes: one that is replaced while it is read is noticed") {
  std::mt19937 random(14);
  const Cut cut(random_bytes(3000, random), 1000, 0);
  const std::unique_ptr<Medium> medium = open_medium(cut.paths());
  fs::resize_file(cut.path(3), 300);
  CHECK(refusal_of([&] {
          medium->read([](Source& source) { read_all(source, 1U << 20U, "the file"); });
        }) == Errc::corrupt);
}

TEST_CASE("volumes: a failure that is not theirs is left as it is") {
  std::mt19937 random(15);
  const Cut cut(random_bytes(3000, random), 1000, 1);
  int times = 0;
  const auto error = error_of([&] {
    open_medium(cut.paths())->read([&](Source&) {
      ++times;
      throw Error(Errc::corrupt, "something in the bundle");
    });
  });
  CHECK(error->message() == "something in the bundle");
  CHECK(times == 1);
}

TEST_CASE("volumes: single ones are made again, byte for byte") {
  std::mt19937 random(16);
  const Cut cut(random_bytes(10'000, random), 1000, 2);
  Silence silence;
  const fs::path folder = cut.scratch() / "again";
  const Volumes made = split(cut.scratch() / "file.bin",
                             {.volume_bytes = 1000, .parity = 2, .only = {3, 11}}, folder, silence);
  CHECK(made.written == Numbers{3, 11});
  for (const unsigned number : made.written) {
    const fs::path again = folder / volume_name(made.table, number);
    CHECK((read_file(again, 1U << 20U) == cut.volume(number)));
    fs::remove(again);
  }
  CHECK(is_empty_dir(folder));
}

TEST_CASE("volumes: what cannot be cut is refused") {
  const ScratchFolder folder;
  write_file(folder / "empty", "");
  write_file(folder / "small", std::string(300, 'x'));
  Silence silence;
  const auto cut = [&](const char* name, const SplitOptions& options) {
    return refusal_of([&] { split(folder / name, options, folder / "out", silence); });
  };
  CHECK(cut("empty", {}) == Errc::invalid_input);
  CHECK(cut("small", {.volume_bytes = 1}) == Errc::usage);
  CHECK(cut("small", {.volume_bytes = 150, .parity = 254}) == Errc::usage);
  CHECK(cut("small", {.volume_bytes = 150, .only = {3}}) == Errc::usage);
  CHECK_FALSE(cut("small", {.volume_bytes = 150, .parity = 253}));
}

TEST_CASE("volumes: 255 of them are read, with most of them lost") {
  std::mt19937 random(17);
  const Cut cut(random_bytes(2000, random), 200, 245);
  Numbers lost;
  for (unsigned number = 1; number <= 245; ++number) lost.push_back(number);
  CHECK((read_again(cut.paths(lost)) == cut.bytes()));
}

}  // namespace sealift::bundle::volume_set_test
