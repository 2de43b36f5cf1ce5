// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands of `sealift-installer`. Each adds itself to the command line; one file each.

#include <string>

#include "cli/program.hpp"

namespace sealift::installer {

// `site` holds --site when a command runs.
void add_images(cli::Command& program, const std::string& site);
void add_init(cli::Command& program, const std::string& site);
void add_trust(cli::Command& program, const std::string& site);
void add_verify(cli::Command& program, const std::string& site);
void add_plan(cli::Command& program, const std::string& site);
void add_stage(cli::Command& program, const std::string& site);
void add_apply(cli::Command& program, const std::string& site);
void add_rollback(cli::Command& program, const std::string& site);
void add_uninstall(cli::Command& program, const std::string& site);
void add_recover(cli::Command& program, const std::string& site);
void add_prune(cli::Command& program, const std::string& site);
void add_backup(cli::Command& program, const std::string& site);
void add_site(cli::Command& program, const std::string& site);
void add_migrations(cli::Command& program, const std::string& site);
void add_rehearse(cli::Command& program, const std::string& site);
void add_status(cli::Command& program, const std::string& site);
void add_health(cli::Command& program, const std::string& site);
void add_history(cli::Command& program, const std::string& site);
void add_flags(cli::Command& program, const std::string& site);
void add_drift(cli::Command& program, const std::string& site);
void add_doctor(cli::Command& program, const std::string& site);
void add_kubernetes(cli::Command& program, const std::string& site);
void add_privileges(cli::Command& program, const std::string& site);
void add_config(cli::Command& program, const std::string& site);
void add_receipt(cli::Command& program, const std::string& site);
void add_audit(cli::Command& program, const std::string& site);
void add_metrics(cli::Command& program, const std::string& site);
void add_support(cli::Command& program, const std::string& site);
void add_events(cli::Command& program, const std::string& site);

}  // namespace sealift::installer
