// SPDX-License-Identifier: Apache-2.0
#include "release/flags/flags.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/path.hpp"

namespace sealift::release {

namespace {

// Names the format; nothing is fetched from there.
constexpr std::string_view kFlagdSchema = "https://flagd.dev/schema/v0/flags.json";

std::string_view word(FlagState state) {
  return state == FlagState::enabled ? "ENABLED" : "DISABLED";
}

Json to_json(const Flag& flag) {
  Json metadata = flag.metadata;
  if (!flag.meaning.empty()) metadata[kFlagDescription] = flag.meaning;
  if (flag.next_release == NextRelease::reset) {
    metadata[kFlagNextRelease] = name(flag.next_release);
  }
  Json value = {{"state", word(flag.state)},
                {"defaultVariant", flag.default_variant},
                {"variants", flag.variants}};
  if (!flag.targeting.is_null()) value["targeting"] = flag.targeting;
  if (!metadata.empty()) value["metadata"] = std::move(metadata);
  return value;
}

FlagState parse_state(Fields& fields) {
  const std::string text = fields.text("state");
  for (const FlagState state : {FlagState::enabled, FlagState::disabled}) {
    if (word(state) == text) return state;
  }
  fields.refuse("state", format("found \"{}\", expected ENABLED or DISABLED", printable(text, 40)));
}

// Takes the field of the metadata that has a meaning to Sealift.
std::string take(Json& metadata, const char* key, const Fields& fields) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return "";
  if (!found->is_string()) fields.refuse("metadata", format("found a {} that is not text", key));
  std::string text = *found;
  metadata.erase(found);
  return text;
}

Flag flag_from_json(const Json& value, const std::string& where) {
  Fields fields(value, where);
  Flag flag;
  flag.state = parse_state(fields);
  flag.default_variant = fields.text("defaultVariant");
  for (const auto& [variant, each] : fields.object("variants").items()) {
    flag.variants[variant] = each;
    if (type_of_variant(each).empty() || type_of_variant(each) != flag.type()) {
      fields.refuse("variants", "found values of different types");
    }
  }
  if (!flag.variants.contains(flag.default_variant)) {
    fields.refuse("defaultVariant",
                  format("found \"{}\", which is no variant", printable(flag.default_variant, 80)));
  }
  if (fields.value_if("targeting") != nullptr) flag.targeting = fields.object("targeting");
  if (fields.value_if("metadata") != nullptr) flag.metadata = fields.object("metadata");
  flag.meaning = take(flag.metadata, kFlagDescription, fields);
  if (const std::string next = take(flag.metadata, kFlagNextRelease, fields); !next.empty()) {
    if (next != name(NextRelease::reset)) {
      fields.refuse("metadata", format("found \"{}\", expected reset", printable(next, 40)));
    }
    flag.next_release = NextRelease::reset;
  }
  fields.done();
  return flag;
}

}  // namespace

std::string_view name(NextRelease next) {
  return next == NextRelease::keep ? "keep" : "reset";
}

std::string Flag::type() const {
  return variants.empty() ? "" : type_of_variant(variants.begin()->second);
}

bool is_flag_name(std::string_view name) {
  const auto plain = [](char c) { return is_letter_or_digit(c) || c == '_'; };
  return !name.empty() && name.size() <= 128 && plain(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return plain(c) || c == '.' || c == '-'; });
}

std::string type_of_variant(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_string()) return "string";
  if (value.is_number()) return "number";
  return value.is_object() ? "object" : "";
}

std::string to_flagd(const FlagSet& set) {
  Json flags = Json::object();
  for (const auto& [flag, each] : set.flags) flags[flag] = to_json(each);
  Json value = {{"$schema", kFlagdSchema}, {"flags", std::move(flags)}};
  if (!set.evaluators.empty()) value["$evaluators"] = set.evaluators;
  if (!set.metadata.empty()) value["metadata"] = set.metadata;
  return to_pretty(value);
}

FlagSet flags_from_flagd(std::string_view text, const std::string& where) {
  if (text.size() > kMaxFlagdBytes) {
    throw Error(Errc::corrupt, format("{}: found {} bytes, expected at most {}", where, text.size(),
                                      kMaxFlagdBytes));
  }
  const Json value = parse_json(text, where, Errc::corrupt, Numbers::any);
  Fields fields(value, where);
  fields.constant("$schema", kFlagdSchema);
  FlagSet set;
  const Json& flags = fields.object("flags");
  if (flags.size() > kMaxFlags) {
    fields.refuse("flags", format("found {}, expected at most {}", flags.size(), kMaxFlags));
  }
  for (const auto& [flag, each] : flags.items()) {
    if (!is_flag_name(flag)) {
      fields.refuse("flags", format("found the name \"{}\"", printable(flag, 80)));
    }
    set.flags[flag] = flag_from_json(each, format("{}.{}", fields.at("flags"), flag));
  }
  if (fields.value_if("$evaluators") != nullptr) set.evaluators = fields.object("$evaluators");
  if (fields.value_if("metadata") != nullptr) set.metadata = fields.object("metadata");
  fields.done();
  if (to_flagd(set) != text) {
    throw Error(Errc::corrupt, format("{}: found a spelling that is not the canonical one", where));
  }
  return set;
}

}  // namespace sealift::release
