// SPDX-License-Identifier: Apache-2.0
#include "release/documents/file_table.hpp"

#include <catch2/catch.hpp>

#include "base/json.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::file_table_test {

using tests::messages;
using tests::refusal_of;

namespace {

FileEntry folder(const std::string& path) {
  return {.path = RelPath::parse(path),
          .type = EntryType::directory,
          .mode = 0755,
          .digest = {},
          .target = {}};
}

FileEntry file(const std::string& path, const std::string& content = "x", unsigned mode = 0644) {
  return {.path = RelPath::parse(path),
          .mode = mode,
          .size = content.size(),
          .digest = Digest::of(content),
          .target = {}};
}

FileEntry link(const std::string& path, const std::string& target) {
  return {.path = RelPath::parse(path), .type = EntryType::symlink, .digest = {}, .target = target};
}

std::string table(const std::vector<FileEntry>& entries) {
  std::string text;
  for (const FileEntry& entry : entries) text += to_line(entry) + "\n";
  return text;
}

std::optional<Error> check_tree(const std::vector<FileEntry>& entries) {
  return tests::error_of([&] {
    TreeRules rules;
    for (const FileEntry& entry : entries) rules.check(entry);
  });
}

std::vector<FileEntry> read(const std::string& text) {
  StringSource source(text);
  FileTableReader reader(source);
  std::vector<FileEntry> entries;
  while (std::optional<FileEntry> entry = reader.next()) entries.push_back(std::move(*entry));
  return entries;
}

std::optional<Errc> refused(const std::string& text) {
  return refusal_of([&] { read(text); });
}

const std::string kHash = Digest::of("x").hex();

}  // namespace

TEST_CASE("file table: the lines are those of the format's description") {
  CHECK(to_line(folder("assets")) == R"({"mode":"0755","path":"assets","type":"directory"})");
  CHECK(to_line(file("a.js")) ==
        R"({"mode":"0644","path":"a.js","sha256":")" + kHash + R"(","size":1,"type":"file"})");
  CHECK(to_line(link("l", "a.js")) == R"({"path":"l","target":"a.js","type":"symlink"})");
}

TEST_CASE("file table: lines come back, names with quotes and backslashes too") {
  for (const FileEntry& entry : {folder("a"), file("b"), file("c", "", 0755), link("d", "a/\"q\""),
                                 file("say \"hi\" \\ there"), file("\xc3\xa9")}) {
    CHECK(parse_line(to_line(entry)) == entry);
    CHECK_NOTHROW(parse_json(to_line(entry), "line"));
  }
}

TEST_CASE("file table: any other spelling of a line is refused") {
  const std::string good = to_line(file("a"));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string line = good;
    line.replace(line.find(from), from.size(), to);
    return line;
  };
  for (const std::string& bad :
       {std::string(),
        std::string("{}"),
        good + " ",
        " " + good,
        good + good,
        good.substr(1),
        good.substr(0, good.size() - 1),
        with(",", ", "),
        with("0644", "1644"),
        with("0644", "644"),
        with("0644", "4755"),
        with("\"size\":1", "\"size\":01"),
        with("\"size\":1", "\"size\":-1"),
        with("\"size\":1", "\"size\":1.0"),
        with("\"size\":1", "\"size\":99999999999999999999"),
        with("\"size\":1", "\"size\":18446744073709551615"),
        with("\"size\":1", "\"size\":9007199254740993"),
        with("\"a\"", "\"\\u0061\""),
        with("\"a\"", "\"\\a\""),
        with("\"a\"", "\"../a\""),
        with("\"a\"", "\"/a\""),
        with("\"a\"", "\"a\x01\""),
        with("\"a\"", "\"\""),
        with("\"size\":1", "\"size\":00"),
        with("\"a\"", "\"a\\\""),
        with(kHash, kHash.substr(1)),
        with(kHash, "A" + kHash.substr(1)),
        with("\"file\"", "\"fifo\""),
        with("\"file\"", "\"directory\""),
        with("\"mode\":\"0644\",", ""),
        with("\"type\"", "\"uid\":0,\"type\""),
        std::string(R"({"mode":"0644","path":"l","target":"a","type":"symlink"})"),
        std::string(R"({"path":"d","type":"directory"})"),
        std::string(R"({"mode":"0755","path":"d","size":0,"type":"directory"})"),
        std::string(R"({"path":"d","mode":"0755","type":"directory"})"),
        std::string("{\"path\":\"l\\")}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { parse_line(bad); }) == Errc::corrupt);
  }
  CHECK_NOTHROW(parse_line(with("\"size\":1", "\"size\":9007199254740992")));
}

