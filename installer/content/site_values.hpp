// SPDX-License-Identifier: Apache-2.0
#pragma once

// The configuration values of a site for a release: who says what, what templates see, and what the
// contract refuses.

#include <map>
#include <string>
#include <vector>

#include "bundle/reader.hpp"
#include "release/site_file/site.hpp"
#include "release/templates/settings.hpp"

namespace sealift::installer {

// The site's values, each with who said it; `set` is what --set gives.
release::Settings settings_for(const bundle::Contents& contents, const release::Site& site,
                               const release::Values& set);

// The values that the site's templates see, as they were written: they may refer to each other.
// Secrets are among them as values that are not set; they are opened where they are needed.
release::Values values_for(const bundle::Contents& contents, const release::Site& site,
                           const release::Values& set = {});

// What the images of the release are called here so that nothing else can be meant, by their names
// in the release.
std::map<std::string, std::string> image_pins(const bundle::Contents& contents,
                                              const release::Site& site);

// The secrets that this site has a value for.
release::Sealed secrets_given(const release::ReleaseDocument& document, const release::Site& site);

// Throws Error{incompatible} with all that the release's contract refuses of the site's values,
// each with its place; Error{invalid_input} for secrets in clear.
void check_values(const bundle::Contents& contents, const release::Site& site,
                  const release::Values& set);

}  // namespace sealift::installer
