// SPDX-License-Identifier: Apache-2.0
#pragma once

// The commands of `sealift`. Each adds itself to the command line; one file each.

#include "cli/program.hpp"

namespace sealift::builder {

// In the order in which --help shows them.
void add_init(cli::Command& program);
void add_doctor(cli::Command& program);
void add_keygen(cli::Command& program);
void add_trust(cli::Command& program);
void add_validate(cli::Command& program);
void add_lock(cli::Command& program);
void add_build(cli::Command& program);
void add_sentry(cli::Command& program);
void add_sign(cli::Command& program);
void add_statement(cli::Command& program);
void add_attach(cli::Command& program);
void add_export(cli::Command& program);
void add_sheet(cli::Command& program);
void add_sums(cli::Command& program);
void add_split(cli::Command& program);
void add_volumes(cli::Command& program);
void add_join(cli::Command& program);
void add_verify(cli::Command& program);
void add_inspect(cli::Command& program);
void add_diff(cli::Command& program);
void add_report(cli::Command& program);
void add_delta(cli::Command& program);
void add_expand(cli::Command& program);
void add_sites(cli::Command& program);
void add_env(cli::Command& program);
void add_recipient(cli::Command& program);
void add_secret(cli::Command& program);

}  // namespace sealift::builder
