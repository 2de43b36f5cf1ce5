// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_object.hpp"

#include <catch2/catch.hpp>

#include "installer/drivers/s3/sending.hpp"
#include "installer/drivers/s3/showing.hpp"
#include "release/documents/file_table.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::installer::s3_object_test {

namespace {

using release::FileEntry;

FileEntry file(const std::string& path) {
  return {
      .path = RelPath::parse(path), .size = path.size(), .digest = Digest::of(path), .target = {}};
}

S3Objects objects(const std::vector<FileEntry>& entries, const release::Serving& serving = {}) {
  std::string table;
  for (const FileEntry& each : entries) table += to_line(each) + "\n";
  StringSource source(table);
  return objects_of(source, serving);
}

S3Object object(const std::string& content, bool held) {
  return {.digest = Digest::of(content),
          .size = content.size(),
          .type = "text/plain",
          .cache = held ? "no-cache" : "public",
          .held = held};
}

}  // namespace

TEST_CASE("s3 objects: headers follow the rules of the release", "[s3]") {
  const FileEntry folder{.path = RelPath::parse("assets"),
                         .type = EntryType::directory,
                         .mode = 0755,
                         .digest = {},
                         .target = {}};
  const S3Objects all = objects(
      {folder, file("assets/app-3f9a1c2e.js"), file("assets/app-3f9a1c2e.js.br"),
       file("assets/app-3f9a1c2e.js.gz"), file("data.tar.gz"), file("index.html"), file("odd")},
      release::Serving(
          {{.match = "odd", .type = "text/odd", .cache = release::CacheClass::from_json(60U)}}));
  REQUIRE(all.size() == 6);
  const S3Object& script = all.at("assets/app-3f9a1c2e.js");
  CHECK(script.type == "text/javascript");
  CHECK(script.cache == "public, max-age=31536000, immutable");
  CHECK(!script.held);
  CHECK(all.at("assets/app-3f9a1c2e.js.br").encoding == "br");
  CHECK(all.at("assets/app-3f9a1c2e.js.br").type == "text/javascript");
  CHECK(all.at("assets/app-3f9a1c2e.js.gz").encoding == "gzip");
  CHECK(all.at("data.tar.gz").encoding.empty());
  CHECK(all.at("index.html").held);
  CHECK(all.at("odd").type == "text/odd");
  CHECK(all.at("odd").cache == "public, max-age=60");
  CHECK(script.headers().at("x-amz-meta-sha256") == script.digest.hex());
  CHECK(!script.headers().contains("content-encoding"));
}

TEST_CASE("s3 objects: links and names of ours are refused, all in one", "[s3]") {
  const FileEntry link{
      .path = RelPath::parse("link"), .type = EntryType::symlink, .digest = {}, .target = "x"};
  const FileEntry own{.path = RelPath::parse(".sealift"),
                      .type = EntryType::directory,
                      .mode = 0755,
                      .digest = {},
                      .target = {}};
  const auto error = tests::error_of([&] { objects({own, file(".sealift/a"), link}); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->problems().size() == 3);
}

TEST_CASE("s3 objects: an inventory says the same again, and nothing else is one", "[s3]") {
  S3Objects all = objects({file("a.txt"), file("index.html")});
  all.at("a.txt").etag = "0f";
  const std::string text = to_inventory(all);
  const S3Objects again = objects_from_inventory(text, "x");
  CHECK(to_inventory(again) == text);
  CHECK(again.at("a.txt").etag == "0f");
  CHECK(!is_sent(again));
  CHECK(!is_sent(std::nullopt));
  const auto bad =
      GENERATE_COPY(as<std::string>{}, "{}", "x", R"({"path":"../x"})", text + "{", "[]\n", "\n");
  CHECK(tests::refusal_of([&] { objects_from_inventory(bad, "x"); }) == Errc::corrupt);
}

TEST_CASE("s3 objects: what names other files comes behind them", "[s3]") {
  CHECK(turn_of("logo.svg") == Turn::others);
  CHECK(turn_of("docs/index.html") == Turn::entries);
  CHECK(turn_of("sw.js.br") == Turn::entries);
  CHECK(turn_of("site.webmanifest") == Turn::entries);
  CHECK(turn_of("a/manifest.json") == Turn::entries);
  CHECK(turn_of("index.html") == Turn::index);
  CHECK(turn_of("index.html.gz") == Turn::index);
}

TEST_CASE("s3 objects: a path is held by all releases, or by none", "[s3]") {
  S3Objects ours = {{"same", object("a", false)},
                    {"other", object("b", false)},
                    {"held", object("c", false)},
                    {"mine", object("d", true)}};
  settle_held(ours, {{"releases/1",
                      {{"same", object("a", false)},
                       {"other", object("x", false)},
                       {"held", object("c", true)},
                       {"mine", object("d", false)}}}});
  CHECK(!ours.at("same").held);
  CHECK(ours.at("other").held);
  CHECK(ours.at("held").held);
  CHECK(ours.at("mine").held);
}

TEST_CASE("s3 showing: the CDN is told what differs, and no more", "[s3]") {
  const S3Objects before = {{"a b.txt", object("1", true)},
                            {"docs/index.html", object("2", true)},
                            {"same", object("3", true)},
                            {"x.js", object("4", false)}};
  S3Objects after = before;
  after.at("a b.txt") = object("5", true);
  after.erase("docs/index.html");
  after.emplace("y.js", object("6", false));
  const std::vector<std::string> expected = {"/base/a%20b.txt", "/base/docs/",
                                             "/base/docs/index.html"};
  CHECK(changed_paths(before, after, "/base") == expected);
  CHECK(changed_paths(after, before, "/base") == expected);
  CHECK(changed_paths(before, before, "").empty());
  CHECK(changed_paths({}, {{"index.html", object("1", true)}}, "") ==
        std::vector<std::string>{"/", "/index.html"});
}

}  // namespace sealift::installer::s3_object_test
