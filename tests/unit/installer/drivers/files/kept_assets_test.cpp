// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/files/kept_assets.hpp"

#include <catch2/catch.hpp>

#include "base/format.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::kept_assets_test {

using tests::refusal_of;

namespace {

constexpr const char* kApp = "assets/app-0123abcd.js";
constexpr const char* kOld = "assets/deep/old-4567cdef.js";
constexpr const char* kNew = "assets/deep/new-89abefab.js";

// Trees on disk and their tables, as a target has them.
class Target : public Content {
 public:
  Target() : root(make()), receipts(Receipts::load(folder / "receipts")) {}

  std::unique_ptr<TreeStream> tree(const std::string&) override { return nullptr; }
  std::unique_ptr<Source> table(const Digest& digest) override {
    return std::make_unique<StringSource>(tables_.at(digest));
  }
  const content::Image& image(const Digest&) override {
    throw Error(Errc::internal, "no images here");
  }
  std::unique_ptr<Source> blob(const Digest&) override { return nullptr; }
  const signing::Secret& secret(const std::string&) override {
    throw Error(Errc::internal, "nothing here has secrets");
  }

  // A release below `releases/` with these files.
  KeptRelease add(const std::string& name, const std::map<std::string, std::string>& files) {
    const fs::path place = folder / "srv/releases" / name;
    fs::create_directories(place);
    std::map<std::string, std::string> lines;  // by tar name
    for (const auto& [path, content] : files) {
      for (std::size_t slash = path.find('/'); slash != path.npos;
           slash = path.find('/', slash + 1)) {
        const RelPath parent = RelPath::parse(path.substr(0, slash));
        fs::create_directories(place / parent.str());
        lines[parent.str() + "/"] = release::to_line({.path = parent,
                                                      .type = EntryType::directory,
                                                      .mode = 0755,
                                                      .digest = {},
                                                      .target = {}});
      }
      write_file(place / path, content);
      lines[path] = release::to_line({.path = RelPath::parse(path),
                                      .size = content.size(),
                                      .digest = Digest::of(content),
                                      .target = {}});
    }
    std::string table;
    for (const auto& [unused, line] : lines) table += line + "\n";
    const Digest digest = Digest::of(table);
    tables_.emplace(digest, table);
    return {.directory = "releases/" + name, .table = digest};
  }

  KeptAssets kept() { return KeptAssets(root, {}, receipts); }
  bool has(const std::string& path) const { return fs::exists(folder / "srv/kept" / path); }
  std::string content(const std::string& path) const {
    return read_file(folder / "srv/kept" / path, 1000);
  }
  std::vector<std::string> differences(const KeptSet& set) {
    std::vector<std::string> found;
    const TreeQuestion question{.receipts = receipts,
                                .thoroughness = Thoroughness::by_content,
                                .strangers = Strangers::reported,
                                .owner = {},
                                .limit = 100};
    for (const Difference& each : kept().check(set, *this, question)) {
      found.push_back(format("{}: {}", each.path, each.found));
    }
    return found;
  }

  tests::ScratchFolder folder;
  Dir root;
  Receipts receipts;

 private:
  Dir make() const {
    fs::create_directory(folder / "srv");
    return Dir::open(folder / "srv");
  }
  std::map<Digest, std::string> tables_;
};

struct Two : Target {
  KeptRelease first = add("1", {{"index.html", "1"}, {kApp, "app"}, {kOld, "old"}});
  KeptRelease second = add("2", {{"index.html", "2"}, {kApp, "app"}, {kNew, "new"}});
  KeptSet only_first{.serving = {}, .releases = {first}};
  KeptSet both{.serving = {}, .releases = {second, first}};
  KeptSet only_second{.serving = {}, .releases = {second}};
};

using Found = std::vector<std::string>;

}  // namespace

TEST_CASE("kept: unchanging files of all releases are there, and no others") {
  Two target;
  target.kept().fill(target.both, target);
  CHECK(target.content(kApp) == "app");
  CHECK(target.content(kOld) == "old");
  CHECK(target.content(kNew) == "new");
  CHECK_FALSE(target.has("index.html"));
  CHECK(target.differences(target.both).empty());
  CHECK(fs::equivalent(target.folder / "srv/kept" / kNew, target.folder / "srv/releases/2" / kNew));
  target.kept().fill(target.both, target);
  CHECK(target.differences(target.both).empty());
}

