// SPDX-License-Identifier: Apache-2.0
#include "s3/refusal.hpp"

#include <catch2/catch.hpp>

#include "s3/cloudfront.hpp"
#include "s3/credentials.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::s3::refusal_test {

namespace {

const Place kPlace{.endpoint = "https://s3.site", .bucket = "shop", .region = "us-east-1"};

Error refused(int status, const std::string& code, const std::string& more = "") {
  try {
    throw_refusal({.place = kPlace,
                   .key = "",
                   .status = status,
                   .date = "Fri, 24 May 2013 00:00:00 GMT",
                   .region = "",
                   .body = "<Error><Code>" + code + "</Code><Message>m</Message>" + more +
                           "<StringToSign>private</StringToSign></Error>",
                   .now = {}});
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace

TEST_CASE("refusal: what an operator can mend says how", "[s3]") {
  const auto [status, code, hint] =
      GENERATE(table<int, std::string, std::string>({{403, "InvalidAccessKeyId", "credentials"},
                                                     {403, "SignatureDoesNotMatch", "credentials"},
                                                     {403, "RequestTimeTooSkewed", "clock"},
                                                     {403, "AccessDenied", "allow it"},
                                                     {403, "ExpiredToken", "fetch new credentials"},
                                                     {404, "NoSuchBucket", "create it"},
                                                     {301, "PermanentRedirect", "region"}}));
  const Error error = refused(status, code);
  CHECK(error.code() == Errc::incompatible);
  CHECK(error.hint().find(hint) != std::string::npos);
  CHECK(error.message().find("private") == std::string::npos);
}

TEST_CASE("refusal: the region that the store names is told", "[s3]") {
  const Error error = refused(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>");
  CHECK(error.message().find("the bucket is in eu-central-1") != std::string::npos);
}

TEST_CASE("refusal: what may pass is the store's trouble", "[s3]") {
  CHECK(refused(503, "SlowDown").code() == Errc::io);
  CHECK(refused(500, "InternalError").hint().find("later") != std::string::npos);
}

TEST_CASE("credentials: JSON of a program", "[s3]") {
  const auto key = key_from_json(
      R"({"Version":1,"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t"})", "program");
  CHECK(key->id == "A");
  CHECK(key->secret.view() == "s");
  CHECK(key->token->view() == "t");
}

TEST_CASE("credentials: what cannot be used is refused and not quoted", "[s3]") {
  const auto bad = GENERATE(
      as<std::string>{}, "hidden", R"(["hidden"])", R"({"AccessKeyId":"hidden"})",
      R"({"SecretAccessKey":"hidden"})", R"({"AccessKeyId":"a\nb","SecretAccessKey":"hidden"})",
      R"({"AccessKeyId":"a","SecretAccessKey":"hidden","SessionToken":"t\nu"})");
  try {
    key_from_json(bad, "program");
    FAIL("was taken");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::incompatible);
    CHECK(error.message().find("hidden") == std::string::npos);
  }
}

TEST_CASE("cloudfront: paths are sorted, each once; too many become one", "[s3]") {
  CHECK(invalidation_body("r&1", {"/b", "/a", "/b"}) ==
        "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"
        "<CallerReference>r&amp;1</CallerReference><Paths><Items><Path>/a</Path><Path>/b</Path>"
        "</Items><Quantity>2</Quantity></Paths></InvalidationBatch>");
  std::vector<std::string> many;
  for (std::size_t i = 0; i <= kMaxPaths; ++i) many.push_back("/" + std::to_string(i));
  CHECK(invalidation_body("r", many).find("<Path>/*</Path></Items><Quantity>1<") !=
        std::string::npos);
}

}  // namespace sealift::s3::refusal_test
