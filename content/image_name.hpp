// SPDX-License-Identifier: Apache-2.0
#pragma once

// The name of a container image, as registries and engines write it
// (github.com/distribution/reference: [HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]). Short names mean
// what Docker takes them for: "postgres:16" is docker.io/library/postgres:16.

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace sealift::content {

// A tag and a digest may both be there; then the digest decides, as it does for Docker.
struct ImageName {
  std::string host;        // "docker.io", "registry.site:5000"
  std::string repository;  // "library/postgres"
  std::string tag;         // empty: none
  std::optional<Digest> digest;

  // Error{invalid_input} with what is wrong about `text`.
  static ImageName parse(std::string_view text);
  // "docker.io/library/postgres", without tag and digest.
  std::string place() const { return host + "/" + repository; }
  // The full name, with what it has of tag and digest.
  std::string str() const;

  friend bool operator==(const ImageName&, const ImageName&) = default;
};

}  // namespace sealift::content
