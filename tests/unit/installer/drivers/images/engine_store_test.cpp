// SPDX-License-Identifier: Apache-2.0
// The stores of engines, with a script in the place of an engine's program. With real engines:
// tests/images/apply_test.py.

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "base/path.hpp"
#include "installer/drivers/images/image_store.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::installer::engine_store_test {

namespace {

const Digest kConfig = Digest::of("config");

PlacedImage some_image() {
  return {.name = "docker.io/chanuka/server:1.0.0",
          .reference = "docker.io/chanuka/server:1.0.0",
          .digest = Digest::of("image"),
          .manifest = Digest::of("image"),
          .config = kConfig};
}

struct Engine {
  // `script` is what its program does; each call leaves a line in a file beside it.
  explicit Engine(const std::string& driver, const std::string& script) {
    write_file(folder / "engine",
               "#!/bin/sh\ncd '" + folder.path().string() + "'\necho \"$*\" >>calls\n" + script);
    fs::permissions(folder / "engine", fs::perms::owner_all);
    store = open_image_store(driver, {.site = "s1", .command = {(folder / "engine").string()}});
  }
  std::size_t calls() const {
    const std::string lines = read_file(folder / "calls", 64 << 10);
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  }

  tests::ScratchFolder folder;
  std::unique_ptr<ImageStore> store;
};

std::string list_of(const std::string& name) {
  return "echo 'sha256:" + kConfig.hex() + " " + name + "'\n";
}

}  // namespace

TEST_CASE("engine store: one call tells of every name, until the next look or change") {
  Engine engine("docker", list_of("chanuka/server:1.0.0") + list_of("nginx:1"));
  const PlacedImage image = some_image();
  engine.store->check(image);
  CHECK(engine.store->has(image));
  CHECK(engine.store->find(image.reference) == kConfig.hex());
  CHECK(engine.store->find("docker.io/library/nginx:1") == kConfig.hex());
  CHECK_FALSE(engine.store->find("docker.io/library/server:1.0.0"));
  CHECK_FALSE(engine.store->find("registry.site/chanuka/server:1.0.0"));
  CHECK_FALSE(engine.store->keeps(image));
  CHECK(engine.calls() == 1);
  engine.store->look_again();
  CHECK(engine.store->has(image));
  CHECK(engine.calls() == 2);
  engine.store->tag("docker.io/chanuka/other:1", kConfig.hex());
  CHECK_FALSE(engine.store->find("docker.io/chanuka/other:1"));
  CHECK(engine.calls() == 4);
}

TEST_CASE("engine store: an image without a name is there, and is given up") {
  Engine engine("podman", "case \"$1\" in\nrmi) touch gone ;;\n*) [ -e gone ] || " +
                              list_of("<none>:<none>") + " ;;\nesac\n");
  const PlacedImage image = some_image();
  CHECK(engine.store->has(image));
  CHECK_FALSE(engine.store->find(image.reference));
  engine.store->release(image);
  CHECK_FALSE(engine.store->has(image));
}

TEST_CASE("engine store: what is kept is told by its names") {
  const Digest digest = Digest::of("image");
  Engine engine("podman", list_of("localhost/sealift/s1:" + digest.hex()) +
                              list_of("localhost/sealift/s2:" + digest.hex()));
  CHECK(engine.store->kept() == std::vector<Digest>{digest});
  CHECK(engine.store->keeps(some_image()));
}

TEST_CASE("engine store: containerd has a heading above its list") {
  const Digest digest = Digest::of("image");
  Engine engine("containerd",
                "echo 'REF TYPE DIGEST SIZE PLATFORMS LABELS'\n"
                "echo 'docker.io/chanuka/server:1.0.0 application/vnd.oci.image.index.v1+json " +
                    digest.str() + " 1 MiB linux/amd64 -'\n");
  CHECK(engine.store->find("docker.io/chanuka/server:1.0.0") == digest.str());
  CHECK_FALSE(engine.store->find("REF"));
  CHECK(engine.store->has(some_image()));
}

TEST_CASE(
    "engine store: a list that fails is asked for once more, and no empty one is made of it") {
  Engine once("podman", "[ -e failed ] || { touch failed; exit 125; }\n" +
                            list_of("docker.io/chanuka/server:1.0.0"));
  CHECK(once.store->has(some_image()));
  Engine engine("podman", "echo 'Cannot connect to the engine' >&2\nexit 125\n");
  const auto error = tests::error_of([&] { engine.store->has(some_image()); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->message().find("Cannot connect to the engine") != std::string::npos);
}

}  // namespace sealift::installer::engine_store_test
