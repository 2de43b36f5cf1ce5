// SPDX-License-Identifier: Apache-2.0
#pragma once

// One bucket of a store that speaks S3 (docs.aws.amazon.com, "Amazon S3 REST API"): whole objects,
// copies on the server, listings, uploads in parts. Keys are UTF-8 and never begin with '/'.
// What can be mended by the operator (keys, names, region, clock) is Error{incompatible} with what
// to do; what the store cannot do now is Error{io}. Requests are repeated as net/http.hpp says.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "net/http.hpp"
#include "s3/signature.hpp"
#include "s3/xml.hpp"

namespace sealift::s3 {

inline constexpr std::size_t kMaxKey = 1024;         // bytes, everywhere
inline constexpr std::uint64_t kMinPart = 5U << 20;  // of an upload, but for its last
inline constexpr unsigned kMaxParts = 10'000;

// Whether the bucket is a part of the address's path or of its host name.
enum class Style { path, host };

struct Place {
  std::string endpoint;  // "https://s3.site:9000"
  std::string bucket;
  std::string region;
  Style style = Style::path;
};

struct Listed {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;  // changes with the content; nothing else is known of it
};

// What a store says of an object, and what we have noted of its content.
struct Head {
  std::uint64_t size = 0;
  std::string etag;
  std::string type;
  std::string cache;
  std::string encoding;
  std::string sha256;  // hex, of x-amz-meta-sha256; empty: none of ours
};

// An upload in parts that was not completed.
struct Upload {
  std::string key;
  std::string id;
};

// One page of a listing; Error{corrupt}.
struct Page {
  std::vector<Listed> objects;
  std::string next;  // continues it; empty: this was the last
};
Page page_from(const Element& root, const std::string& where);
std::vector<Upload> uploads_from(const Element& root, const std::string& where);

// For one thread at a time.
class Bucket {
 public:
  // `key` and `clock` must outlive it.
  Bucket(Place place, net::HttpSettings http, std::shared_ptr<const AccessKey> key,
         const Clock& clock);
  // The same over a connection of its own.
  std::unique_ptr<Bucket> twin() const;

  std::optional<Head> head(const std::string& key);
  // Nothing where there is no such object; Error{invalid_input} beyond `limit` bytes.
  std::optional<std::string> get(const std::string& key, std::uint64_t limit);
  // Of the content as it is there.
  std::optional<Digest> digest_of(const std::string& key);
  // Puts or replaces; the new object's etag. The store compares the content's digest.
  std::string put(const std::string& key, std::string_view content, const net::Headers& headers);
  // The same for a key that is free; false where it was taken. A store that knows no such condition
  // (501) puts it whatever is there.
  bool put_new(const std::string& key, std::string_view content, const net::Headers& headers);
  // The content and all that is said of it, within the store.
  void copy(const std::string& from, const std::string& to);
  // Nothing happens where it is gone.
  void remove(const std::string& key);
  // All keys that begin with `prefix`, sorted as the store sorts; at most `limit` of them.
  std::vector<Listed> list(const std::string& prefix, std::size_t limit = ~std::size_t{0});

  std::string begin_upload(const std::string& key, const net::Headers& headers);
  std::string put_part(const Upload& upload, unsigned number, std::string_view content);
  // `etags` of parts 1 to N.
  void complete(const Upload& upload, const std::vector<std::string>& etags);
  void abort(const Upload& upload);
  std::vector<Upload> uploads(const std::string& prefix);

 private:
  net::Url url_of(const std::string& key, const std::string& query) const;
  std::unique_ptr<net::Reply> send(const std::string& method, const std::string& key,
                                   const std::string& query, const net::Headers& headers = {},
                                   std::string_view content = {});
  [[noreturn]] void refuse(net::Reply& reply, const std::string& key) const;
  Element answer(net::Reply& reply, const std::string& key) const;

  Place place_;
  net::HttpSettings http_;
  std::shared_ptr<const AccessKey> key_;
  const Clock& clock_;
  net::HttpClient client_;
};

}  // namespace sealift::s3
