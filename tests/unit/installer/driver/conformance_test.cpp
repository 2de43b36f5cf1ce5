// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "base/json.hpp"
#include "installer/drivers/files/directory.hpp"
#include "installer/drivers/files/files_wish.hpp"
#include "tests/unit/installer/driver/exam.hpp"
#include "tests/unit/installer/driver/line/line.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::conformance_test {

namespace {

// Blobs and file tables by their digests, and one tree.
class Store : public Content {
 public:
  Digest add(const std::string& text) {
    const Digest digest = Digest::of(text);
    texts_[digest] = text;
    return digest;
  }
  void serve(const std::vector<release::FileEntry>& entries) { entries_ = entries; }

  std::unique_ptr<TreeStream> tree(const std::string&) override {
    return std::make_unique<Tree>(*this);
  }
  std::unique_ptr<Source> table(const Digest& digest) override { return blob(digest); }
  const content::Image& image(const Digest&) override {
    throw Error(Errc::internal, "no images here");
  }
  std::unique_ptr<Source> blob(const Digest& digest) override {
    return std::make_unique<StringSource>(texts_.at(digest));
  }
  const signing::Secret& secret(const std::string&) override {
    throw Error(Errc::internal, "nothing here has secrets");
  }

 private:
  class Tree : public TreeStream {
   public:
    explicit Tree(Store& store) : store_(store) {}
    std::optional<release::FileEntry> next() override {
      if (at_ == store_.entries_.size()) return std::nullopt;
      const release::FileEntry& entry = store_.entries_[at_++];
      if (entry.digest) content_ = store_.blob(*entry.digest);
      return entry;
    }
    std::size_t read(std::span<char> into) override { return content_->read(into); }

   private:
    Store& store_;
    std::size_t at_ = 0;
    std::unique_ptr<Source> content_;
  };

  std::map<Digest, std::string> texts_;
  std::vector<release::FileEntry> entries_;
};

Wish plain_wish(int release, const std::string& path) {
  Wish wish{};
  wish.component = "web";
  wish.target = "web";
  wish.site = "0123456789abcdef";
  wish.path = path;
  wish.label = format("{}.0.0-0123456789ab", release);
  wish.number = static_cast<std::uint64_t>(release);
  return wish;
}

class LineCandidate : public tests::Candidate {
 public:
  Driver& driver() override { return *driver_; }
  Content& content() override { return store_; }
  Wish wish(int release, int before) override {
    Wish wish = plain_wish(release, path());
    if (release != 0) wish.table = line(release);
    if (before != 0) wish.before = placement(before);
    return wish;
  }
  Placement placement(int release) override {
    return {.component = "web",
            .target = "web",
            .driver = "line",
            .path = path(),
            .directory = {},
            .table = line(release)};
  }
  std::string served() override {
    return path_exists(path()) ? read_file(path(), 100) : std::string();
  }
  void damage() override { write_file(path(), "by hand\n"); }

 private:
  std::string path() const { return folder_ / "line"; }
  Digest line(int release) { return store_.add(format("release {}\n", release)); }

  tests::ScratchFolder folder_;
  Store store_;
  std::unique_ptr<Driver> driver_ = line_driver();
};

class DirectoryCandidate : public tests::Candidate {
 public:
  Driver& driver() override { return *driver_; }
  Content& content() override { return store_; }
  Wish wish(int release, int before) override {
    Wish wish = plain_wish(release, path());
    if (release != 0) {
      const std::vector<release::FileEntry> entries = tree(release);
      store_.serve(entries);
      wish.table = table(release);
      wish.files = std::make_shared<FilesWish>(FilesWish{.count = entries.size()});
    }
    if (before != 0) wish.before = placement(before);
    return wish;
  }
  Placement placement(int release) override {
    return {.component = "web",
            .target = "web",
            .driver = "directory",
            .path = path(),
            .directory = format("releases/{}.0.0-0123456789ab", release),
            .table = table(release)};
  }
  std::string served() override {
    const fs::path page = fs::path(path()) / "current/index.html";
    return path_exists(page) ? read_file(page, 100) : std::string();
  }
  void damage() override { write_file(fs::path(path()) / "current/index.html", "by hand"); }

 private:
  std::string path() const { return folder_ / "srv"; }
  std::vector<release::FileEntry> tree(int release) {
    std::vector<release::FileEntry> entries;
    for (const std::string name : {"app.js", "index.html"}) {
      const std::string text = format("{} of release {}\n", name, release);
      entries.push_back({.path = RelPath::parse(name),
                         .size = text.size(),
                         .digest = store_.add(text),
                         .target = {}});
    }
    return entries;
  }
  Digest table(int release) {
    std::string lines;
    for (const release::FileEntry& entry : tree(release)) lines += release::to_line(entry) + "\n";
    return store_.add(lines);
  }
  Layout layout() const {
    const Layout layout{.site_yaml = folder_ / "site.yaml", .state = folder_ / "state"};
    for (const fs::path& each : {layout.keys(), layout.receipts()}) fs::create_directories(each);
    return layout;
  }

  tests::ScratchFolder folder_;
  Store store_;
  std::unique_ptr<Driver> driver_ = directory_driver(layout());
};

}  // namespace

TEST_CASE("driver: a line passes the exam of drivers") {
  tests::sit_exam([] { return std::make_unique<LineCandidate>(); });
}

TEST_CASE("driver: directory passes the exam of drivers") {
  tests::sit_exam([] { return std::make_unique<DirectoryCandidate>(); });
}

}  // namespace sealift::installer::conformance_test
