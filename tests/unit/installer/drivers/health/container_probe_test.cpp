// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/file.hpp"
#include "base/format.hpp"
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/drivers/health/probes.hpp"

namespace sealift::installer::container_probe_test {

namespace {

// What an engine would say of the containers of a service.
Finding found_with(const std::string& states) {
  std::string pattern = (fs::temp_directory_path() / "sealift-XXXXXX").string();
  const fs::path folder = ::mkdtemp(pattern.data());
  write_file(folder / "inspect.json", states);
  write_file(folder / "engine",
             format("#!/bin/sh\ncase $1 in\n"
                    "ps) test '{}' = '[]' || echo 0123456789ab ;;\n"
                    "container) cat {}/inspect.json ;;\nesac\n",
                    states, folder.string()),
             FileMode::executable);
  RenderedCheck rendered{.check = {}, .environment = {}, .container = nullptr};
  rendered.container = to_json(ComposeSettings{.project = "site",
                                               .site = "0123",
                                               .command = {"compose"},
                                               .generation = "v2",
                                               .engine = {(folder / "engine").string()},
                                               .file = "compose.yaml",
                                               .timeout = 1,
                                               .services = {{"server", {}}}});
  rendered.check.probe = release::Probe::container;
  rendered.check.at = "stack/server";
  Finding finding = probe(rendered, {.site = {}, .scripts = {}});
  fs::remove_all(folder);
  return finding;
}

std::string container(const std::string& state) {
  return R"([{"Name":"/site_server_1","Config":{"Labels":{"com.docker.compose.service":"server"}},)"
         R"("State":)" +
         state + "}]";
}

bool holds(const Finding& finding) {
  return finding.verdict == Finding::Verdict::holds;
}

}  // namespace

TEST_CASE("health: a container holds that runs, and is healthy where it says so", "[installer]") {
  CHECK(holds(found_with(container(R"({"Status":"running"})"))));
  CHECK(holds(found_with(container(R"({"Status":"running","Health":{"Status":"healthy"}})"))));
}

TEST_CASE("health: a container that does not hold says why", "[installer]") {
  CHECK(found_with(container(R"({"Status":"running","Health":{"Status":"starting"}})")).found ==
        "site_server_1 is starting");
  CHECK(found_with(container(R"({"Status":"exited","ExitCode":3})")).found ==
        "site_server_1 has ended with status 3");
  CHECK(found_with("[]").found == "has no container");
  CHECK_FALSE(holds(found_with("no json")));
  CHECK_FALSE(holds(found_with(container(R"({"Status":1})"))));
}

}  // namespace sealift::installer::container_probe_test
