// SPDX-License-Identifier: Apache-2.0
#include "base/path.hpp"
#include "installer/commands/commands.hpp"
#include "installer/session/changing.hpp"

namespace sealift::installer {

namespace {

void run_images(const std::string& site, cli::Session& session) {
  const SiteWork work(session, site);
  const State state = work.state();
  std::vector<std::vector<std::string>> rows = {{"IMAGE", "IS HERE", "PINNED", "PART OF"}};
  Json list = Json::array();
  if (const Revision* now = state.current()) {
    for (const Placement& placement : now->placements) {
      for (const PlacedImage& image : placement.images) {
        const std::string pin = pinned(image, placement.driver);
        rows.push_back({image.name, image.reference, pin, image.whole ? image.whole->str() : ""});
        list.push_back({{"name", image.name},
                        {"reference", image.reference},
                        {"pinned", pin},
                        {"digest", image.digest.str()},
                        {"target", placement.target},
                        {"driver", placement.driver}});
        if (image.whole) list.back()["whole"] = image.whole->str();
      }
    }
  }
  session.out.table(rows);
  session.out.json(list);
}

}  // namespace

void add_images(cli::Command& program, const std::string& site) {
  program.sub("images", "show what the images of the current release are called on this site")
      .example("sealift-installer images", "names to use with the engine")
      .example("sealift-installer images --json", "for a program")
      .fails_with({Errc::untrusted, Errc::corrupt, Errc::io})
      .runs([&site](cli::Session& session) { run_images(site, session); });
}

}  // namespace sealift::installer
