// SPDX-License-Identifier: Apache-2.0
#include "compose/file.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kComposeFile("compose_file", [](std::string_view bytes) {
  const compose::ComposeFile file = compose::ComposeFile::parse(bytes, "compose.yaml");
  require(!file.services.empty() || bytes.find("profiles") != std::string_view::npos,
          "a file without services is refused");
  for (const compose::ComposeService& service : file.services) {
    require(!service.image.empty(), "each service has an image");
    for (const compose::OwnFile& file_of_it : service.files) {
      require(!file_of_it.path.starts_with("/") && !file_of_it.path.starts_with(".."),
              "files are inside the tree");
    }
  }
});

}  // namespace sealift::fuzz
