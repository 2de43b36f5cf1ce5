// SPDX-License-Identifier: Apache-2.0
#include "installer/workloads/compose_file.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kComposeFile("compose_file", [](std::string_view bytes) {
  const installer::ComposeFile file = installer::ComposeFile::parse(bytes, "compose.yaml");
  require(!file.services.empty() || bytes.find("profiles") != std::string_view::npos,
          "a file without services is refused");
  for (const installer::ComposeService& service : file.services) {
    require(!service.image.empty(), "each service has an image");
    for (const std::string& path : service.files) {
      require(!path.starts_with("/") && !path.starts_with(".."), "files are inside the tree");
    }
  }
});

}  // namespace sealift::fuzz
