// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/assets.hpp"

#include "builder/kinds/tree.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

class Assets : public Kind {
 public:
  std::string_view name() const override { return "assets"; }
  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    const PackedTree packed = pack_tree(workshop.release.folder, entry, media_type::kTree,
                                        workshop.spool, workshop.progress, {});
    return {tree_component(entry, media_type::kAssets, packed), {}};
  }
};

}  // namespace

const Kind& assets_kind() {
  static const Assets kind;
  return kind;
}

}  // namespace sealift::builder
