// SPDX-License-Identifier: Apache-2.0
#include "s3/bucket.hpp"

#include <charconv>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "s3/refusal.hpp"

namespace sealift::s3 {

namespace {

constexpr int kOk = 200;
constexpr int kFirstError = 300;
constexpr int kNotFound = 404;
constexpr int kConflict = 409;
constexpr int kPreconditionFailed = 412;
constexpr int kNotImplemented = 501;

std::uint64_t number_in(const std::string& text, const std::string& where) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number).ptr != end || text.empty()) {
    throw Error(Errc::corrupt, format("{}: found the size \"{}\"", where, printable(text, 40)));
  }
  return number;
}

// Stores put it between quotation marks, or do not.
std::string bare_etag(std::string etag) {
  std::erase(etag, '"');
  return etag;
}

std::string bounded_body(net::Reply& reply) {
  return read_all(reply, kMaxXmlBytes, reply.url().shown());
}

}  // namespace

Page page_from(const Element& root, const std::string& where) {
  if (root.name != "ListBucketResult") {
    throw Error(Errc::corrupt,
                format("{}: found {}, expected ListBucketResult", where, printable(root.name, 80)));
  }
  Page page;
  for (const Element& each : root.children) {
    if (each.name != "Contents") continue;
    page.objects.push_back({.key = each.text_of("Key"),
                            .size = number_in(each.text_of("Size"), where),
                            .etag = bare_etag(each.text_of("ETag"))});
  }
  if (root.text_of("IsTruncated") == "true") {
    page.next = root.text_of("NextContinuationToken");
    // Without one the listing would begin again for ever.
    if (page.next.empty()) {
      throw Error(Errc::corrupt, format("{}: a listing goes on, and does not say where", where));
    }
  }
  return page;
}

std::vector<Upload> uploads_from(const Element& root, const std::string& where) {
  if (root.name != "ListMultipartUploadsResult") {
    throw Error(Errc::corrupt, format("{}: found {}, expected ListMultipartUploadsResult", where,
                                      printable(root.name, 80)));
  }
  std::vector<Upload> uploads;
  for (const Element& each : root.children) {
    if (each.name != "Upload") continue;
    uploads.push_back({.key = each.text_of("Key"), .id = each.text_of("UploadId")});
  }
  return uploads;
}

Bucket::Bucket(Place place, net::HttpSettings http, std::shared_ptr<const AccessKey> key,
               const Clock& clock)
    : place_(std::move(place)),
      http_(std::move(http)),
      key_(std::move(key)),
      clock_(clock),
      client_(http_) {}

std::unique_ptr<Bucket> Bucket::twin() const {
  return std::make_unique<Bucket>(place_, http_, key_, clock_);
}

net::Url Bucket::url_of(const std::string& key, const std::string& query) const {
  net::Url url = net::Url::parse(place_.endpoint);
  const std::string path = uri_encoded(key, Slash::kept);
  if (place_.style == Style::host) {
    url.host = format("{}.{}", place_.bucket, url.host);
    url.target = format("/{}", path);
  } else {
    url.target = key.empty() ? format("/{}", place_.bucket) : format("/{}/{}", place_.bucket, path);
  }
  if (!query.empty()) url.add_query(query);
  return url;
}

// Each attempt is signed once: the time of a signature holds for longer than attempts take.
std::unique_ptr<net::Reply> Bucket::send(const std::string& method, const std::string& key,
                                         const std::string& query, const net::Headers& headers,
                                         std::string_view content) {
  if (key.size() > kMaxKey) {
    throw Error(Errc::incompatible,
                format("{}: found a key of {} bytes, a store takes {}", printable(key, 80),
                       key.size(), kMaxKey),
                "shorten the names of the release, or the prefix");
  }
  net::Request request{.method = method, .url = url_of(key, query), .headers = headers};
  if (method == "PUT" || method == "POST") {
    request.body = [content] { return std::make_unique<StringSource>(content); };
    request.body_size = content.size();
  }
  sign(request, Digest::of(content), *key_, {.region = place_.region, .service = "s3"},
       clock_.now());
  return client_.send(request);
}

void Bucket::refuse(net::Reply& reply, const std::string& key) const {
  throw_refusal({.place = place_,
                 .key = key,
                 .status = reply.status(),
                 .date = reply.header("date"),
                 .region = reply.header("x-amz-bucket-region"),
                 .body = bounded_body(reply),
                 .now = clock_.now()});
}

// Some answers begin with 200 and turn out to be an error.
Element Bucket::answer(net::Reply& reply, const std::string& key) const {
  if (reply.status() != kOk) refuse(reply, key);
  const std::string body = bounded_body(reply);
  Element root = parse_xml(body, reply.url().shown());
  if (root.name == "Error") {
    throw_refusal({.place = place_,
                   .key = key,
                   .status = reply.status(),
                   .date = {},
                   .region = {},
                   .body = body,
                   .now = clock_.now()});
  }
  return root;
}

std::optional<Head> Bucket::head(const std::string& key) {
  const auto reply = send("HEAD", key, "");
  if (reply->status() == kNotFound) return std::nullopt;
  if (reply->status() != kOk) refuse(*reply, key);
  return Head{.size = number_in(reply->header("content-length"), reply->url().shown()),
              .etag = bare_etag(reply->header("etag")),
              .type = reply->header("content-type"),
              .cache = reply->header("cache-control"),
              .encoding = reply->header("content-encoding"),
              .sha256 = reply->header("x-amz-meta-sha256")};
}

