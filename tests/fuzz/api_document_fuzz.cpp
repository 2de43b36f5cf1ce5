// SPDX-License-Identifier: Apache-2.0
// What an API server says that it has, which a site has given to those who build.
#include "kubernetes/api_document.hpp"
#include "kubernetes/structure.hpp"
#include "tests/fuzz/target.hpp"

namespace sealift::fuzz {

const Target kApiDocument("api_document", [](std::string_view bytes) {
  const std::string reduced = kubernetes::reduced_api(bytes, "api.json");
  require(kubernetes::reduced_api(reduced, "api.json") == reduced, "a reduced one stays as it is");
  const auto schema =
      kubernetes::ApiSchema::parse(reduced, "api.json", kubernetes::ApiSchema::Extent::all);
  // The document itself is as good an object as any.
  const Json body = parse_json(bytes, "api.json", Errc::invalid_input, Numbers::any);
  for (const std::string version : {"v1", "a.io/v1"}) {
    for (const std::string& kind : schema.kinds_of(version)) {
      kubernetes::find_flaws(body, {version, kind, "a"}, schema);
    }
  }
});

}  // namespace sealift::fuzz
