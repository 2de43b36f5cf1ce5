// SPDX-License-Identifier: Apache-2.0
#pragma once

// Invalidations of CloudFront (docs.aws.amazon.com, "CreateInvalidation", 2020-05-31).

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/http.hpp"
#include "s3/signature.hpp"

namespace sealift::s3 {

// More paths than this become one for everything: CloudFront works on 3,000 at once, and counts a
// wildcard as one.
inline constexpr std::size_t kMaxPaths = 1000;

struct Distribution {
  std::string id;
  std::string endpoint;  // of CloudFront's API
};

// The body of the request. Paths begin with '/', encoded; in any order, each once.
std::string invalidation_body(const std::string& reference, std::vector<std::string> paths);

// `reference` names the invalidation: the same one again, with the same paths, makes no second.
// Error{incompatible} or Error{io} where it is refused.
void invalidate(const Distribution& distribution, const std::string& reference,
                std::vector<std::string> paths, net::HttpClient& client, const AccessKey& key,
                Time now);

}  // namespace sealift::s3
