// SPDX-License-Identifier: Apache-2.0
#pragma once

// Targeting of a flag: JsonLogic with flagd's own fractional, sem_ver, starts_with and ends_with,
// as https://flagd.dev/schema/v0/targeting.json allows it. A rule that an application could not
// read, or that answers with something that is no variant of its flag, is found here.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxTargetingDepth = 12;
inline constexpr std::size_t kMaxTargetingNodes = 2000;  // of one rule

// What is wrong in a rule, and where below it: a JSON pointer.
struct TargetingMistake {
  std::string pointer;
  std::string found;
  std::string hint;
};

// A rule of one flag: what it answers must be one of `variants`; `evaluators` are the rules that
// "$ref" may name.
std::vector<TargetingMistake> check_targeting(const Json& rule, const Json& evaluators,
                                              const std::map<std::string, Json>& variants);
// A rule that flags share. It names no other: readers put it in place as text, once.
std::vector<TargetingMistake> check_evaluator(const Json& rule);

}  // namespace sealift::release
