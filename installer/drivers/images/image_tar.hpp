// SPDX-License-Identifier: Apache-2.0
#pragma once

// One image as an archive, for programs that load archives.

#include <string>

#include "base/progress.hpp"
#include "base/stream.hpp"
#include "content/image.hpp"
#include "installer/content/content.hpp"

namespace sealift::installer {

enum class TarTables {
  oci,            // index.json alone: every reader keeps the digests
  oci_and_docker  // and the table of `docker save`, without which Docker before 25 reads nothing
};

// The root and everything below it; or, with `only`, one variant of it. `name` is what a reader of
// the archive calls it. Nothing is kept in memory: layers are copied as they are read.
void write_image_tar(Sink& to, const content::Image& image, const content::ImageVariant* only,
                     const std::string& name, TarTables tables, Content& blobs, Progress& progress);

}  // namespace sealift::installer
