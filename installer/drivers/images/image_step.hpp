// SPDX-License-Identifier: Apache-2.0
#pragma once

// What placements and steps of images say, as the journal keeps it, each with its one reader and
// its one writer. A reader is strict: Error{corrupt} that names the place and the key.

#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/records/placed_image.hpp"
#include "installer/records/plan.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// What is remembered of a target, so that its images can be taken back and pruned when site.yaml
// says something else. What is empty was not said.
struct ImageSettings {
  std::string site;                       // the site's id
  std::string path = {};                  // of an image layout or a folder
  std::vector<std::string> command = {};  // of an engine: {docker, -H, unix:///run/docker.sock}
  std::string ca = {};    // of a registry: a file of certificates that it is trusted by
  bool insecure = false;  // of a registry: plain HTTP may be spoken

  friend auto operator<=>(const ImageSettings&, const ImageSettings&) = default;
};

ImageSettings image_settings(const release::Target& target, const std::string& site);
Json to_json(const ImageSettings& settings);
ImageSettings image_settings_from_json(const Json& value, const std::string& where);
// Of a placement of images.
ImageSettings image_settings_of(const Placement& placement);

// A step that loads one.
struct Loading {
  PlacedImage image;
  ImageSettings settings;

  friend bool operator==(const Loading&, const Loading&) = default;
};

Json to_json(const Loading& loading);
Loading loading_from_json(const Step& step);

// A step that switches a public name. Of an image that was there before the plan, so that a crash
// between leaves one of the two: both sides stand in the step.
struct Naming {
  std::string reference;  // the public name, as Compose files say it
  std::string to;         // empty: the name goes
  std::string from;       // empty: there was no such name
  ImageSettings settings;

  friend bool operator==(const Naming&, const Naming&) = default;
};

Json to_json(const Naming& naming);
Naming naming_from_json(const Step& step);

}  // namespace sealift::installer
