// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site for tests, in a folder of its own, and releases delivered to its store as if they had been
// accepted: plans are made and carried out on it as by the program, without keys and signatures.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "installer/content/site_values.hpp"
#include "installer/drivers/registry.hpp"
#include "installer/operations/carry_out.hpp"
#include "installer/operations/kept_revisions.hpp"
#include "installer/planning/planner.hpp"
#include "tests/unit/bundle/small_bundle.hpp"
#include "tests/unit/installer/given.hpp"

namespace sealift::tests {

// A component's files; it goes to the target of its name.
using Trees = std::map<std::string, std::vector<SourceFile>>;

class GivenSite {
 public:
  // Takes chanuka in production; its one target, web, is a directory.
  GivenSite() {
    installer::restore_folders(installation.layout);
    make_dirs(installation.layout.journal());
    installation.site.release = "chanuka";
    installation.site.environment = "production";
    add_target("web");
  }

  void add_target(const std::string& name) {
    release::Target& target = installation.site.targets[name];
    target.driver = "directory";
    target.path = path_of(name);
  }
  std::string path_of(const std::string& target) const { return folder / ("srv/" + target); }

  // The release in the store; `adjust` changes its document before it is sealed.
  bundle::Contents deliver(const std::string& version, const Trees& trees,
                           const std::function<void(release::ReleaseDocument&)>& adjust = {}) {
    bundle::Spool spool(folder.path(), workers, {});
    std::vector<release::Component> components;
    release::ReleaseDocument document{.name = "chanuka",
                                      .version = version,
                                      .created = parse_time("2026-01-01T00:00:00Z"),
                                      .source_revision = "",
                                      .environments = {{"production", {}}},
                                      .upgrade_from = {},
                                      .installer = {},
                                      .arch = {},
                                      .components = {}};
    for (const auto& [name, files] : trees) {
      components.push_back(pack(spool, name, files));
      document.components.push_back(components.back().row);
    }
    if (adjust) adjust(document);
    for (std::size_t i = 0; i < components.size(); ++i) components[i].row = document.components[i];
    const fs::path file = installation.layout.store() / name_of(version);
    bundle::write_bundle(file, bundle::seal(document, "", components), {}, spool, workers, {});
    const Fd fd = open_for_reading(file);
    return bundle::read_documents(fd.get(), file.string(), workers);
  }
  // One page, and one file that is the same in every release.
  bundle::Contents deliver(const std::string& version) {
    return deliver(version, {{"web", {{"index.html", version}, {"logo.svg", "<svg/>"}}}});
  }
  static std::string name_of(const std::string& version) { return version + ".bundle.tar.zst"; }

  installer::SiteContent content(const bundle::Contents& contents) {
    return {installation.layout, installation.layout.store() / name_of(contents.document.version),
            contents.digest(), installer::values_for(contents, installation.site), workers};
  }
  installer::State state() const { return load_state(installation.layout, kGivenClock); }
  const installer::Drivers& drivers() const { return drivers_; }
  installer::Tools tools() {
    return {.installation = installation,
            .clock = kGivenClock,
            .workers = workers,
            .progress = silence,
            .drivers = drivers_};
  }
  static installer::Request request(installer::Purpose purpose) {
    return {.purpose = purpose, .actor = "anna", .reason = "a test", .now = kGivenClock.now()};
  }

  installer::Draft plan(const bundle::Contents& contents,
                        installer::Purpose purpose = installer::Purpose::apply) {
    installer::SiteContent from = content(contents);
    return plan_release(contents, name_of(contents.document.version), from, installation, state(),
                        drivers(), request(purpose));
  }
  installer::Draft plan_back(const installer::Revision& target) {
    installer::SiteContent from = content_of(tools(), target);
    return plan_rollback(target, from, installation, state(), drivers(),
                         installer::Thoroughness::by_content,
                         request(installer::Purpose::rollback));
  }
  installer::Draft plan_repair() {
    const installer::State now = state();
    installer::SiteContent from = content_of(tools(), *now.current());
    return installer::plan_repair(from, installation, now, drivers(),
                                  request(installer::Purpose::repair));
  }

  void apply(const bundle::Contents& contents) {
    installer::SiteContent from = content(contents);
    carry_out(tools(), plan(contents), from, {}, {});
  }
  void apply(const std::string& version) { apply(deliver(version)); }
  void stage(const std::string& version) {
    const bundle::Contents contents = deliver(version);
    installer::Draft draft = plan(contents, installer::Purpose::stage);
    std::erase_if(draft.plan.steps,
                  [](const installer::Step& step) { return step.phase > installer::Phase::stage; });
    installer::SiteContent from = content(contents);
    carry_out(tools(), draft, from, {}, {});
  }
  void roll_back() {
    const installer::State now = state();
    installer::SiteContent from = content_of(tools(), *now.previous());
    carry_out(tools(), plan_back(*now.previous()), from, {}, {});
  }
  // The page that web serves; "" without one.
  std::string served() const {
    const fs::path page = fs::path(path_of("web")) / "current/index.html";
    return path_exists(page) ? read_file(page, 4096) : std::string();
  }

  ScratchFolder folder;
  installer::Installation installation{
      .layout = {.site_yaml = folder / "site.yaml", .state = folder / "state"},
      .id = "0123456789abcdef",
      .site = {},
      .site_text = "release: chanuka\n"};
  Workers workers{1};
  Silence silence;

 private:
  installer::Drivers drivers_ = all_drivers(installation.layout, workers);
};

}  // namespace sealift::tests
