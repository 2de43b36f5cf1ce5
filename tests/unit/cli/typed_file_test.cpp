// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_file.hpp"

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::cli::typed_file_test {

TEST_CASE("typed file: a name that was mistyped is told from one that nobody typed") {
  const tests::ScratchFolder folder;
  write_file(folder / "shop-1.0.0.bundle.tar.zst", "");
  const auto hint = [&](const fs::path& file, const std::vector<std::string>& typed) {
    return about_typed_file(*tests::error_of([&] { read_file(file, 9); }), typed).hint();
  };
  const std::string near = (folder / "shop-1.0.bundle.tar.zst").string();
  const std::string meant = "did you mean " + (folder / "shop-1.0.0.bundle.tar.zst").string() + "?";
  CHECK(hint(near, {"verify", near}) == meant);
  CHECK(hint(near, {"verify", "--root=" + near}) == meant);
  CHECK(hint(near, {"status"}).empty());
  const std::string far = (folder / "root.json").string();
  CHECK(hint(far, {far}) == "look at what is there: ls " + folder.path().string());
  const std::string lost = (folder / "dist/a").string();
  CHECK(hint(lost, {lost}) == "there is no folder " + (folder / "dist").string());
}

TEST_CASE("typed file: an error that says more stays as it is") {
  const tests::ScratchFolder folder;
  const std::string word = folder.path().string();
  const Error directory = *tests::error_of([&] { read_file(folder.path(), 9); });
  CHECK(about_typed_file(directory, {word}).hint() == directory.hint());
  const Error other(Errc::untrusted, word + "/a: open: says another");
  CHECK(about_typed_file(other, {word + "/a"}).hint().empty());
}

}  // namespace sealift::cli::typed_file_test
