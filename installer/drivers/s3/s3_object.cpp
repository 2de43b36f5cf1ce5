// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/s3/s3_object.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/format.hpp"
#include "base/path.hpp"
#include "content/precompress.hpp"
#include "installer/drivers/s3/s3_keys.hpp"
#include "release/documents/file_table.hpp"

namespace sealift::installer {

namespace {

constexpr const char* kUnknownType = "application/octet-stream";
// What browsers fetch first, and what names other files, by the names that bundlers give them.
constexpr std::array<std::string_view, 9> kEntries = {
    "manifest.json",     "asset-manifest.json", "sw.js",
    "service-worker.js", "serviceworker.js",    "ngsw-worker.js",
    "ngsw.json",         "workbox.js",          "firebase-messaging-sw.js"};

// Of a compressed file whose original lies beside it: a download called x.tar.gz is no such file.
std::string_view original_of(std::string_view path, const S3Objects& objects) {
  const std::string_view original = content::without_suffix(path);
  return objects.contains(std::string(original)) ? original : std::string_view();
}

void describe(const std::string& path, const release::Serving& serving, const S3Objects& all,
              S3Object& object) {
  const std::string_view original = original_of(path, all);
  object.type = serving.type_of(original.empty() ? std::string_view(path) : original);
  if (object.type.empty()) object.type = kUnknownType;
  const release::CacheClass cache = serving.cache_of(path);
  object.cache = cache.header();
  object.held = !cache.is_immutable();
  if (!original.empty()) object.encoding = path.ends_with(content::kBrotliSuffix) ? "br" : "gzip";
}

}  // namespace

net::Headers S3Object::headers() const {
  net::Headers headers = {
      {"content-type", type}, {"cache-control", cache}, {"x-amz-meta-sha256", digest.hex()}};
  if (!encoding.empty()) headers["content-encoding"] = encoding;
  return headers;
}

bool S3Object::looks_like(const S3Object& other) const {
  return digest == other.digest && type == other.type && cache == other.cache &&
         encoding == other.encoding;
}

bool S3Object::is(const s3::Head& head) const {
  return head.sha256 == digest.hex() && head.size == size && head.type == type &&
         head.cache == cache && head.encoding == encoding;
}

S3Objects objects_of(Source& table, const release::Serving& serving) {
  S3Objects objects;
  Problems problems;
  release::FileTableReader reader(table);
  while (const std::optional<release::FileEntry> entry = reader.next()) {
    const std::string& path = entry->path.str();
    if (entry->type == EntryType::symlink) {
      problems.add(format("{}: is a link, which a bucket cannot hold", printable(path)),
                   "release the file itself, or exclude the link");
    } else if ((path + "/").starts_with(kOwnFolder)) {
      problems.add(format("{}: is a name of ours in a bucket", printable(path)),
                   "exclude it from the component");
    } else if (entry->type == EntryType::file) {
      objects.emplace(path, S3Object{.digest = *entry->digest, .size = entry->size});
    }
  }
  problems.throw_if_any(Errc::incompatible);
  for (auto& [path, object] : objects) describe(path, serving, objects, object);
  return objects;
}

std::string to_inventory(const S3Objects& objects) {
  std::string text;
  for (const auto& [path, object] : objects) {
    text += to_canonical({{"path", path},
                          {"sha256", object.digest.hex()},
                          {"size", object.size},
                          {"type", object.type},
                          {"cache", object.cache},
                          {"encoding", object.encoding},
                          {"held", object.held},
                          {"etag", object.etag}});
    text += '\n';
  }
  return text;
}

S3Objects objects_from_inventory(std::string_view text, const std::string& where) {
  S3Objects objects;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const Json line = parse_json(text.substr(0, end), where);
    Fields fields(line, where);
    const std::string path =
        while_reading(where, [&] { return RelPath::parse(fields.text("path")); }).str();
    S3Object object{
        .digest = while_reading(where, [&] { return Digest::from_hex(fields.text("sha256")); }),
        .size = fields.number("size"),
        .type = fields.text("type"),
        .cache = fields.text("cache"),
        .encoding = fields.text("encoding"),
        .held = fields.flag("held"),
        .etag = fields.text("etag")};
    fields.done();
    objects.emplace(path, std::move(object));
    text.remove_prefix(end + 1);
  }
  return objects;
}

Turn turn_of(std::string_view path) {
  if (const std::string_view original = content::without_suffix(path); !original.empty()) {
    path = original;
  }
  if (path == "index.html") return Turn::index;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const bool is_entry = name.ends_with(".html") || name.ends_with(".htm") ||
                        name.ends_with(".webmanifest") ||
                        std::find(kEntries.begin(), kEntries.end(), name) != kEntries.end();
  return is_entry ? Turn::entries : Turn::others;
}

}  // namespace sealift::installer
