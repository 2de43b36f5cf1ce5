// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/observability.hpp"

#include "builder/kind/templates.hpp"
#include "content/media_types.hpp"

namespace sealift::builder {

namespace {

class Observability : public Kind {
 public:
  std::string_view name() const override { return "observability"; }
  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    BuiltComponent built = build_templates(entry, workshop, media_type::kObservability, {}, {}, {});
    // A word `image:` of a dashboard is no image that the release has to carry.
    built.image_references.clear();
    return built;
  }
};

}  // namespace

const Kind& observability_kind() {
  static const Observability kind;
  return kind;
}

}  // namespace sealift::builder