TEST_CASE("file table: every single changed bit of a line gives another entry or a refusal") {
  for (const FileEntry& entry : {folder("assets"), file("a.js"), link("l", "a.js")}) {
    const std::string good = to_line(entry);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      try {
        if (parse_line(bad) == entry) FAIL("bit " << bit);
      } catch (const Error& error) {
        if (error.code() != Errc::corrupt) FAIL("bit " << bit << ": " << error.message());
      }
    }
  }
}

TEST_CASE("file table: a tree in tar order is accepted") {
  CHECK_FALSE(check_tree({file("a"), file("a.b"), folder("b"), file("b/x"), folder("b/y"),
                          file("b/y/z"), file("b0"), link("c", "b/x")}));
  // '.' sorts before '/', so a file may stand between a folder's name and its content's place.
  CHECK_FALSE(check_tree({file("a.txt"), folder("a"), file("a/x")}));
}

TEST_CASE("file table: entries out of order or twice are refused") {
  CHECK(check_tree({file("b"), file("a")}));
  CHECK(check_tree({file("a"), file("a")}));
  CHECK(check_tree({folder("a"), file("a/x"), file("a.txt")}));
  CHECK(check_tree({folder("a"), folder("a")}));
}

TEST_CASE("file table: a name has its directory listed before it, and that is a directory") {
  CHECK(check_tree({file("a/b")}));
  CHECK(check_tree({folder("a"), file("a/b/c")}));
  CHECK(check_tree({file("a"), file("a/b")}));
  CHECK(check_tree({link("a", "b"), file("a/b")}));
  CHECK(check_tree({folder("a"), folder("b"), file("b/a/x")}));
}

TEST_CASE("file table: a file and a folder cannot share a name") {
  CHECK(check_tree({file("a"), folder("a"), file("a/b")}));
}

TEST_CASE("file table: names that some file systems take for one are refused") {
  CHECK(check_tree({file("README"), file("readme")}));
  CHECK(check_tree({folder("A"), file("A/x"), folder("a"), file("a/y")}));
  CHECK(check_tree({folder("d"), file("d/\xc3\x89"), file("d/\xc3\xa9")}));
  CHECK(check_tree({file("STRASSE"), file("stra\xc3\x9f"
                                          "e")}));
  CHECK_FALSE(check_tree({folder("a"), file("a/X"), folder("b"), file("b/x")}));
  // The decomposed twin of a name is no name at all.
  CHECK(refusal_of([] { file("e\xcc\x81"); }) == Errc::invalid_input);
}

TEST_CASE("file table: that a tree has too many entries is said once") {
  TreeRules rules(2);
  rules.check(folder("a"));
  rules.check(file("a/x"));
  CHECK(refusal_of([&] { rules.check(file("b")); }) == Errc::invalid_input);
  CHECK_NOTHROW(rules.check(file("c")));
}

TEST_CASE("file table: symbolic links that stay inside the tree are accepted") {
  const std::pair<const char*, const char*> cases[] = {{"l", "a"},         {"l", "a/b/c"},
                                                       {"d/l", "../a"},    {"d/l", ".."},
                                                       {"d/e/l", "../.."}, {"d/e/l", "../../x/y"}};
  for (const auto& each : cases) {
    const auto& path = each.first;
    const auto& target = each.second;
    CAPTURE(path, target);
    CHECK_NOTHROW(check_symlink(RelPath::parse(path), target));
  }
}

TEST_CASE(
    "file table: symbolic links that leave the tree, or could by way of another, are refused") {
  const std::pair<const char*, const char*> cases[] = {{"l", ""},
                                                       {"l", "/"},
                                                       {"l", "/etc/passwd"},
                                                       {"l", ".."},
                                                       {"l", "../x"},
                                                       {"l", "."},
                                                       {"d/l", "../.."},
                                                       {"d/l", "../../x"},
                                                       {"d/l", "a/../../.."},
                                                       {"a/l", "link/../.."},
                                                       {"l", "a/link/../.."},
                                                       {"l", "a/.."},
                                                       {"l", "./a"},
                                                       {"l", "a//b"},
                                                       {"l", "a/"},
                                                       {"d/l", "../"},
                                                       {"l", "a\nb"},
                                                       {"l",
                                                        "\xe2\x80\xae"
                                                        "a"},
                                                       {"l", "\xff"},
                                                       {"d/l", "..\\..\\x/.."}};
  for (const auto& each : cases) {
    const auto& path = each.first;
    const auto& target = each.second;
    CAPTURE(path, target);
    CHECK(refusal_of([&] { check_symlink(RelPath::parse(path), target); }) == Errc::invalid_input);
    CHECK(refusal_of([&] {
            check_symlink(RelPath::parse(path), std::string(target) + std::string(1, '\0'));
          }) == Errc::invalid_input);
  }
}

