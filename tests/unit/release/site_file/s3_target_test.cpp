// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/s3_target.hpp"

#include <catch2/catch.hpp>

#include "release/site_file/site.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::s3_target_test {

namespace {

constexpr const char* kHead = "schema: 1\nrelease: shop\nenvironment: production\ntargets:\n";

Site site(const std::string& targets) {
  return parse_site(kHead + targets, "site.yaml");
}

std::string mistakes(const std::string& target) {
  return tests::messages(tests::error_of([&] { site("  cdn: " + target + "\n"); }));
}

}  // namespace

TEST_CASE("s3 target: what is left out, and how it is kept", "[s3]") {
  const Site read = site(
      "  cdn: {driver: s3, endpoint: \"https://s3.site:9000/\", bucket: shop, prefix: web, "
      "cdn: {cloudfront: E1}}\n");
  const S3Target& target = *read.targets.at("cdn").s3;
  CHECK(target.place() == "https://s3.site:9000/shop/web");
  CHECK(target.prefix == "web/");
  CHECK(target.region == "us-east-1");
  CHECK(target.style == "path");
  CHECK(target.cdn->cloudfront == "E1");
  CHECK(s3_target_from_json(to_json(target), "x") == target);
}

TEST_CASE("s3 target: all mistakes are told", "[s3]") {
  const std::string said = mistakes(
      "{driver: s3, path: /srv, prefix: a//b, credentials: {key_id: A, process: [x]}, "
      "cdn: {cloudfront: E1, exec: [x]}}");
  for (const char* part : {"no endpoint", "no bucket", "prefix", "key_id or secret alone",
                           "process beside others", "both cloudfront and exec", "a path"}) {
    CHECK(said.find(part) != std::string::npos);
  }
  CHECK(mistakes("{driver: directory, path: /srv, bucket: shop}")
            .find("bucket, which directory does not have") != std::string::npos);
  CHECK(mistakes("{driver: s3, endpoint: \"https://s\", bucket: shop, "
                 "credentials: {key_id: A, secret: a-b}}")
            .find("key of a secret") != std::string::npos);
  CHECK(mistakes("{driver: s3, endpoint: \"https://s\", bucket: shop, "
                 "credentials: {key_id: A, secret: \"hunter/2\"}}")
            .find("hunter") == std::string::npos);
}

TEST_CASE("s3 target: two of one site never share a part of a bucket", "[s3]") {
  const auto both = [](const std::string& a, const std::string& b) {
    const auto one = [](const std::string& name, const std::string& more) {
      return "  " + name + ": {driver: s3, endpoint: \"https://s\", bucket: shop" + more + "}\n";
    };
    return tests::messages(tests::error_of([&] { site(one("a", a) + one("b", b)); }));
  };
  CHECK(both(", prefix: web/", ", prefix: web/x/").find("overlap") != std::string::npos);
  CHECK(both("", ", prefix: x").find("overlap") != std::string::npos);
  CHECK(both(", prefix: web", ", prefix: webs").empty());
}

}  // namespace sealift::release::s3_target_test
