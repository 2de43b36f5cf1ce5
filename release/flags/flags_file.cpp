// SPDX-License-Identifier: Apache-2.0
#include "release/flags/flags_file.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/flags/targeting.hpp"
#include "release/text/schema.hpp"

namespace sealift::release {

namespace {

// "0.25": a number of JSON, and no other spelling of one.
std::optional<double> number_in(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const bool is_plain = text.find_first_not_of("-.0123456789") == std::string::npos;
  if (failure != std::errc() || rest != end || !is_plain) return std::nullopt;
  return number;
}

// Reads the flags, and notes what a JSON Schema cannot say.
class FlagRules {
 public:
  explicit FlagRules(const YamlDocument& document)
      : document_(document), mistakes_(check_schema(document, "flags.schema.json")) {}

  FlagSet read() {
    // With the outline wrong, nothing below it can be judged.
    throw_mistakes(std::move(mistakes_));
    mistakes_.clear();
    const Json& root = document_.value();
    set_.evaluators = root.value("evaluators", Json::object());
    set_.metadata = root.value("metadata", Json::object());
    for (const auto& [name, rule] : set_.evaluators.items()) {
      const std::string at = "/evaluators/" + name;
      check_name(name, at);
      add_all(check_evaluator(rule), at);
    }
    for (const auto& [name, value] : root["flags"].items()) {
      check_name(name, "/flags/" + name);
      set_.flags[name] = value.is_boolean() ? switch_of(value) : read_flag(value, "/flags/" + name);
    }
    throw_mistakes(std::move(mistakes_));
    if (const std::size_t size = to_flagd(set_).size(); size > kMaxFlagdBytes) {
      throw Error(Errc::invalid_input, format("{}: the flags take {} bytes, expected at most {}",
                                              document_.where(""), size, kMaxFlagdBytes));
    }
    return std::move(set_);
  }

 private:
  void add(const std::string& pointer, const std::string& found, const std::string& hint = {}) {
    mistakes_.push_back(
        {document_.line_of(pointer), {format("{}: {}", document_.where(pointer), found), hint}});
  }

  void add_all(const std::vector<TargetingMistake>& found, const std::string& pointer) {
    for (const TargetingMistake& each : found) add(pointer + each.pointer, each.found, each.hint);
  }

  void check_name(const std::string& name, const std::string& pointer) {
    if (is_flag_name(name)) return;
    add(pointer, format("found the name \"{}\", expected at most 128 letters, digits, _ . -",
                        printable(name, 80)));
  }

  // `NAME: true` is a switch, the flag that most are.
  static Flag switch_of(const Json& value) {
    Flag flag;
    flag.variants = {{"on", true}, {"off", false}};
    flag.default_variant = value.get<bool>() ? "on" : "off";
    return flag;
  }

  Flag read_flag(const Json& value, const std::string& at) {
    Flag flag;
    if (!value.value("enabled", true)) flag.state = FlagState::disabled;
    flag.default_variant = value["default"];
    read_variants(value, at, flag);
    flag.meaning = value.value("meaning", "");
    flag.metadata = value.value("metadata", Json::object());
    if (value.value("next_release", "keep") == "reset") flag.next_release = NextRelease::reset;
    for (const char* key : {kFlagDescription, kFlagNextRelease}) {
      if (!flag.metadata.contains(key)) continue;
      add(format("{}/metadata/{}", at, key), format("found {}, which is written here", key),
          "say it with meaning or next_release");
    }
    // A rule without operators decides nothing.
    if (const auto rule = value.find("targeting"); rule != value.end() && !rule->empty()) {
      flag.targeting = *rule;
      add_all(check_targeting(*rule, set_.evaluators, flag.variants), at + "/targeting");
    }
    return flag;
  }

  void read_variants(const Json& value, const std::string& at, Flag& flag) {
    const std::string said = value.value("type", "");
    std::vector<std::string> names;
    for (const auto& [name, each] : value["variants"].items()) {
      const std::string pointer = format("{}/variants/{}", at, name);
      check_name(name, pointer);
      names.push_back(name);
      Json& kept = flag.variants[name] = each;
      if (said == "number" && each.is_string()) {
        const auto number = number_in(each.get<std::string>());
        if (number) kept = *number;
      }
      const std::string type = type_of_variant(kept);
      const std::string& wanted = said.empty() ? first_type(flag, type) : said;
      if (type.empty() || type != wanted) {
        add(pointer,
            format("found {}, expected {}", type.empty() ? "a list or nothing" : type,
                   wanted.empty() ? "boolean, string, number or object" : wanted),
            "all variants of a flag have one type");
      }
    }
    if (flag.variants.contains(flag.default_variant)) return;
    const std::string near = nearest(flag.default_variant, names);
    add(at + "/default",
        format("found \"{}\", which is no variant", printable(flag.default_variant, 80)),
        near.empty() ? "variants are: " + printable(joined(names), 400)
                     : format("did you mean \"{}\"?", printable(near, 80)));
  }

  static std::string first_type(const Flag& flag, const std::string& otherwise) {
    const std::string first = flag.type();
    return first.empty() ? otherwise : first;
  }

  const YamlDocument& document_;
  std::vector<Mistake> mistakes_;
  FlagSet set_;
};

std::vector<std::string> names_of(const FlagSet& set) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : set.flags) names.push_back(name);
  return names;
}

std::string variants_of(const Flag& flag) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : flag.variants) names.push_back(name);
  return joined(names);
}

}  // namespace

std::string FlagsFile::where(const std::string& flag) const {
  return document.where("/flags/" + flag);
}

FlagsFile parse_flags(std::string_view text, const std::string& name) {
  YamlDocument document = YamlDocument::parse(text, name);
  FlagSet set = FlagRules(document).read();
  return {.document = std::move(document), .set = std::move(set)};
}

void compare_flags(const std::map<std::string, FlagsFile>& files, Problems& problems) {
  // The first that has a flag says what it is.
  std::map<std::string, const FlagsFile*> known;
  for (const auto& [unused, file] : files) {
    for (const auto& [flag, each] : file.set.flags) known.emplace(flag, &file);
  }
  for (const auto& [unused, file] : files) {
    for (const auto& [name, first] : known) {
      const auto here = file.set.flags.find(name);
      if (here == file.set.flags.end()) {
        const std::string near = nearest(name, names_of(file.set));
        const bool is_missing_there = !near.empty() && !first->set.flags.contains(near);
        problems.add(format("{}: has no flag \"{}\", which {} has", file.document.where("/flags"),
                            name, first->where(name)),
                     is_missing_there ? format("{}: did you mean \"{}\"?", file.where(near), name)
                                      : "every environment has the same flags");
        continue;
      }
      const Flag& there = first->set.flags.at(name);
      if (here->second.type() == there.type() && variants_of(here->second) == variants_of(there)) {
        continue;
      }
      problems.add(format("{}: found the {} variants {}, {} has the {} variants {}",
                          file.where(name), here->second.type(), variants_of(here->second),
                          first->where(name), there.type(), variants_of(there)),
                   "a flag has the same variants everywhere; their values may differ");
    }
  }
}

}  // namespace sealift::release
