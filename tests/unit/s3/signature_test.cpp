// SPDX-License-Identifier: Apache-2.0
#include "s3/signature.hpp"

#include <catch2/catch.hpp>

#include "signing/keyed_digest.hpp"

namespace sealift::s3::signature_test {

namespace {

// Of "Authenticating Requests (AWS Signature Version 4)" in AWS's reference of S3.
const Time kThen = parse_time("2013-05-24T00:00:00Z");
const Scope kScope{.region = "us-east-1", .service = "s3"};

AccessKey example_key() {
  std::string secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  return {.id = "AKIAIOSFODNN7EXAMPLE", .secret = signing::Secret::taken_from(secret)};
}

net::Request example_request(const std::string& method, const std::string& target) {
  net::Request request{.method = method,
                       .url = net::Url::parse("https://examplebucket.s3.amazonaws.com" + target)};
  return request;
}

std::string signature_of(net::Request& request, std::string_view body) {
  sign(request, Digest::of(body), example_key(), kScope, kThen);
  const std::string& line = request.headers.at("authorization");
  return line.substr(line.find("Signature=") + 10);
}

}  // namespace

TEST_CASE("signature: AWS's example of an object that is fetched", "[s3]") {
  net::Request request = example_request("GET", "/test.txt");
  request.headers["range"] = "bytes=0-9";
  CHECK(signature_of(request, "") ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(request.headers.at("authorization")
            .starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                         "aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"));
}

TEST_CASE("signature: AWS's example of an object that is put", "[s3]") {
  net::Request request = example_request("PUT", "/test%24file.text");
  request.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  CHECK(signature_of(request, "Welcome to Amazon S3.") ==
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_CASE("signature: AWS's examples of queries", "[s3]") {
  net::Request lifecycle = example_request("GET", "/?lifecycle");
  CHECK(signature_of(lifecycle, "") ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  net::Request list = example_request("GET", "/?prefix=J&max-keys=2");
  CHECK(signature_of(list, "") ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("signature: a session's token is signed, and the secret is in no header", "[s3]") {
  AccessKey key = example_key();
  std::string token = "TOKEN/OF+SESSION==";
  key.token = signing::Secret::taken_from(token);
  net::Request request = example_request("GET", "/a");
  sign(request, Digest::of(""), key, kScope, kThen);
  CHECK(request.headers.at("x-amz-security-token") == "TOKEN/OF+SESSION==");
  CHECK(request.headers.at("authorization").find("x-amz-security-token") != std::string::npos);
  for (const auto& [name, value] : request.headers) {
    CHECK(value.find("wJalrXUtnFEMI") == value.npos);
  }
}

TEST_CASE("signature: bytes are encoded as RFC 3986 has them", "[s3]") {
  CHECK(uri_encoded("a b/c+d~é", Slash::kept) == "a%20b/c%2Bd~%C3%A9");
  CHECK(uri_encoded("a/b=&?", Slash::encoded) == "a%2Fb%3D%26%3F");
}

TEST_CASE("signature: HMAC-SHA-256 as RFC 4231 has it, also with a long key", "[s3]") {
  CHECK(to_hex(signing::hmac_sha256("Jefe", "what do ya want for nothing?").view()) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(signing::hmac_sha256(std::string(131, '\xaa'),
                                    "Test Using Larger Than Block-Size Key - Hash Key First")
                   .view()) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace sealift::s3::signature_test
