// SPDX-License-Identifier: Apache-2.0
#include "installer/commands/commands.hpp"

int main(int argc, char** argv) {
  using namespace sealift;
  std::string site;
  return cli::run_main(
      argc, argv,
      {.name = "sealift-installer",
       .purpose = "verify a bundle and apply it to this site as one transaction",
       .describe = [&site](cli::Command& program) {
         program.option("--site", site, "DIR",
                        "the site's folder (default: SEALIFT_SITE, else /etc/sealift and "
                        "/var/lib/sealift)");
         program.reads("SEALIFT_SITE", "the site's folder, where --site does not name it");
         program.group("Set up a site");
         installer::add_init(program, site);
         installer::add_trust(program, site);
         installer::add_config(program, site);
         installer::add_doctor(program, site);
         installer::add_privileges(program, site);
         installer::add_kubernetes(program, site);
         program.group("Install a release");
         installer::add_verify(program, site);
         installer::add_plan(program, site);
         installer::add_stage(program, site);
         installer::add_apply(program, site);
         installer::add_rollback(program, site);
         installer::add_uninstall(program, site);
         installer::add_recover(program, site);
         installer::add_prune(program, site);
         program.group("See what is installed");
         installer::add_status(program, site);
         installer::add_history(program, site);
         installer::add_health(program, site);
         installer::add_drift(program, site);
         installer::add_images(program, site);
         installer::add_receipt(program, site);
         installer::add_audit(program, site);
         program.group("Tell others");
         installer::add_events(program, site);
         installer::add_metrics(program, site);
         installer::add_support(program, site);
         program.group("Data and flags");
         installer::add_backup(program, site);
         installer::add_site(program, site);
         installer::add_migrations(program, site);
         installer::add_rehearse(program, site);
         installer::add_flags(program, site);
       }});
}
