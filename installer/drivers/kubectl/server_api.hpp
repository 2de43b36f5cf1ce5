// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the server of a target has: its kinds and their fields, those of CustomResourceDefinitions
// among them, for a build that has no cluster to ask.

#include <string>

#include "installer/drivers/kubectl/kubernetes_settings.hpp"

namespace sealift::installer {

// The server's OpenAPI document, version 2, without what no check reads
// (kubernetes/api_document.hpp). Error{target_failed} where the server does not answer, or with
// something else; Error{incompatible} without kubectl.
std::string server_api(const release::Target& target);

}  // namespace sealift::installer
