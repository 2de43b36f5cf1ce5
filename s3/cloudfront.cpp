// SPDX-License-Identifier: Apache-2.0
#include "s3/cloudfront.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "s3/xml.hpp"

namespace sealift::s3 {

namespace {

constexpr std::string_view kApi = "2020-05-31";
// CloudFront is one for the whole world, and its signatures name this region.
constexpr const char* kRegion = "us-east-1";
constexpr int kCreated = 201;

}  // namespace

std::string invalidation_body(const std::string& reference, std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  if (paths.size() > kMaxPaths) paths = {"/*"};
  std::string items;
  for (const std::string& path : paths) items += format("<Path>{}</Path>", xml_escaped(path));
  return format(
      "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/{}/\">"
      "<CallerReference>{}</CallerReference><Paths><Items>{}</Items><Quantity>{}</Quantity>"
      "</Paths></InvalidationBatch>",
      kApi, xml_escaped(reference), items, paths.size());
}

void invalidate(const Distribution& distribution, const std::string& reference,
                std::vector<std::string> paths, net::HttpClient& client, const AccessKey& key,
                Time now) {
  const std::string body = invalidation_body(reference, std::move(paths));
  net::Url url = net::Url::parse(distribution.endpoint);
  url.target = format("/{}/distribution/{}/invalidation", kApi, distribution.id);
  net::Request request{
      .method = "POST", .url = std::move(url), .headers = {{"content-type", "text/xml"}}};
  request.body = [&body] { return std::make_unique<StringSource>(body); };
  request.body_size = body.size();
  sign(request, Digest::of(body), key, {.region = kRegion, .service = "cloudfront"}, now);
  const auto reply = client.send(request);
  const std::string text = read_all(*reply, kMaxXmlBytes, "CloudFront");
  if (reply->status() == kCreated || reply->status() == 200) return;
  std::string code;
  try {
    const Element root = parse_xml(text, "CloudFront");
    const Element* error = root.child("Error");
    code = error == nullptr ? root.text_of("Code") : error->text_of("Code");
  } catch (const Error&) {
    // What it says is no XML: the status has to do.
  }
  throw Error(
      Errc::io,
      format("CloudFront {}: answered {} {} to an invalidation", distribution.id, reply->status(),
             printable(code, 80)),
      "check cdn.cloudfront in site.yaml, and that the access key may create invalidations");
}

}  // namespace sealift::s3
