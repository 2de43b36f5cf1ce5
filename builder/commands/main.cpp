// SPDX-License-Identifier: Apache-2.0
#include "builder/commands/commands.hpp"
#include "cli/version.hpp"

int main(int argc, char** argv) {
  using namespace sealift;
  return cli::run_main(argc, argv,
                       {.name = "sealift",
                        .purpose = "Compiles a release into one signed, content-addressed bundle.",
                        .describe = [](cli::Command& program) {
                          builder::add_init(program);
                          builder::add_doctor(program);
                          builder::add_keygen(program);
                          builder::add_trust(program);
                          builder::add_validate(program);
                          builder::add_lock(program);
                          builder::add_build(program);
                          builder::add_sign(program);
                          builder::add_statement(program);
                          builder::add_attach(program);
                          builder::add_export(program);
                          builder::add_sheet(program);
                          builder::add_sums(program);
                          builder::add_verify(program);
                          builder::add_inspect(program);
                          builder::add_diff(program);
                          builder::add_env(program);
                          builder::add_secret(program);
                          cli::add_version(program, "sealift");
                        }});
}
