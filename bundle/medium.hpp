// SPDX-License-Identifier: Apache-2.0
#pragma once

// A bundle as it was given: one file, or volumes of it. Whoever accepts bundles takes a Medium, and
// does not care which; what comes out of it nobody has judged yet.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random_access.hpp"

namespace sealift::bundle {

class Medium : public RandomAccess {
 public:
  // For messages: the path of a file, or the name that its volumes say.
  virtual const std::string& name() const = 0;
  // Bytes that a copy takes, or somewhat more.
  virtual std::uint64_t room() const { return size(); }
  // Gives `work` the bytes from the first on. Where `work` ends with Error{corrupt} and the medium
  // finds damage of its own which it can make good, `work` is done again with what is sound: so it
  // begins by forgetting what it made of the first bytes. Not for several threads at a time.
  virtual void read(const std::function<void(Source&)>& work) = 0;
};

// A bundle file; or volumes in any order, or folders in place of all volumes in them. Reads the
// headers of volumes, confined (base/sandbox.hpp). Errors as of VolumeSet; `paths` is not empty.
std::unique_ptr<Medium> open_medium(const std::vector<std::string>& paths);

// The paths as they are typed behind a command; "VOLUME..." where they are many.
std::string typed_paths(const std::vector<std::string>& paths);

}  // namespace sealift::bundle
