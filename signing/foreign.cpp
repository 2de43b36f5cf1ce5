// SPDX-License-Identifier: Apache-2.0
#include "signing/foreign.hpp"

#include "base/error.hpp"
#include "base/format.hpp"

namespace sealift::signing {

const Json& member(const Json& object, const char* key) {
  if (!object.is_object()) throw Error(Errc::corrupt, format("expected an object with {}", key));
  const auto found = object.find(key);
  if (found == object.end()) throw Error(Errc::corrupt, format("found no {}", key));
  return *found;
}

const std::string& text_member(const Json& object, const char* key) {
  const Json& found = member(object, key);
  if (!found.is_string()) throw Error(Errc::corrupt, format("{}: expected text", key));
  return found.text();
}

}  // namespace sealift::signing
