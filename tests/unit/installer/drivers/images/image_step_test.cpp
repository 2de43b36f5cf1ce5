// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/images/image_step.hpp"

#include "tests/unit/installer/strict_reading.hpp"

namespace sealift::installer::image_step_test {

using tests::check_strict;
using tests::messages;
using tests::step_with;

namespace {

const Digest kDigest = Digest::of("image");

PlacedImage some_image() {
  return {.name = "docker.io/chanuka/server:1.0.0",
          .reference = "registry.site/server:1.0.0",
          .digest = kDigest,
          .manifest = kDigest,
          .config = kDigest};
}

ImageSettings full_settings() {
  return {.site = "s1", .path = "/srv/images", .command = {"docker"}, .ca = "ca", .insecure = true};
}

}  // namespace

TEST_CASE("images: settings come back as they were, and what was not said is not written") {
  CHECK(to_json(ImageSettings{.site = "s1"}) == Json{{"site", "s1"}});
  CHECK(image_settings_from_json({{"site", "s1"}}, "settings") == ImageSettings{.site = "s1"});
  CHECK(image_settings_from_json(to_json(full_settings()), "settings") == full_settings());
  check_strict(to_json(full_settings()), {"path", "command", "ca", "insecure"},
               [](const Json& other) { image_settings_from_json(other, "settings"); });
}

TEST_CASE("images: settings of a placement are named by its component") {
  Placement placement{.component = "server",
                      .target = "images",
                      .driver = "docker",
                      .path = "",
                      .directory = "",
                      .table = kDigest};
  placement.settings = {{"path", "/srv"}};
  CHECK(messages(tests::error_of([&] { image_settings_of(placement); })) ==
        "placement server: settings.site: found nothing, expected this field\n");
}

TEST_CASE("images: the steps that load and name come back as they were") {
  const Loading loading{.image = some_image(), .settings = full_settings()};
  CHECK(loading_from_json(step_with(to_json(loading))) == loading);
  check_strict(to_json(loading), {},
               [](const Json& other) { loading_from_json(step_with(other)); });
  const Naming naming{.reference = "a:1", .to = "new", .from = "", .settings = full_settings()};
  CHECK(naming_from_json(step_with(to_json(naming))) == naming);
  check_strict(to_json(naming), {}, [](const Json& other) { naming_from_json(step_with(other)); });
}

}  // namespace sealift::installer::image_step_test
