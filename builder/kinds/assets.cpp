// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/assets.hpp"

#include "builder/kinds/tree.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

class Assets : public Kind {
 public:
  std::string_view name() const override { return "assets"; }
  BuiltComponent build(const release::Release& release, const release::ComponentEntry& entry,
                       bundle::Spool& spool, Progress& progress) const override {
    const PackedTree packed =
        pack_tree(release.folder, entry, media_type::kTree, spool, progress, {});
    return {tree_component(entry, media_type::kAssets, packed), {}};
  }
};

}  // namespace

const Kind& assets_kind() {
  static const Assets kind;
  return kind;
}

}  // namespace sealift::builder