TEST_CASE("file table: a refusal shows no control bytes of the name") {
  const auto error = tests::error_of([] { check_symlink(RelPath::parse("l"), "/\x1b[2J"); });
  CHECK(messages(error).find('\x1b') == std::string::npos);
  CHECK_FALSE(messages(error).empty());
}

TEST_CASE("file table: a reader gives the entries, whatever the sizes of reads") {
  std::vector<FileEntry> entries = {folder("d")};
  for (int i = 1000; i < 3000; ++i) entries.push_back(file("d/" + std::to_string(i)));
  CHECK(read(table(entries)) == entries);
  CHECK(read("").empty());
}

TEST_CASE("file table: a reader refuses what is no tree or no table as corrupt") {
  const std::string good = table({file("a"), file("b")});
  CHECK_FALSE(refused(good));
  CHECK(refused(good.substr(0, good.size() - 1)) == Errc::corrupt);
  CHECK(refused(good + "\n") == Errc::corrupt);
  CHECK(refused(good + "x") == Errc::corrupt);
  CHECK(refused(table({file("b"), file("a")})) == Errc::corrupt);
  CHECK(refused(table({link("l", "../x")})) == Errc::corrupt);
  CHECK(refused(std::string(100'000, 'x')) == Errc::corrupt);
  CHECK(refused(std::string(100'000, '\n')) == Errc::corrupt);
}

TEST_CASE("file table: two tables are compared path by path") {
  const std::string before = table({file("a"), folder("b"), file("b/x"), file("c", "old")});
  const std::string after = table({folder("b"), file("b/x"), file("b/y"), file("c", "new")});
  const auto compare = [](const std::string* old_text, const std::string* new_text) {
    StringSource old_source(old_text != nullptr ? std::string_view(*old_text) : "");
    StringSource new_source(new_text != nullptr ? std::string_view(*new_text) : "");
    std::string seen;
    compare_tables(old_text != nullptr ? &old_source : nullptr,
                   new_text != nullptr ? &new_source : nullptr, Same::reported,
                   [&](Change change, const FileEntry* one, const FileEntry* two) {
                     CHECK((one != nullptr) == (change != Change::added));
                     CHECK((two != nullptr) == (change != Change::removed));
                     seen += "+~-="[static_cast<int>(change)];
                     seen += (one != nullptr ? one : two)->path.str() + " ";
                   });
    return seen;
  };
  CHECK(compare(&before, &after) == "-a =b =b/x +b/y ~c ");
  CHECK(compare(nullptr, &after) == "+b +b/x +b/y +c ");
  CHECK(compare(&before, nullptr) == "-a -b -b/x -c ");
  CHECK(compare(nullptr, nullptr).empty());
}

TEST_CASE("file table: a changed mode or type is a change") {
  const std::string before = table({file("a"), link("b", "a")});
  const std::string after = table({file("a", "x", 0755), file("b")});
  StringSource one(before);
  StringSource two(after);
  int changed = 0;
  compare_tables(&one, &two, Same::reported,
                 [&](Change change, const FileEntry*, const FileEntry*) {
                   changed += change == Change::changed ? 1 : 0;
                 });
  CHECK(changed == 2);
}

TEST_CASE("file table: what is the same is counted, and reported only where that is asked for") {
  const std::string before = table({file("a"), folder("b"), file("b/x"), file("c", "old")});
  const std::string after = table({file("a"), folder("b"), file("b/x"), file("c", "new")});
  for (const Same same : {Same::reported, Same::counted}) {
    StringSource one(before);
    StringSource two(after);
    int reports = 0;
    CHECK(compare_tables(&one, &two, same,
                         [&](Change, const FileEntry*, const FileEntry*) { ++reports; }) == 3);
    CHECK(reports == (same == Same::reported ? 4 : 1));
  }
}

}  // namespace sealift::release::file_table_test