TEST_CASE("kept: an undo takes back what was added, whatever of it was done, and no more") {
  Two target;
  target.kept().take_back(target.both, &target.only_first, target);  // never applied
  CHECK_FALSE(target.has(""));
  target.kept().fill(target.only_first, target);
  target.kept().fill(target.both, target);
  fs::remove(target.folder / "srv/kept" / kNew);  // as if it had been cut off
  for (int twice = 0; twice < 2; ++twice) {
    target.kept().take_back(target.both, &target.only_first, target);
    CHECK(target.differences(target.only_first).empty());
  }
  target.kept().take_back(target.only_first, nullptr, target);
  CHECK_FALSE(target.has(""));
}

TEST_CASE("kept: what is needed no more goes, and files keep their other names") {
  Two target;
  target.kept().fill(target.both, target);
  target.kept().trim(&target.only_second, target);
  CHECK(target.differences(target.only_second).empty());
  CHECK_FALSE(target.has(kOld));
  CHECK(fs::exists(target.folder / "srv/releases/1" / kOld));
  target.kept().trim(nullptr, target);
  CHECK_FALSE(target.has(""));
  target.kept().trim(nullptr, target);
  CHECK(fs::exists(target.folder / "srv/releases/2" / kNew));
}

TEST_CASE("kept: files stay where their release was pruned, and are left out where they are gone") {
  Two target;
  target.kept().fill(target.only_first, target);
  fs::remove_all(target.folder / "srv/releases/1");
  target.kept().fill(target.both, target);
  CHECK(target.differences(target.both).empty());
  fs::remove(target.folder / "srv/kept" / kOld);
  target.kept().fill(target.both, target);
  CHECK(target.differences(target.both) == Found{format("kept/{}: missing", kOld)});
}

TEST_CASE("kept: what was changed by hand is found and mended, strangers are named") {
  Two target;
  target.kept().fill(target.both, target);
  fs::remove(target.folder / "srv/kept" / kOld);
  write_file(target.folder / "srv/kept" / kOld, "bad");
  write_file(target.folder / "srv/kept/stranger", "x");
  CHECK(target.differences(target.both) ==
        Found{format("kept/{}: content differs", kOld), "kept/stranger: not part of the release"});
  target.kept().fill(target.both, target);
  CHECK(target.content(kOld) == "old");
  CHECK(target.has("stranger"));
  target.kept().trim(&target.both, target);
  CHECK_FALSE(target.has("stranger"));
}

TEST_CASE("kept: a path that releases fill differently is not kept, and is said") {
  Two target;
  const KeptRelease third = target.add("3", {{kApp, "other"}, {kNew, "new"}});
  const KeptSet all{.serving = {}, .releases = {third, target.second, target.first}};
  Found conflicts;
  KeptTable table(all, target, [&](const std::string& path) { conflicts.push_back(path); });
  read_all(table, 10'000, "table");
  CHECK(conflicts == Found{kApp});
  target.kept().fill(target.both, target);
  target.kept().fill(all, target);
  CHECK(target.content(kApp) == "app");  // nothing is removed before the switch
  target.kept().trim(&all, target);
  CHECK_FALSE(target.has(kApp));
  CHECK(target.differences(all).empty());
}

TEST_CASE("kept: links to elsewhere are replaced, never followed") {
  Two target;
  write_file(target.folder / "outside", "mine");
  fs::create_directories(target.folder / "srv/kept/assets");
  fs::create_symlink(target.folder / "outside", target.folder / "srv/kept" / kApp);
  fs::create_symlink(target.folder.path(), target.folder / "srv/kept/assets/deep");
  target.kept().fill(target.both, target);
  CHECK(target.differences(target.both).empty());
  CHECK(read_file(target.folder / "outside", 100) == "mine");
}

TEST_CASE("kept: the settings of a placement come back") {
  Two target;
  const release::CarriedAssets assets{
      .serving = release::Serving({{.match = "a/**", .cache = release::CacheClass::immutable()}}),
      .keep_previous = 2};
  const Json settings = to_json(KeptSettings{.assets = assets, .before = {target.first}});
  CHECK(assets_of(settings) == assets);
  const std::optional<KeptSet> set = kept_of(settings, "releases/2", target.second.table);
  REQUIRE(set);
  CHECK(set->releases == target.both.releases);
  CHECK(kept_set_from_json(to_json(*set), "s") == *set);
  CHECK_FALSE(kept_of(Json(), "releases/2", target.second.table));
  Json bad = to_json(*set);
  bad["releases"][0]["table"] = "sha256:00";
  CHECK(refusal_of([&] { kept_set_from_json(bad, "s"); }) == Errc::corrupt);
}

}  // namespace sealift::installer::kept_assets_test
