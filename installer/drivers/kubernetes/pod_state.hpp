// SPDX-License-Identifier: Apache-2.0
#pragma once

// What keeps a pod from being ready.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::installer {

struct PodState {
  std::string found = {};       // "container app: ImagePullBackOff: ..."; empty: nothing of note
  std::string container = {};   // at fault; empty: none is
  bool is_final = false;        // waiting will not help
  bool waits_for_room = false;  // another pod that ends may make some
  bool has_died = false;        // the container has run, and ended
};

PodState state_of_pod(const Json& pod);

// A whole number of a document of others; `otherwise` where there is none.
std::int64_t number_at(const Json& object, std::string_view key, std::int64_t otherwise);
// Whether it says true, and nothing that stands for it.
bool says_yes(const Json& object, std::string_view key);
// Whether an object is being deleted.
bool is_ending(const Json& object);
// The condition of an object with that type; null where it has none.
const Json& condition_of(const Json& object, std::string_view type);

}  // namespace sealift::installer
