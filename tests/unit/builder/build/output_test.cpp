// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "builder/build/pipeline.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::builder::output_test {

namespace {

std::string output_for(const std::string& source) {
  const tests::ScratchFolder folder;
  make_dirs(folder / "environments");
  write_file(folder / "environments/e.yaml", "schema: 1\nvalues: {}\n");
  write_file(folder / "release.yaml",
             "schema: 1\nname: demo\nversion: 1.0.0\nenvironments: [e]\ncomponents:\n"
             "  - {name: web, kind: assets, source: " +
                 source + ", target: web}\n");
  return usual_output(release::load_release(folder / "release.yaml"));
}

}  // namespace

TEST_CASE("output: a bundle is not written among the files that it is made of") {
  CHECK(output_for("dist") == "bundles");
  CHECK(output_for("dist/web") == "bundles");
  CHECK(output_for("client/dist") == "dist");
  CHECK(output_for("distribution") == "dist");
}

}  // namespace sealift::builder::output_test
