// SPDX-License-Identifier: Apache-2.0
#include "content/descriptor.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::content::descriptor_test {

using tests::refusal_of;

namespace {

Descriptor read(const std::string& text) {
  return descriptor_from_json(parse_json(text, "doc"), "doc");
}

const std::string kDigest = Digest::of("abc").str();

}  // namespace

TEST_CASE("descriptor: names bytes by type, digest and size, and comes back from JSON") {
  Descriptor descriptor = describe("text/plain", "abc");
  CHECK(descriptor.size == 3);
  CHECK(descriptor.digest == Digest::of("abc"));
  descriptor.artifact_type = "application/x";
  descriptor.annotations["a"] = "b";
  CHECK(descriptor_from_json(to_json(descriptor), "doc") == descriptor);
}

TEST_CASE("descriptor: the empty content is that of the OCI specification") {
  CHECK(empty_descriptor().digest.str() ==
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  CHECK(empty_descriptor().size == 2);
}

TEST_CASE("descriptor: a missing, unknown or wrong field is refused as corrupt") {
  const std::string good = R"({"mediaType":"text/plain","digest":")" + kDigest + R"(","size":3})";
  CHECK_NOTHROW(read(good));
  for (const std::string& bad :
       {std::string("{}"), std::string("[]"), R"({"digest":")" + kDigest + R"(","size":3})",
        R"({"mediaType":"text/plain","digest":")" + kDigest + R"("})",
        R"({"mediaType":"text/plain","digest":")" + kDigest + R"(","size":-1})",
        R"({"mediaType":"text/plain","digest":")" + kDigest + R"(","size":"3"})",
        R"({"mediaType":1,"digest":")" + kDigest + R"(","size":3})",
        std::string(R"({"mediaType":"text/plain","digest":"sha512:00","size":3})"),
        R"({"mediaType":"text/plain","digest":")" + kDigest + R"(","size":3,"urls":[]})",
        R"({"mediaType":"text/plain","digest":")" + kDigest +
            R"(","size":3,"annotations":{"a":1}})",
        R"({"mediaType":"text/plain","digest":")" + kDigest + R"(","size":3,"annotations":[]})"}) {
    CAPTURE(bad);
    CHECK(refusal_of([&] { read(bad); }) == Errc::corrupt);
  }
}

}  // namespace sealift::content::descriptor_test
