// SPDX-License-Identifier: Apache-2.0
#include "release/site_file/allowance.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::release::allowance_test {

namespace {

const Claim kPrivileged{Reach::privileged, "service api is privileged"};

Claim path(const std::string& folder) {
  return {.reach = Reach::host_paths, .found = "takes it", .folder = folder};
}

std::vector<Problem> problems_of(const std::vector<Claim>& claims,
                                 const std::optional<Allow>& allow) {
  Problems problems;
  check_allowed({.who = "component web", .name = "web", .own = "/srv/web"}, claims, allow,
                problems);
  return problems.all();
}

bool is_allowed(const std::string& folder, const std::vector<std::string>& listed) {
  return problems_of({path(folder)}, Allow{{Reach::host_paths, listed}}).empty();
}

}  // namespace

TEST_CASE("allow: a site that says nothing takes what was approved") {
  CHECK(problems_of({kPrivileged, path("/etc")}, std::nullopt).empty());
}

TEST_CASE("allow: what is not listed is refused with the line that lists it, all at once") {
  const auto problems = problems_of({kPrivileged, path("/etc")}, Allow{});
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].message ==
        "component web: service api is privileged, which privileged of allow in site.yaml does not "
        "list");
  CHECK(problems[0].hint ==
        "if this host shall permit it, add web to privileged of allow in site.yaml: "
        "allow: {privileged: [web]}");
  CHECK(problems[1].hint ==
        "if this host shall permit it, add /etc to host_paths of allow in site.yaml: "
        "allow: {host_paths: [/etc]}");
}

TEST_CASE("allow: a name permits its own reach and no other") {
  CHECK(problems_of({kPrivileged}, Allow{{Reach::privileged, {"web"}}}).empty());
  CHECK(problems_of({kPrivileged}, Allow{{Reach::privileged, {"api"}}}).size() == 1);
  CHECK(problems_of({kPrivileged}, Allow{{Reach::host_pid, {"web"}}}).size() == 1);
}

TEST_CASE("allow: a folder permits what is in it, and a target its own") {
  CHECK(is_allowed("/srv/data", {"/srv/data"}));
  CHECK(is_allowed("/srv/data/a/", {"/srv/data/"}));
  CHECK(is_allowed("/srv/web/current/conf", {}));
  CHECK_FALSE(is_allowed("/srv/database", {"/srv/data"}));
  CHECK_FALSE(is_allowed("/srv", {"/srv/data"}));
  CHECK_FALSE(is_allowed("/srv/data/../etc", {"/srv/data"}));
  CHECK_FALSE(is_allowed("${DATA}", {"/"}));
  CHECK(problems_of({path("../etc")}, Allow{})[0].hint ==
        "write an absolute path without variables in the release");
}

TEST_CASE("allow: a link in a permitted folder does not lead out of it") {
  const tests::ScratchFolder folder;
  fs::create_directory_symlink("/etc", folder.path() / "link");
  CHECK_FALSE(is_allowed((folder.path() / "link").string(), {folder.path().string()}));
  CHECK(is_allowed((folder.path() / "new").string(), {folder.path().string()}));
}

}  // namespace sealift::release::allowance_test
