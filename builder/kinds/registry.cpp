// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/registry.hpp"

#include <array>

#include "base/format.hpp"
#include "builder/kinds/assets.hpp"
#include "builder/kinds/config.hpp"
#include "builder/kinds/flags.hpp"
#include "builder/kinds/images.hpp"
#include "builder/kinds/manifests.hpp"
#include "builder/kinds/migrations.hpp"
#include "builder/kinds/observability.hpp"

namespace sealift::builder {

// A list, so that a linker cannot drop one: see docs/architecture.md, "Lists that a person can
// read".
const Kind& kind_named(std::string_view name) {
  static const std::array kinds = {
      &assets_kind(), &config_kind(),    &images_kind(),        &migrations_kind(),
      &flags_kind(),  &manifests_kind(), &observability_kind(),
  };
  for (const Kind* kind : kinds) {
    if (kind->name() == name) return *kind;
  }
  throw Error(Errc::internal, format("no kind is named \"{}\"", name));
}

}  // namespace sealift::builder
