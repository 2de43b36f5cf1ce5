// SPDX-License-Identifier: Apache-2.0
#pragma once

// Services of a site: commands of site.yaml that let them take up new files. Around the switches of
// a plan stand a guard, which has a service take up the old files again where things go back, and
// behind them first every check and then every reload or restart.

#include <memory>
#include <string>
#include <vector>

#include "installer/driver/driver.hpp"
#include "installer/drivers/services/service_changes.hpp"
#include "installer/site/layout.hpp"
#include "release/site_file/site.hpp"

namespace sealift::installer {

// Commands are those that site.yaml has when they are run, so that a person can correct one that
// bars the way back, or take the service out; what the plan shows is what it had then.
std::unique_ptr<Driver> service_driver(const Layout& layout);

// The programs of a service that this host does not have; empty: all are there.
std::vector<std::string> missing_programs(const release::Service& service);

// A service whose files change.
struct AffectedService {
  std::string name;          // in site.yaml
  release::Service service;  // as site.yaml has it now
  ServiceChange change;
};

// Its undo is the last of a transaction's that is seen from outside: it goes before the switches.
Step service_guard(const std::vector<AffectedService>& affected);
bool is_service_guard(const Step& step);
// They go behind the switches.
std::vector<Step> service_steps(const std::vector<AffectedService>& affected);

}  // namespace sealift::installer
