// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/config.hpp"

#include "base/format.hpp"
#include "builder/kinds/tree.hpp"
#include "content/media_types.hpp"
#include "release/template.hpp"

namespace sealift::builder {

namespace {

class Config : public Kind {
 public:
  std::string_view name() const override { return "config"; }
  BuiltComponent build(const release::Release& release, const release::ComponentEntry& entry,
                       bundle::Spool& spool, Progress& progress) const override {
    std::vector<ValueUse> uses;
    const Inspect inspect = [&](const std::string& path, const std::string& content) {
      const release::Template parsed = release::Template::parse(content, path);
      for (const release::TemplateUse& use : parsed.uses()) {
        uses.push_back({use.name, format("{}:{}", path, use.line)});
      }
    };
    const PackedTree packed =
        pack_tree(release.folder, entry, media_type::kMustacheTree, spool, progress, inspect);
    return {tree_component(entry, media_type::kConfig, packed), std::move(uses)};
  }
};

}  // namespace

const Kind& config_kind() {
  static const Config kind;
  return kind;
}

}  // namespace sealift::builder
