// SPDX-License-Identifier: Apache-2.0
#include "net/url.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::net::url_test {

using tests::refusal_of;

TEST_CASE("url: its parts") {
  const Url url = Url::parse("https://registry.site:5000/v2/a?x=y#z");
  CHECK(url.secure);
  CHECK(url.host == "registry.site");
  CHECK(url.port == "5000");
  CHECK(url.target == "/v2/a?x=y");
  CHECK(url.authority() == "registry.site:5000");
  CHECK(url.shown() == "https://registry.site:5000/v2/a");
  CHECK(Url::parse("http://a").authority() == "a");
  CHECK(Url::parse("http://a:80/").authority() == "a");
  CHECK(Url::parse("https://[::1]:5000/x").host == "::1");
  CHECK(Url::parse("https://[::1]:5000/x").authority() == "[::1]:5000");
}

TEST_CASE("url: a location is relative to where it was found") {
  const Url url = Url::parse("https://a/v2/b/c?d");
  CHECK(url.resolve("/e").shown() == "https://a/e");
  CHECK(url.resolve("e?f").target == "/v2/b/e?f");
  CHECK(url.resolve("?f").target == "/v2/b/c?f");
  CHECK(url.resolve("//g/h").shown() == "https://g/h");
  CHECK(url.resolve("http://g/h").shown() == "http://g/h");
}

TEST_CASE("url: loopback") {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "[::1]"}) {
    CHECK(Url::parse(std::string("http://") + host).is_loopback());
  }
  CHECK_FALSE(Url::parse("http://128.0.0.1").is_loopback());
  CHECK_FALSE(Url::parse("http://localhost.example").is_loopback());
}

TEST_CASE("url: what is encoded with percent signs") {
  CHECK(percent_decoded("user:p%40ss%3aword%2F") == "user:p@ss:word/");
  CHECK(percent_decoded("100%, %4, %zz") == "100%, %4, %zz");
}

TEST_CASE("url: what is refused") {
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string("ftp://a"), std::string("https://"),
        std::string("https:///x"), std::string("https://a:b@c/"), std::string("https://a:/"),
        std::string("https://a:123456/"), std::string("https://a:1x/"), std::string("https://a b/"),
        std::string("https://a/\r\nHost: b"), "https://a/" + std::string(9000, 'x')}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { Url::parse(bad); }) == Errc::invalid_input);
  }
  CHECK(refusal_of([&] { Url::parse("https://a").resolve("/\r\n"); }) == Errc::invalid_input);
}

TEST_CASE("url: a password in one that is refused is not repeated") {
  for (const char* text : {"https://u:hunter2@site/", "ftp://u:hunter2@site/",
                           "https://u:hunter2/3@site/", "https://u:hunter2@site/a b"}) {
    CHECK(tests::messages(tests::error_of([&] { Url::parse(text); })).find("hunter2") ==
          std::string::npos);
  }
}

TEST_CASE("url: parameters are appended to the query that there is") {
  Url url = Url::parse("https://a/b");
  url.add_query("c=1");
  CHECK(url.target == "/b?c=1");
  url.add_query("d=2&e=3");
  CHECK(url.target == "/b?c=1&d=2&e=3");
}

}  // namespace sealift::net::url_test
