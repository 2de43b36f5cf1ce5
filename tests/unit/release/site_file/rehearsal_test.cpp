// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/rehearsal.hpp"

#include <catch2/catch.hpp>

#include "release/site_file/site.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::release::rehearsal_test {

namespace {

Rehearsal at_place(Runs runs) {
  return {.place = "/tmp/drill", .label = "old_1", .name = "sealift-rehearsal-ab12", .runs = runs};
}

const std::string kAll = R"(schema: 1
release: shop
environment: production
targets:
  web: {driver: directory, path: /srv/web}
  images: {driver: docker}
  mirrored: {driver: podman, map: {"docker.io/": "registry.site:5000/mirror/"}}
  stack: {driver: compose, path: /srv/stack, project: shop}
databases:
  main: {driver: postgresql, url: "postgresql://app@db/main?sslmode=require"}
  small: {driver: sqlite, path: /srv/data/small.db}
fence: {close: [/bin/close], open: [/bin/open]}
services: {nginx: {reload: [nginx, -s, reload]}}
backups: {copies: [{path: /mnt/copies}]}
notify: {to: [{file: /var/log/events.jsonl}]}
metrics: {file: /var/lib/sealift.prom}
)";

}  // namespace

TEST_CASE("rehearsal: everything is had a second time, under other names") {
  Rehearsal rehearsal = at_place(Runs::containers);
  rehearsal.secrets = {{"DATABASE_URL", "/root/other"}};
  const Site site = parse_site(rehearsal_settings(kAll, "site.yaml", rehearsal), "site.yaml");
  CHECK(site.targets.at("web").path == "/tmp/drill/targets/web");
  CHECK(site.targets.at("images").map ==
        std::map<std::string, std::string>{{"", "localhost/sealift-rehearsal-ab12/"}});
  CHECK(site.targets.at("mirrored").mapped(content::ImageName::parse("docker.io/chanuka/api:1")) ==
        "localhost/sealift-rehearsal-ab12/registry.site-5000/mirror/chanuka/api:1");
  CHECK(site.targets.at("stack").path == "/tmp/drill/targets/stack");
  CHECK(site.targets.at("stack").project == "sealift-rehearsal-ab12-1");
  CHECK(site.targets.at("stack").isolated);
  CHECK(site.databases.at("main").url == "postgresql://app@db/main_old_1?sslmode=require");
  CHECK(site.databases.at("small").path == "/tmp/drill/databases/small.db");
  CHECK(site.secrets.at("DATABASE_URL") == "/root/other");
  CHECK_FALSE(site.fence);
  CHECK(site.notify.empty());
  CHECK(site.metrics_file.empty());
  CHECK(site.services.empty());
  CHECK(site.copies.empty());
}

TEST_CASE("rehearsal: containers are started where a person says so") {
  const auto error =
      tests::error_of([] { rehearsal_settings(kAll, "site.yaml", at_place(Runs::nothing)); });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->problems().size() == 3);
}

TEST_CASE("rehearsal: what cannot be had twice on one host") {
  const auto error = tests::error_of([] {
    rehearsal_settings(
        "schema: 1\nrelease: shop\nenvironment: production\n"
        "targets: {units: {driver: systemd, path: /srv/units}, far: {driver: registry}}\n"
        "databases: {main: {driver: postgresql, url: 'postgresql://db/main', backup: {create: [a], "
        "verify: [b], restore: [c]}}}\n",
        "site.yaml", at_place(Runs::containers));
  });
  REQUIRE(error);
  CHECK(error->code() == Errc::incompatible);
  CHECK(error->problems().size() == 3);
}

}  // namespace sealift::release::rehearsal_test
