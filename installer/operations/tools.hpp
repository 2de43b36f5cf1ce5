// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every operation works with, and what it says in the audit log.

#include "base/parallel.hpp"
#include "base/progress.hpp"
#include "bundle/verified.hpp"
#include "installer/driver/driver.hpp"
#include "installer/site/audit.hpp"
#include "installer/site/installation.hpp"

namespace sealift::installer {

// Made by each command.
struct Tools {
  const Installation& installation;
  const Clock& clock;
  Workers& workers;
  Progress& progress;
  const Drivers& drivers;

  AuditLog audit() const { return AuditLog(installation.layout.audit(), clock); }
  // By the newest root that this site has accepted, at the time that it believes.
  bundle::Trust trust(bundle::Expiry expiry = bundle::Expiry::refused) const;
};

// Adds a line about `error` to the audit log. Where that fails it is a warning: the failure itself
// matters more.
void audit_failure(const Tools& tools, const std::string& event, Json details, const Error& error);

}  // namespace sealift::installer
