// SPDX-License-Identifier: Apache-2.0
#pragma once

// AWS Signature Version 4, which every store that speaks S3 asks for (docs.aws.amazon.com, "Create
// a signed AWS API request"): HMAC-SHA-256 over the method, the address, all headers of ours and
// the digest of the body. The secret itself never travels, and is in no header.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "net/http.hpp"
#include "signing/secret.hpp"

namespace sealift::s3 {

// Who we are to a store. Several threads may read one.
struct AccessKey {
  std::string id;
  signing::Secret secret;
  std::optional<signing::Secret> token = {};  // of a session, which ends by itself
};

// What a signature is good for.
struct Scope {
  std::string region;   // "eu-central-1"
  std::string service;  // "s3", "cloudfront"
};

// Adds x-amz-date, x-amz-content-sha256, the token and authorization to the request's headers,
// whose names are in lower case. Its target must be encoded as uri_encoded() does it.
void sign(net::Request& request, const Digest& body, const AccessKey& key, const Scope& scope,
          Time now);

// Every byte but letters, digits and "-._~" as %XX (RFC 3986, 2.1); '/' stays in a path.
enum class Slash { kept, encoded };
std::string uri_encoded(std::string_view text, Slash slash);

}  // namespace sealift::s3
