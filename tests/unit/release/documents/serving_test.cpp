// SPDX-License-Identifier: Apache-2.0
#include "release/documents/serving.hpp"

#include <catch2/catch.hpp>
#include <regex>

#include "release/documents/carried_assets.hpp"
#include "release/documents/content_type.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::serving_test {

using tests::error_of;
using tests::messages;
using tests::refusal_of;

namespace {

Serving sample() {
  return Serving({{.match = "assets/plain/**", .cache = CacheClass::from_json(60)},
                  {.match = "assets/**", .cache = CacheClass::immutable()},
                  {.match = "*.webmanifest", .type = "application/manifest+json", .cache = {}}});
}

// By the pattern that a web server is given.
bool web_server_says_hashed(const std::string& path) {
  const Json rows = Serving().rows();
  const std::regex pattern(rows[0]["match"].get<std::string>());
  return std::regex_match("/" + path, pattern);
}

}  // namespace

TEST_CASE("serving: only what no pattern decides is a guess") {
  const Serving serving = sample();
  CHECK(serving.guesses_immutable("other/app.3f9a1c2e.js"));
  CHECK_FALSE(serving.guesses_immutable("other/app.js"));
  CHECK_FALSE(serving.guesses_immutable("assets/app.3f9a1c2e.js"));
  CHECK_FALSE(serving.guesses_immutable("assets/plain/app.3f9a1c2e.js"));
}

TEST_CASE("serving: a name that ends in a hash never changes") {
  for (const char* name :
       {"assets/app.3f9a1c2e.js", "assets/index-BQ7r9xaZ.css", "a/b/c/x-0123456789abcdef.css",
        "assets/app.3f9a1c2e.js.map", "static/main.0a1b2c3d.chunk.js", "a/main-5SVLNUSE.js",
        "assets/entry.DqYxKkAb.js", "img/logo-3F9A1C2E.svg", "a/base.27e20196a850.js"}) {
    CAPTURE(name);
    CHECK(has_hashed_name(name));
    CHECK(web_server_says_hashed(name));
  }
  for (const char* name : {"app.3f9a1c2e.js",
                           "index.html",
                           "assets/app.js",
                           "assets/my-component.js",
                           "assets/vendor-bootstrap.min.css",
                           "assets/noto-sans-regular.woff2",
                           "assets/app-1234567.js",
                           "assets/app-12345678",
                           "assets/12345678.js",
                           "assets/app~12345678.js",
                           "assets/a.b/index.html",
                           "assets/x-1234.abcd.efgh.js",
                           "img/android-chrome-192x192.png",
                           "img/hero-banner-2x.png",
                           "img/photo-1920x1080.jpg",
                           "doc/report-2024-11.pdf",
                           "doc/day-20241131.pdf",
                           "doc/day-20241131a.pdf",
                           "fonts/inter-latin-500-italic.woff2",
                           "img/toolbarButton-viewAttachments.svg",
                           "a/app-settings-v2.js",
                           "fonts/Inter-SemiBold.woff2",
                           "fonts/Roboto-Semi700B.woff2",
                           "img/x-Web3Icon.svg",
                           "img/x-3DMODELS.svg",
                           "img/x-PAGE2345.svg",
                           "img/x-LICENSES.txt",
                           "img/x-iPhone15.png",
                           "img/x-Photo-12.png",
                           "img/x-deadbeef.png",
                           "img/550e8400-e29b-41d4-a716-44665544000a.jpg"}) {
    CAPTURE(name);
    CHECK_FALSE(has_hashed_name(name));
    CHECK_FALSE(web_server_says_hashed(name));
  }
}

TEST_CASE("serving: the first pattern decides, and a compressed file is as its original") {
  const Serving serving = sample();
  CHECK(serving.cache_of("assets/plain/a.js").header() == "public, max-age=60");
  CHECK(serving.cache_of("assets/a.js").is_immutable());
  CHECK(serving.cache_of("app.webmanifest") == CacheClass::no_cache());
  CHECK(serving.cache_of("index.html").header() == "no-cache");
  CHECK(serving.cache_of("other/app.3f9a1c2e.js").header() ==
        "public, max-age=31536000, immutable");
  CHECK(serving.cache_of("other/app.3f9a1c2e.js.br").is_immutable());
  CHECK(serving.cache_of("index.html.gz") == CacheClass::no_cache());
  CHECK(serving.type_of("app.webmanifest") == "application/manifest+json");
  CHECK(serving.type_of("a/b.mjs") == "text/javascript");
  CHECK(serving.type_of("a.b/none").empty());
}

