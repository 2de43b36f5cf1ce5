// SPDX-License-Identifier: Apache-2.0
#pragma once

// The feature flags of one environment, and the document that applications read: a flag definition
// file of flagd (OpenFeature; https://flagd.dev/schema/v0/flags.json). What Sealift adds to a flag
// stands in flagd's own place for such things, the flag's metadata: "description", and
// "nextRelease" where it is "reset".

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sealift::release {

inline constexpr std::size_t kMaxFlags = 4096;
inline constexpr std::uint64_t kMaxFlagdBytes = 8ULL << 20;
inline constexpr const char* kFlagDescription = "description";
inline constexpr const char* kFlagNextRelease = "nextRelease";

// What the next release does with a flag that a site has changed.
enum class NextRelease { keep, reset };
std::string_view name(NextRelease next);

enum class FlagState { enabled, disabled };

struct Flag {
  FlagState state = FlagState::enabled;  // disabled: applications use what their code says
  std::string default_variant;           // holds where targeting decides nothing
  std::map<std::string, Json> variants;  // all of one type
  Json targeting = nullptr;              // a rule of JsonLogic; null: none
  NextRelease next_release = NextRelease::keep;
  std::string meaning;
  Json metadata = Json::object();  // scalars for applications

  // "boolean", "string", "number" or "object": of its variants.
  std::string type() const;

  friend bool operator==(const Flag&, const Flag&) = default;
};

struct FlagSet {
  std::map<std::string, Flag> flags;
  Json evaluators = Json::object();  // rules by name, for "$ref" in targeting
  Json metadata = Json::object();

  friend bool operator==(const FlagSet&, const FlagSet&) = default;
};

// [A-Za-z0-9_] and then also . and -, at most 128 bytes.
bool is_flag_name(std::string_view name);

// The type of one variant's value; empty for what flagd does not have.
std::string type_of_variant(const Json& value);

// The file of flagd, its one form: keys sorted, indented by two, a newline at the end.
std::string to_flagd(const FlagSet& set);
// Only what to_flagd() writes; Error{corrupt}.
FlagSet flags_from_flagd(std::string_view text, const std::string& where);

}  // namespace sealift::release
