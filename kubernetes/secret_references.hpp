// SPDX-License-Identifier: Apache-2.0
#pragma once

// Secrets in manifests. A rendered file has a reference in the place of each, which says the key
// and a fingerprint of the value, and never the value: "sealift-secret/KEY/32 hex digits/".
// References may stand in `data` (in base64) and `stringData` of a Secret, and nowhere else. Only
// an object on its way to a server has the values, in memory.

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "kubernetes/object.hpp"

namespace sealift::kubernetes {

inline constexpr std::size_t kFingerprint = 32;  // hex digits

// `fingerprint` has kFingerprint hex digits, made with a key of the site: nobody guesses by it.
std::string secret_reference(std::string_view key, std::string_view fingerprint);

// Adds references that stand where everybody could read the value, and what looks like one and was
// changed on its way.
void check_references(const Object& object, Problems& problems);

// Whether the object holds secrets.
bool has_secrets(const Json& body);

// The value of a secret, by its key.
using Reveal = std::function<std::string_view(const std::string& key)>;
// A Secret with values in the places of its references; any other object as it is.
Json revealed(Json body, const Reveal& reveal);

}  // namespace sealift::kubernetes
