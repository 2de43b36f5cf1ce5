// SPDX-License-Identifier: Apache-2.0
#include "installer/records/site_change.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"

namespace sealift::installer::site_change_test {

namespace {

Revision applied(bool from_bundle) {
  Revision revision;
  revision.number = 3;
  revision.release = "shop";
  revision.version = "1.0.0";
  revision.environment = "production";
  if (from_bundle) revision.digest = Digest::of("shop 1.0.0");
  return revision;
}

release::Site site_of(const std::string& release, const std::string& environment) {
  release::Site site;
  site.release = release;
  site.environment = environment;
  return site;
}

}  // namespace

TEST_CASE("site change: another environment and another release name are two changes") {
  const Revision revision = applied(true);
  CHECK(site_changes(&revision, site_of("shop", "production")).empty());
  const std::vector<SiteChange> changes = site_changes(&revision, site_of("store", "staging"));
  CHECK(changes == std::vector<SiteChange>{{"release", "shop", "store"},
                                           {"environment", "production", "staging"}});
  CHECK(text(changes[1]) == "environment: production becomes staging");
}

TEST_CASE("site change: what was adopted, or nothing yet, fixes no environment") {
  const Revision adopted = applied(false);
  CHECK(site_changes(&adopted, site_of("store", "staging")).empty());
  CHECK(site_changes(nullptr, site_of("store", "staging")).empty());
}

TEST_CASE("site change: a refusal says both values and the line that undoes it") {
  const auto error = tests::error_of(
      [] { refuse_site_changes(applied(true), site_of("shop", "staging"), "or go on"); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->message().find("found staging, expected production") != std::string::npos);
  CHECK(error->hint() == "put it back in site.yaml: environment: production; or go on");
}

}  // namespace sealift::installer::site_change_test
