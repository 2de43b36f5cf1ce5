// SPDX-License-Identifier: Apache-2.0
#include "release/values/environment.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::fuzz {

const Target kEnvironmentYaml("environment_yaml", [](std::string_view bytes) {
  static const tests::ScratchFolder folder;
  write_file(folder / "production.yaml", bytes);
  const release::Environment read =
      release::load_environment(folder / "production.yaml", "production");
  for (const auto& [name, value] : read.values) {
    require(release::is_value_name(name) && !value.is_structured(), "values are named scalars");
  }
});

}  // namespace sealift::fuzz
