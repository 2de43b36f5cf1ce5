// SPDX-License-Identifier: Apache-2.0
#include "installer/content/kept_set.hpp"
#include "installer/records/flags.hpp"
#include "tests/unit/installer/strict_reading.hpp"

namespace sealift::installer::kept_settings_test {

TEST_CASE("kept: settings come back as they were, and those of flags are none") {
  KeptSettings settings;
  settings.assets.keep_previous = 2;
  settings.before = {{.directory = "releases/1", .table = Digest::of("table")}};
  const Json value = to_json(settings);
  CHECK(kept_settings_from_json(value, "settings") == settings);
  CHECK_FALSE(kept_settings_from_json(to_settings(SiteFlags{}), "settings"));
  CHECK_FALSE(kept_settings_from_json(nullptr, "settings"));
  tests::check_strict(value, {"keepPrevious"},
                      [](const Json& other) { kept_settings_from_json(other, "settings"); });
}

}  // namespace sealift::installer::kept_settings_test