std::optional<std::string> Bucket::get(const std::string& key, std::uint64_t limit) {
  const auto reply = send("GET", key, "");
  if (reply->status() == kNotFound) {
    // A bucket that is missing is no object that is missing.
    const std::string body = bounded_body(*reply);
    if (body.find("NoSuchBucket") == body.npos) return std::nullopt;
    throw_refusal({.place = place_,
                   .key = key,
                   .status = kNotFound,
                   .date = {},
                   .region = {},
                   .body = body,
                   .now = clock_.now()});
  }
  if (reply->status() != kOk) refuse(*reply, key);
  return read_all(*reply, limit, reply->url().shown());
}

std::optional<Digest> Bucket::digest_of(const std::string& key) {
  const auto reply = send("GET", key, "");
  if (reply->status() == kNotFound) return std::nullopt;
  if (reply->status() != kOk) refuse(*reply, key);
  Hasher hasher;
  std::string block(64U << 10, '\0');
  while (const std::size_t count = reply->read(block)) {
    hasher.update(std::string_view(block).substr(0, count));
  }
  return hasher.finish();
}

std::string Bucket::put(const std::string& key, std::string_view content,
                        const net::Headers& headers) {
  const auto reply = send("PUT", key, "", headers, content);
  if (reply->status() >= kFirstError) refuse(*reply, key);
  std::string etag = bare_etag(reply->header("etag"));
  bounded_body(*reply);
  return etag;
}

bool Bucket::put_new(const std::string& key, std::string_view content,
                     const net::Headers& headers) {
  net::Headers only_new = headers;
  only_new["if-none-match"] = "*";
  const auto reply = send("PUT", key, "", only_new, content);
  if (reply->status() == kConflict || reply->status() == kPreconditionFailed) return false;
  if (reply->status() == kNotImplemented) return put(key, content, headers), true;
  if (reply->status() >= kFirstError) refuse(*reply, key);
  bounded_body(*reply);
  return true;
}

void Bucket::copy(const std::string& from, const std::string& to) {
  const net::Headers headers = {
      {"x-amz-copy-source", format("/{}/{}", place_.bucket, uri_encoded(from, Slash::kept))}};
  const auto reply = send("PUT", to, "", headers);
  answer(*reply, to);
}

void Bucket::remove(const std::string& key) {
  const auto reply = send("DELETE", key, "");
  if (reply->status() >= kFirstError && reply->status() != kNotFound) refuse(*reply, key);
  bounded_body(*reply);
}

std::vector<Listed> Bucket::list(const std::string& prefix, std::size_t limit) {
  std::vector<Listed> all;
  std::string next;
  do {
    const std::size_t most = std::min<std::size_t>(1000, limit - all.size());
    std::string query =
        format("list-type=2&max-keys={}&prefix={}", most, uri_encoded(prefix, Slash::encoded));
    if (!next.empty()) query += format("&continuation-token={}", uri_encoded(next, Slash::encoded));
    const auto reply = send("GET", "", query);
    Page page = page_from(answer(*reply, ""), reply->url().shown());
    for (Listed& each : page.objects) all.push_back(std::move(each));
    next = page.next;
  } while (!next.empty() && all.size() < limit);
  return all;
}

std::string Bucket::begin_upload(const std::string& key, const net::Headers& headers) {
  const auto reply = send("POST", key, "uploads=", headers);
  std::string id = answer(*reply, key).text_of("UploadId");
  if (id.empty()) throw Error(Errc::corrupt, format("{}: an upload has no id", printable(key)));
  return id;
}

std::string Bucket::put_part(const Upload& upload, unsigned number, std::string_view content) {
  const auto reply =
      send("PUT", upload.key,
           format("partNumber={}&uploadId={}", number, uri_encoded(upload.id, Slash::encoded)), {},
           content);
  if (reply->status() >= kFirstError) refuse(*reply, upload.key);
  std::string etag = bare_etag(reply->header("etag"));
  bounded_body(*reply);
  return etag;
}

void Bucket::complete(const Upload& upload, const std::vector<std::string>& etags) {
  std::string body = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    body += format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag></Part>", i + 1,
                   xml_escaped(etags[i]));
  }
  body += "</CompleteMultipartUpload>";
  const auto reply = send("POST", upload.key,
                          format("uploadId={}", uri_encoded(upload.id, Slash::encoded)), {}, body);
  answer(*reply, upload.key);
}

void Bucket::abort(const Upload& upload) {
  const auto reply =
      send("DELETE", upload.key, format("uploadId={}", uri_encoded(upload.id, Slash::encoded)));
  if (reply->status() >= kFirstError && reply->status() != kNotFound) refuse(*reply, upload.key);
  bounded_body(*reply);
}

// Of the first thousand: we begin no more than a few at once.
std::vector<Upload> Bucket::uploads(const std::string& prefix) {
  const auto reply =
      send("GET", "", format("prefix={}&uploads=", uri_encoded(prefix, Slash::encoded)));
  return uploads_from(answer(*reply, ""), reply->url().shown());
}

}  // namespace sealift::s3
