// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"
#include "release/project/release_file.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::fuzz {

namespace {

// A source in which only release.yaml changes.
struct SourceFolder {
  SourceFolder() {
    make_dirs(folder / "environments");
    write_file(folder / "environments/production.yaml", "schema: 1\nvalues: {A: b}\n");
    write_file(folder / "notes.md", "# Notes\n");
  }
  tests::ScratchFolder folder;
};

}  // namespace

const Target kReleaseYaml("release_yaml", [](std::string_view bytes) {
  static const SourceFolder source;
  const fs::path file = source.folder / "release.yaml";
  write_file(file, bytes);
  const release::Release read = release::load_release(file);
  for (const release::ComponentEntry& component : read.components) {
    require(RelPath::parse(component.source).str() == component.source,
            "a source stays inside the folder");
  }
});

}  // namespace sealift::fuzz
