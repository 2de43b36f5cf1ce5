// SPDX-License-Identifier: Apache-2.0
#include "net/credentials.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <optional>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::net::credentials_test {

using tests::error_of;
using tests::messages;

TEST_CASE("credentials: as docker login and podman login keep them") {
  const char* config = R"({"auths": {
      "registry.site:5000": {"auth": "dXNlcjpzZWNyZXQ6d29yZA=="},
      "https://old.site/v1/": {"username": "u", "password": "p"},
      "https://index.docker.io/v1/": {"identitytoken": "t"},
      "empty.site": {}}, "HttpHeaders": {"x": "y"}})";
  const auto user = credentials_in(config, "registry.site:5000", "team/app", "config");
  REQUIRE(user);
  CHECK(user->user == "user");
  CHECK(user->password == "secret:word");
  CHECK(credentials_in(config, "old.site", "team/app", "config")->password == "p");
  CHECK(credentials_in(config, "docker.io", "team/app", "config")->identity_token == "t");
  CHECK_FALSE(credentials_in(config, "empty.site", "team/app", "config"));
  CHECK_FALSE(credentials_in(config, "registry.site", "team/app", "config"));
}

TEST_CASE("credentials: of several keys the longest that is above the repository") {
  const char* config = R"({"auths": {
      "a.site/team-a": {"username": "a", "password": "p"},
      "a.site/team-b": {"username": "b", "password": "p"},
      "a.site/team-b/sub/": {"username": "s", "password": "p"},
      "b.site": {"username": "host", "password": "p"},
      "b.site/team": {"username": "team", "password": "p"},
      "b.site/team/empty": {},
      "docker.io/team": {"username": "d", "password": "p"},
      "https://index.docker.io/v1/": {"username": "hub", "password": "p"}}})";
  const auto user = [&](const std::string& host, const std::string& repository) {
    const auto found = credentials_in(config, host, repository, "config");
    return found ? found->user : "";
  };
  CHECK(user("a.site", "team-a/app") == "a");
  CHECK(user("a.site", "team-b/app") == "b");
  CHECK(user("a.site", "team-b/sub/app") == "s");
  CHECK(user("a.site", "team-b") == "b");
  CHECK(user("a.site", "team-bc/app") == "");
  CHECK(user("a.site", "app") == "");
  CHECK(user("b.site", "team/empty/app") == "team");
  CHECK(user("b.site", "app") == "host");
  CHECK(user("b.site:5000", "app") == "");
  CHECK(user("docker.io", "team/app") == "d");
  CHECK(user("docker.io", "library/app") == "hub");
}

TEST_CASE("credentials: the files of podman and docker are found by themselves") {
  const tests::ScratchFolder folder;
  std::map<std::string, std::optional<std::string>> before;
  const auto set = [&](const char* name, const std::string& value) {
    const char* old = std::getenv(name);
    before.emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    if (value.empty()) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value.c_str(), 1);
    }
  };
  const auto put = [&](const fs::path& file, const std::string& host, const std::string& user) {
    make_dirs(file.parent_path());
    write_file(file, R"({"auths": {")" + host + R"(": {"username": ")" + user +
                         R"(", "password": "p"}}})");
  };
  const auto user = [](const std::string& host) {
    const auto found = credentials_for(host, "app");
    return found ? found->user : "";
  };
  for (const char* name : {"DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG"}) {
    set(name, "");
  }
  set("HOME", (folder / "home").string());
  set("XDG_RUNTIME_DIR", (folder / "run").string());
  set("XDG_CONFIG_HOME", "");
  put(folder / "home/.docker/config.json", "a.site", "docker");
  CHECK(user("a.site") == "docker");
  put(folder / "home/.config/containers/auth.json", "b.site", "kept");
  CHECK(user("b.site") == "kept");
  CHECK(user("a.site") == "docker");
  put(folder / "run/containers/auth.json", "a.site", "podman");
  CHECK(user("a.site") == "podman");
  // One that is named is the only one.
  put(folder / "named.json", "c.site", "named");
  set("REGISTRY_AUTH_FILE", (folder / "named.json").string());
  CHECK(user("c.site") == "named");
  CHECK(user("a.site") == "");
  for (const auto& [name, value] : before) {
    if (value) {
      ::setenv(name.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name.c_str());
    }
  }
}

TEST_CASE("credentials: a helper is asked for its host") {
  const tests::ScratchFolder folder;
  write_file(folder.path() / "docker-credential-test",
             "#!/bin/sh\nread -r host\n[ \"$host\" = a.site ] || exit 1\n"
             "printf '{\"ServerURL\":\"%s\",\"Username\":\"u\",\"Secret\":\"s\"}' \"$host\"\n",
             FileMode::executable);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (folder.path().string() + ":" + path).c_str(), 1);
  const char* config = R"({"credHelpers": {"a.site": "test", "c.site": "none"},
                           "credsStore": "test"})";
  const auto found = credentials_in(config, "a.site", "team/app", "config");
  const auto stored = credentials_in(config, "b.site", "team/app", "config");
  const auto failure = error_of([&] { credentials_in(config, "c.site", "team/app", "config"); });
  ::setenv("PATH", path.c_str(), 1);
  REQUIRE(found);
  CHECK(found->user == "u");
  CHECK(found->password == "s");
  CHECK_FALSE(stored);
  CHECK_THAT(messages(failure), Catch::Matchers::Contains("docker-credential-none"));
}

TEST_CASE("credentials: a bad file is named, its content is not") {
  for (const char* bad : {"secret-word", "[\"secret-word\"]", "{\"auths\": {\"a.site\": ",
                          R"({"auths": {"a.site": {"auth": "secret-word!"}}})",
                          R"({"auths": {"a.site": {"auth": "c2VjcmV0LXdvcmQ="}}})"}) {
    CAPTURE(bad);
    const auto error = error_of([&] { credentials_in(bad, "a.site", "team/app", "config"); });
    REQUIRE(error);
    CHECK(error->code() == Errc::invalid_input);
    CHECK_THAT(messages(error), Catch::Matchers::Contains("config"));
    CHECK(messages(error).find("secret") == std::string::npos);
  }
}

}  // namespace sealift::net::credentials_test
