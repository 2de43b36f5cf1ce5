// SPDX-License-Identifier: Apache-2.0
#include "s3/xml.hpp"

#include <catch2/catch.hpp>

#include "s3/bucket.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::s3::xml_test {

namespace {

constexpr const char* kListing = R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- by a store -->
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
  <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>
  <Contents><Key>a&lt;b&#x41;&#233;</Key><Size>12</Size><ETag>&quot;0f&quot;</ETag></Contents>
  <Contents><Key><![CDATA[c<d]]></Key><Size>0</Size><ETag>"1e"</ETag><Owner/></Contents>
</ListBucketResult>)";

}  // namespace

TEST_CASE("xml: a listing with every way to write a character", "[s3]") {
  const Page page = page_from(parse_xml(kListing, "x"), "x");
  REQUIRE(page.objects.size() == 2);
  CHECK(page.objects[0].key == "a<bA\xC3\xA9");
  CHECK(page.objects[0].size == 12);
  CHECK(page.objects[0].etag == "0f");
  CHECK(page.objects[1].key == "c<d");
  CHECK(page.next == "a&b");
}

TEST_CASE("xml: what is no document of ours is refused", "[s3]") {
  const auto bad = GENERATE(
      as<std::string>{}, "", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a>&x;</a>",
      "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#99999999999;</a>", "<a>&amp</a>",
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a/><b/>", "<a>\xff</a>", "<>x</>",
      "<a><!DOCTYPE b></a>", "<a><![CDATA[x</a>", "<!-- <a/>", "<a/>x");
  CHECK(tests::refusal_of([&] { parse_xml(bad, "x"); }) == Errc::corrupt);
}

TEST_CASE("xml: depth, elements and size are bounded", "[s3]") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK(tests::refusal_of([&] { parse_xml(deep, "x"); }) == Errc::corrupt);
  std::string many = "<a>";
  for (std::size_t i = 0; i <= kMaxXmlElements; ++i) many += "<b/>";
  CHECK(tests::refusal_of([&] { parse_xml(many + "</a>", "x"); }) == Errc::corrupt);
  CHECK(tests::refusal_of([&] {
          parse_xml("<a>" + std::string(kMaxXmlBytes, 'x') + "</a>", "x");
        }) == Errc::corrupt);
}

TEST_CASE("xml: a listing that would never end, and sizes that are none, are refused", "[s3]") {
  const auto bad = GENERATE(
      as<std::string>{}, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
      "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
      "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", "<html/>");
  CHECK(tests::refusal_of([&] { page_from(parse_xml(bad, "x"), "x"); }) == Errc::corrupt);
}

TEST_CASE("xml: uploads that were not completed", "[s3]") {
  const auto uploads = uploads_from(
      parse_xml("<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>i</UploadId></Upload>"
                "</ListMultipartUploadsResult>",
                "x"),
      "x");
  REQUIRE(uploads.size() == 1);
  CHECK(uploads[0].key == "k");
  CHECK(uploads[0].id == "i");
}

}  // namespace sealift::s3::xml_test
