// SPDX-License-Identifier: Apache-2.0
#pragma once

// That a reader of one JSON object is strict.

#include <catch2/catch.hpp>
#include <functional>
#include <set>
#include <string>

#include "base/json.hpp"
#include "installer/records/plan.hpp"
#include "tests/unit/errors.hpp"

namespace sealift::tests {

inline void check_refused(const Json& document, const std::string& key,
                          const std::function<void(const Json&)>& read) {
  CAPTURE(key, document.dump());
  const std::optional<Error> error = error_of([&] { read(document); });
  REQUIRE(error);
  CHECK(error->code() == Errc::corrupt);
  CHECK_THAT(error->message(), Catch::Contains(key));
}

// A key that is missing, unless it is one of `optional`, of another type, or unknown is corrupt,
// and the message names it.
inline void check_strict(const Json& document, const std::set<std::string>& optional,
                         const std::function<void(const Json&)>& read) {
  read(document);
  for (const auto& [key, value] : document.items()) {
    Json without = document;
    without.erase(key);
    if (optional.contains(key)) {
      read(without);
    } else {
      check_refused(without, key, read);
    }
    Json other = document;
    other[key] = value.is_boolean() ? Json("yes") : Json(true);
    check_refused(other, key, read);
  }
  Json more = document;
  more["planted"] = 1;
  check_refused(more, "planted", read);
}

// A step of a journal with this data.
inline installer::Step step_with(const Json& data, const std::string& action = "act") {
  installer::Step step;
  step.id = "step";
  step.action = action;
  step.data = data;
  return step;
}

}  // namespace sealift::tests