TEST_CASE("serving: types that shrink are known") {
  for (const char* type : {"text/css", "text/html; charset=utf-8", "image/svg+xml",
                           "application/json", "application/wasm", "font/ttf"}) {
    CHECK(is_compressible(type));
  }
  for (const char* type : {"", "image/png", "font/woff2", "application/zip"}) {
    CHECK_FALSE(is_compressible(type));
  }
}

TEST_CASE("serving: rows for templates end with one for everything") {
  const Json rows = sample().rows();
  REQUIRE(rows.size() == 6);
  CHECK(rows[0] == Json({{"match", "^/assets/plain(/.*)?$"},
                         {"type", ""},
                         {"typed", false},
                         {"cache", "public, max-age=60"}}));
  CHECK(rows[2]["match"].get<std::string>().starts_with("(?=^/[^/]*[.]webmanifest$)"));
  CHECK(rows[3]["typed"] == true);
  CHECK(rows[5]["match"] == "^/");
  for (const Json& row : rows) {
    CHECK(row.dump().find('\\') == std::string::npos);
  }
}

TEST_CASE("serving: what it says comes back, and nothing else is read") {
  CarriedAssets assets{.serving = sample(),
                       .keep_previous = 2,
                       .integrity = {{"a.js", "sha384-" + std::string(64, 'A')}}};
  CHECK(carried_assets_from_json(to_json(assets), "d") == assets);
  CHECK(to_json(CarriedAssets{}) == Json::object());
  CHECK(integrity_rows(assets) ==
        Json::array({{{"path", "a.js"}, {"integrity", "sha384-" + std::string(64, 'A')}}}));
  const auto refused = [&](const char* pointer, const Json& value) {
    Json changed = to_json(assets);
    changed[JsonPointer(pointer)] = value;
    return refusal_of([&] { carried_assets_from_json(changed, "d"); });
  };
  CHECK(refused("/extra", 1) == Errc::corrupt);
  CHECK(refused("/keepPrevious", 21) == Errc::corrupt);
  CHECK(refused("/serve", 1) == Errc::corrupt);
  CHECK(refused("/serve/0/cache", "forever") == Errc::corrupt);
  CHECK(refused("/serve/0/cache", 0) == Errc::corrupt);
  CHECK(refused("/serve/0/extra", 1) == Errc::corrupt);
  CHECK(refused("/serve/0/match", "../x") == Errc::corrupt);
  CHECK(refused("/serve/0/match", "a\"b") == Errc::corrupt);
  CHECK(refused("/serve/0/type", "text/html\n") == Errc::corrupt);
  CHECK(refused("/integrity/..", "sha384-" + std::string(64, 'A')) == Errc::corrupt);
  CHECK(refused("/integrity/a.js", "sha256-" + std::string(64, 'A')) == Errc::corrupt);
  CHECK(refused("/integrity/a.js", "sha384-" + std::string(60, 'A')) == Errc::corrupt);
  Json many = Json::array();
  for (std::size_t i = 0; i <= kMaxServeRules; ++i) many.push_back({{"match", "a"}, {"cache", 1}});
  CHECK(refused("/serve", many) == Errc::corrupt);
}

TEST_CASE("serving: patterns are such that a web server can say them too") {
  for (const char* good : {"**", "a/**/*.js", "assets/[id]-?.css", "f\xc3\xb6o/*", "a b(1)+.js"}) {
    CHECK_NOTHROW(check_serve_pattern(good));
  }
  for (const char* bad : {"", "/a", "a/", "a//b", "a/../b", "./a", "a{b}", "a\\b", "a$b", "a;b",
                          "a'b", "a\nb", "\xff"}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { check_serve_pattern(bad); }) == Errc::invalid_input);
  }
  CHECK(messages(error_of([] {
          CacheClass::from_json("forever");
        })).starts_with("found \"forever\", expected immutable, no-cache or a number of seconds"));
}

}  // namespace sealift::release::serving_test
