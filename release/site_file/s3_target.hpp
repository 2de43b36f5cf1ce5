// SPDX-License-Identifier: Apache-2.0
#pragma once

// What site.yaml says of a target with the driver s3: a part of a bucket of a store that speaks S3,
// who we are to it, and the CDN before it.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

inline constexpr std::string_view kS3 = "s3";

// One of three: a key id with secrets of the release or the site, a program, or neither, which is
// the environment.
struct S3Credentials {
  std::string key_id;
  std::string secret;  // the key of a secret: the secret access key
  std::string token;   // the key of a secret: the session token; empty: none
  std::vector<std::string> process;

  friend bool operator==(const S3Credentials&, const S3Credentials&) = default;
};

// What is told of the paths that have changed: CloudFront, or a program.
struct Cdn {
  std::string cloudfront;            // a distribution; empty: none
  std::string endpoint;              // of CloudFront's API; empty: its usual one
  std::vector<std::string> exec;     // reads paths on its standard input; empty: none
  std::vector<std::string> secrets;  // keys that it finds in its environment
  std::string base;                  // what stands before paths at the CDN; empty, or "/shop"

  friend bool operator==(const Cdn&, const Cdn&) = default;
};

struct S3Target {
  std::string endpoint;
  std::string bucket;
  std::string prefix;  // empty, or ends with '/'
  std::string region;
  std::string style;  // "path", "host"
  S3Credentials credentials;
  std::optional<Cdn> cdn;
  std::string ca;         // a file of certificates; empty: the system's
  bool insecure = false;  // may be spoken to without TLS

  // "https://s3.site/bucket/prefix": where it is, and nothing of how it is reached.
  std::string place() const;
  // Whether one lies in the other.
  bool overlaps(const S3Target& other) const;
  friend bool operator==(const S3Target&, const S3Target&) = default;
};

// Of a target that has passed the schema.
S3Target read_s3_target(const Json& value);
// What the schema cannot say.
std::vector<std::string> s3_mistakes(const S3Target& target);

// As placements and steps keep it; nothing in it is secret. Strict; Error{corrupt}.
Json to_json(const S3Target& target);
S3Target s3_target_from_json(const Json& value, const std::string& where);

}  // namespace sealift::release
