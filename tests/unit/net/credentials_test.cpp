// SPDX-License-Identifier: Apache-2.0
#include "net/credentials.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "base/file.hpp"
#include "tests/unit/errors.hpp"
#include "tests/unit/scratch_folder.hpp"

namespace sealift::net {

using tests::error_of;
using tests::messages;

TEST_CASE("credentials: as docker login and podman login keep them") {
  const char* config = R"({"auths": {
      "registry.site:5000": {"auth": "dXNlcjpzZWNyZXQ6d29yZA=="},
      "https://old.site/v1/": {"username": "u", "password": "p"},
      "https://index.docker.io/v1/": {"identitytoken": "t"},
      "empty.site": {}}, "HttpHeaders": {"x": "y"}})";
  const auto user = credentials_in(config, "registry.site:5000", "config");
  REQUIRE(user);
  CHECK(user->user == "user");
  CHECK(user->password == "secret:word");
  CHECK(credentials_in(config, "old.site", "config")->password == "p");
  CHECK(credentials_in(config, "docker.io", "config")->identity_token == "t");
  CHECK_FALSE(credentials_in(config, "empty.site", "config"));
  CHECK_FALSE(credentials_in(config, "registry.site", "config"));
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
  const auto found = credentials_in(config, "a.site", "config");
  const auto stored = credentials_in(config, "b.site", "config");
  const auto failure = error_of([&] { credentials_in(config, "c.site", "config"); });
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
    const auto error = error_of([&] { credentials_in(bad, "a.site", "config"); });
    REQUIRE(error);
    CHECK(error->code() == Errc::invalid_input);
    CHECK_THAT(messages(error), Catch::Matchers::Contains("config"));
    CHECK(messages(error).find("secret") == std::string::npos);
  }
}

}  // namespace sealift::net
