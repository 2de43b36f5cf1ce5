// SPDX-License-Identifier: Apache-2.0
#include "installer/drivers/compose/containers.hpp"

#include <catch2/catch.hpp>

namespace sealift::installer::containers_test {

namespace {

Container container(const std::string& state, const std::string& health = "", int exit_code = 0,
                    std::uint64_t restarts = 0) {
  return {.id = "1",
          .name = "app_api_1",
          .service = "api",
          .state = state,
          .health = health,
          .exit_code = exit_code,
          .restarts = restarts,
          .inputs = ""};
}

}  // namespace

TEST_CASE("containers: a service is well when all of them run and say so") {
  CHECK(judge({container("running")}, 1, Ending::never).found.empty());
  CHECK(judge({container("running", "healthy")}, 1, Ending::never).found.empty());
  CHECK(judge({container("running"), container("running")}, 2, Ending::never).found.empty());
  CHECK(judge({container("exited")}, 1, Ending::expected).found.empty());
}

TEST_CASE("containers: waiting may help, or it is clear that it will not") {
  CHECK_FALSE(judge({container("running", "starting")}, 1, Ending::never).is_final);
  CHECK_FALSE(judge({container("restarting")}, 1, Ending::never).is_final);
  CHECK_FALSE(judge({container("running")}, 2, Ending::never).is_final);
  CHECK_FALSE(judge({container("running")}, 1, Ending::expected).is_final);
  CHECK(judge({}, 1, Ending::never).is_final);
  CHECK(judge({container("running", "unhealthy")}, 1, Ending::never).is_final);
  CHECK(judge({container("running", "", 0, 3)}, 1, Ending::never).is_final);
  CHECK(judge({container("exited")}, 1, Ending::never).is_final);
  CHECK(judge({container("exited", "", 4)}, 1, Ending::expected).found ==
        "app_api_1 has ended with status 4");
  Container refused = container("exited", "", 128);
  refused.error = "the port 80 is taken";
  CHECK(judge({refused}, 1, Ending::never).found ==
        "app_api_1 has ended with status 128: the port 80 is taken");
}

}  // namespace sealift::installer::containers_test
