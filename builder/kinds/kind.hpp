// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Kind turns one sort of component of release.yaml into content: a manifest and its layers. It
// knows nothing of targets; the artifact type it writes is what a driver on the target accepts.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "bundle/spool.hpp"
#include "release/manifest.hpp"
#include "release/release_file.hpp"
#include "release/template.hpp"
#include "release/yaml.hpp"

namespace sealift::builder {

// Where a template uses a configuration value: "config/app.env:3".
struct ValueUse {
  std::string name;
  std::string where;
  bool guarded = false;                    // looked at only where it is set
  std::vector<std::string> sections = {};  // those around it, whose items may have a field so named
};

struct BuiltComponent {
  release::Component component;
  std::vector<ValueUse> uses;
  // Names of images, as files that are no workload of Compose say them.
  std::vector<ValueUse> image_references = {};
  std::vector<release::Template> templates = {};
  // What the tree holds, of a component whose files are templates.
  std::map<std::string, EntryType> paths = {};
  release::YamlOrigins origins = {};      // of a Compose file that several files make
  std::vector<std::string> guessed = {};  // files of assets that only their names call immutable
};

// The bytes of each image's layers in the release before, by the image's place.
using SizesBefore = std::map<std::string, std::uint64_t>;

// What a kind works with.
struct Workshop {
  const release::Release& release;
  Time made;  // the sources; what the age of an image is counted from, never today
  const SizesBefore& before;
  bundle::Spool& spool;
  Workers& workers;
  Progress& progress;
};

class Kind {
 public:
  virtual ~Kind() = default;
  // The word for it in release.yaml.
  virtual std::string_view name() const = 0;
  // Reads the source of `entry`, a component of the release, and puts its content into the spool.
  // Throws Error{invalid_input} with every mistake found in the source.
  virtual BuiltComponent build(const release::ComponentEntry& entry,
                               const Workshop& workshop) const = 0;
};

// The list of kinds; Error{internal} for a word that the schema should have refused.
const Kind& kind_named(std::string_view name);

}  // namespace sealift::builder
