// SPDX-License-Identifier: Apache-2.0
#pragma once

// Sends an artifact bundle to Sentry (API 0: "chunk-upload" and "artifactbundle/assemble") in
// pieces named by their SHA-1. Sentry says which of them it lacks, so that nothing is sent twice,
// and a repeated or interrupted upload goes on. The token stands in a header and in nothing that is
// said.

#include <string>

#include "base/progress.hpp"
#include "builder/sentry/artifact_bundle.hpp"
#include "net/http.hpp"
#include "signing/secret.hpp"

namespace sealift::builder {

struct SentryAccess {
  std::string address;           // "https://sentry.io", or one's own
  net::HttpSettings http;        // its wait_header and redirects are set here
  const signing::Secret& token;  // outlives it; with the right project:releases or org:ci
  std::string token_place;       // "SENTRY_AUTH_TOKEN", for messages
};

struct SentryUpload {
  std::size_t pieces;       // that the bundle has
  std::size_t sent_pieces;  // 0: Sentry had all of them
  std::uint64_t sent_bytes;
};

// Returns when Sentry has put the bundle together, which it is given five minutes for.
// Error{untrusted} where it does not take the token, Error{invalid_input} where it does not know
// the organisation or a project or refuses the files, Error{usage} for an address without TLS,
// Error{io} for everything else.
SentryUpload upload_to_sentry(const std::string& bundle, const SentryRelease& release,
                              const SentryAccess& access, Progress& progress);

}  // namespace sealift::builder
