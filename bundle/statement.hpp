// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one statement that can be made about a release: everything in it follows from the release's
// documents, so nobody is asked to sign a summary of something else.

#include <string>
#include <string_view>
#include <vector>

#include "release/documents/manifest.hpp"
#include "signing/statement.hpp"

namespace sealift::bundle {

signing::Statement statement_of(const release::ReleaseDocument& document,
                                const std::vector<release::Component>& components,
                                const Digest& release);

// The kind of a component, for people: "assets" for application/vnd.sealift.assets.v1+json.
std::string kind_word(std::string_view artifact_type);

}  // namespace sealift::bundle
