// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/config.hpp"

#include "builder/kind/outputs.hpp"
#include "builder/kind/templates.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

class Config : public Kind {
 public:
  std::string_view name() const override { return "config"; }
  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    return build_templates(entry, workshop, media_type::kConfig,
                           outputs_of(entry, workshop.release), {}, {});
  }
};

}  // namespace

const Kind& config_kind() {
  static const Config kind;
  return kind;
}

}  // namespace sealift::builder
