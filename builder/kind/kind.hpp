// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Kind turns one sort of component of release.yaml into content: a manifest and its layers. It
// knows nothing of targets; the artifact type it writes is what a driver on the target accepts.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "builder/workshop/workshop.hpp"
#include "release/documents/manifest.hpp"
#include "release/project/release_file.hpp"
#include "release/templates/template.hpp"
#include "release/text/yaml.hpp"

namespace sealift::builder {

// Where a template uses a configuration value: "config/app.env:3".
struct ValueUse {
  std::string name;  // of the value, or of the image
  std::string where;
  bool guarded = false;                    // looked at only where it is set
  std::vector<std::string> sections = {};  // those around it, whose items may have a field so named
};

// What checks between components look at beside it is not carried.
struct BuiltComponent {
  release::Component component;  // its row, document and manifest, as the release carries it
  std::vector<ValueUse> uses;
  // Names of images, as files that are no workload of Compose say them.
  std::vector<ValueUse> image_references = {};
  std::vector<release::Template> templates = {};
  // What the tree holds, of a component whose files are templates.
  std::map<std::string, EntryType> paths = {};
  release::YamlOrigins origins = {};  // of a Compose file that several files make
  // Files of assets that are immutable though release.yaml does not say so, by what tells it.
  std::map<std::string, std::vector<std::string>> guessed = {};
};

class Kind {
 public:
  virtual ~Kind() = default;
  // The word for it in release.yaml.
  virtual std::string_view name() const = 0;
  // Reads the source of `entry`, a component of the release, and puts its content into the spool.
  // Throws Error{invalid_input} with every mistake found in the source. May be called for several
  // components one after the other; a Kind keeps nothing.
  virtual BuiltComponent build(const release::ComponentEntry& entry,
                               const Workshop& workshop) const = 0;
};

}  // namespace sealift::builder
