// SPDX-License-Identifier: Apache-2.0
#include "installer/operations/kept_revisions.hpp"

#include "base/format.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "installer/records/flags.hpp"
#include "installer/records/state.hpp"

namespace sealift::installer {

namespace {

// The values that a kept revision was applied with.
release::Values kept_values(const Layout& layout, const Revision& revision) {
  const fs::path file = layout.revisions() / std::to_string(revision.number) / "values.json";
  return parse_json(read_file(file, 16 << 20), file.string()).get<release::Values>();
}

}  // namespace

void keep_revision(const Tools& tools, std::uint64_t number, const release::Values& values,
                   const Health& health) {
  const fs::path folder = tools.installation.layout.revisions() / std::to_string(number);
  make_dirs(folder);
  write_file(folder / "values.json", to_canonical(Json(values)), FileMode::secret);
  write_file(folder / "site.yaml", tools.installation.site_text, FileMode::secret);
  keep_health(tools.installation.layout, number, health);
}

void remove_revision(const Layout& layout, std::uint64_t number) {
  const Dir revisions = Dir::open(layout.revisions());
  revisions.remove_tree(std::to_string(number));
  revisions.sync();
}

SiteContent content_of(const Tools& tools, const Revision& revision) {
  const Layout& layout = tools.installation.layout;
  SiteContent content(
      layout, layout.store() / revision.bundle, revision.digest,
      is_retained(layout, revision) ? kept_values(layout, revision) : release::Values{},
      tools.workers,
      {.environment = revision.environment, .files = tools.installation.site.secrets});
  for (const Placement& placement : revision.placements) {
    if (has_flags(placement)) content.set_flags(placement.component, flags_of(placement));
  }
  return content;
}

void open_target_keys(const Tools& tools, const State& state) {
  const Revision* last = state.last();
  if (last == nullptr || !last->digest) return;
  SiteContent content = content_of(tools, *last);
  for (const Placement& placement : last->placements) {
    try {
      tools.drivers.named(placement.driver).open_keys(placement, content);
    } catch (const Error& error) {
      log::warning(format("target {}: {}", placement.target, error.message()));
    }
  }
}

std::optional<SiteContent> content_before(const Tools& tools, const State& state) {
  if (state.current() == nullptr || !state.current()->digest) return std::nullopt;
  return content_of(tools, *state.current());
}

}  // namespace sealift::installer
