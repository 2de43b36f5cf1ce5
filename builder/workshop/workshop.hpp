// SPDX-License-Identifier: Apache-2.0
#pragma once

// What components are built with, given to every kind and to what looks at their images.

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "bundle/spool.hpp"
#include "release/project/release_file.hpp"

namespace sealift::builder {

// The bytes of each image's layers in the release before, by the image's place.
using SizesBefore = std::map<std::string, std::uint64_t>;

// References outlive what is built with it.
struct Workshop {
  const release::Release& release;
  Time made;  // the sources; what the age of an image is counted from, never today
  const SizesBefore& before;
  bundle::Spool& spool;  // that content is put into
  Workers& workers;      // threads, as many as there are cores
  Progress& progress;
};

}  // namespace sealift::builder
