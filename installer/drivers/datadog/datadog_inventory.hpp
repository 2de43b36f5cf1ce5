// SPDX-License-Identifier: Apache-2.0
#pragma once

// The ids of a component's objects at Datadog, as the site keeps them:
// STATE/datadog/MARK.SITE.json. It is written behind each object that is made and before each that
// is removed, and an object that it lacks is found again by its mark; so it may be lost.

#include <string>
#include <vector>

#include "base/file.hpp"
#include "observability/objects.hpp"

namespace sealift::installer {

// An object that is ours.
struct OwnedObject {
  observability::Family family;
  std::string hash;  // of its name
  std::string id;

  friend bool operator==(const OwnedObject&, const OwnedObject&) = default;
};

class DatadogInventory {
 public:
  // Of one of Datadog's sites: another counts its ids anew, so one of there could be a stranger's.
  DatadogInventory(const fs::path& state, const std::string& mark, const std::string& site);

  // None where there is no file, or one that cannot be read: marks tell.
  std::vector<OwnedObject> read() const;
  // Durable. None: the file goes.
  void write(const std::vector<OwnedObject>& objects) const;

 private:
  fs::path file_;
};

}  // namespace sealift::installer
