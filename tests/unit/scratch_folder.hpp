// SPDX-License-Identifier: Apache-2.0
#pragma once

// A folder of its own for one test, gone with everything in it when the test ends.

#include "base/file.hpp"
#include "base/random.hpp"

namespace sealift::tests {

class ScratchFolder {
 public:
  ScratchFolder() : path_(fs::temp_directory_path() / ("sealift-test-" + random_hex(8))) {
    fs::create_directory(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }
  fs::path operator/(const fs::path& name) const { return path_ / name; }

 private:
  fs::path path_;
};

}  // namespace sealift::tests
