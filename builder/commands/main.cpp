// SPDX-License-Identifier: Apache-2.0
#include "builder/commands/commands.hpp"

int main(int argc, char** argv) {
  using namespace sealift;
  return cli::run_main(argc, argv,
                       {.name = "sealift",
                        .purpose = "compile a release into one signed, content-addressed bundle",
                        .describe = [](cli::Command& program) {
                          program.group("Start a project");
                          builder::add_init(program);
                          builder::add_doctor(program);
                          program.group("Keys and trust");
                          builder::add_keygen(program);
                          builder::add_trust(program);
                          program.group("Build a release");
                          builder::add_validate(program);
                          builder::add_lock(program);
                          builder::add_build(program);
                          builder::add_sentry(program);
                          program.group("Approve it");
                          builder::add_sign(program);
                          builder::add_statement(program);
                          builder::add_attach(program);
                          program.group("Check it, and carry it");
                          builder::add_export(program);
                          builder::add_sheet(program);
                          builder::add_sums(program);
                          builder::add_split(program);
                          builder::add_volumes(program);
                          builder::add_join(program);
                          builder::add_verify(program);
                          builder::add_inspect(program);
                          builder::add_diff(program);
                          builder::add_report(program);
                          builder::add_delta(program);
                          builder::add_expand(program);
                          builder::add_sites(program);
                          program.group("Values and secrets");
                          builder::add_env(program);
                          builder::add_recipient(program);
                          builder::add_secret(program);
                        }});
}
