// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether the containers of a project of Compose run as the release says, now or within its
// timeout.

#include <string>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/compose/compose_settings.hpp"
#include "installer/drivers/compose/containers.hpp"

namespace sealift::installer {

// What is wrong with `own`, the containers of one service.
Complaint judge_service(const std::vector<Container>& own, const ServiceSettings& service);

// Which containers of a service are waited for.
enum class Which { all, of_this_making };

// Returns when every container of the services of `now` runs as it should at two looks in a row, or
// has ended where it is a job. Error{target_failed} where one cannot, or does not within the
// project's timeout; it quotes the container, or `compose_said` where there is none.
void await_containers(const Engine& engine, const ComposeDeployment& now,
                      const std::string& compose_said, Which which, StepIo& io);

}  // namespace sealift::installer
