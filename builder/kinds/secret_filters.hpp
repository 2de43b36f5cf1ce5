// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secrets in manifests for Kubernetes are put in their places behind the rendering: a filter has
// seen only what stands for them. So only those filters may write them that leave a text as it is
// once YAML, or base64, was read.

#include <set>
#include <string>

#include "base/error.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

class SecretFilters {
 public:
  explicit SecretFilters(const release::Release& release);

  // Adds every other filter of a secret, or of a value that refers to one, to `problems`. A text
  // that is no template is said elsewhere.
  void check(const std::string& path, const std::string& text, Problems& problems) const;

 private:
  std::set<std::string> names_;
};

}  // namespace sealift::builder
