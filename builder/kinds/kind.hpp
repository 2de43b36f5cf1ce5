// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Kind turns one sort of component of release.yaml into content: a manifest and its layers. It
// knows nothing of targets; the artifact type it writes is what a driver on the target accepts.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/progress.hpp"
#include "bundle/spool.hpp"
#include "release/manifest.hpp"
#include "release/release_file.hpp"

namespace sealift::builder {

// Where a template uses a configuration value: "config/app.env:3".
struct ValueUse {
  std::string name;
  std::string where;
};

struct BuiltComponent {
  release::Component component;
  std::vector<ValueUse> uses;
  std::vector<ValueUse> image_references =
      {};  // names of images, as compose files and manifests say
};

class Kind {
 public:
  virtual ~Kind() = default;
  // The word for it in release.yaml.
  virtual std::string_view name() const = 0;
  // Reads the source of `entry`, a component of `release`, and puts its content into `spool`.
  // Throws Error{invalid_input} with every mistake found in the source.
  virtual BuiltComponent build(const release::Release& release,
                               const release::ComponentEntry& entry, bundle::Spool& spool,
                               Progress& progress) const = 0;
};

// The list of kinds; Error{internal} for a word that the schema should have refused.
const Kind& kind_named(std::string_view name);

}  // namespace sealift::builder
