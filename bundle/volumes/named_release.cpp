// SPDX-License-Identifier: Apache-2.0
#include "bundle/volumes/named_release.hpp"

#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::bundle {

Json to_json(const NamedRelease& release) {
  return {{"digest", release.digest.str()}, {"name", release.name}, {"version", release.version}};
}

NamedRelease named_release_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  NamedRelease release{.digest = fields.digest("digest"),
                       .name = fields.text("name"),
                       .version = fields.text("version")};
  fields.done();
  return release;
}

std::string to_text(const NamedRelease& release) {
  return format("{} {} ({})", printable(release.name), printable(release.version),
                release.digest.str());
}

}  // namespace sealift::bundle
