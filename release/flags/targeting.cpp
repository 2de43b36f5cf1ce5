// SPDX-License-Identifier: Apache-2.0
#include "release/flags/targeting.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
#include "release/text/schema.hpp"
#include "release/text/semver.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kTargetingMany = std::numeric_limits<std::size_t>::max();
constexpr std::uint64_t kMaxWeights = 2'147'483'647;  // of one fractional: flagd's own limit

enum class Answer { anything, truth };

struct Operator {
  std::string_view name;
  std::size_t least;
  std::size_t most;
  Answer answer;
};

// Those whose operands are rules or plain values; the others have checks of their own.
constexpr std::array kOperators = {
    Operator{"==", 2, 2, Answer::truth},
    Operator{"===", 2, 2, Answer::truth},
    Operator{"!=", 2, 2, Answer::truth},
    Operator{"!==", 2, 2, Answer::truth},
    Operator{">", 2, 2, Answer::truth},
    Operator{">=", 2, 2, Answer::truth},
    Operator{"<", 2, 3, Answer::truth},
    Operator{"<=", 2, 3, Answer::truth},
    Operator{"!", 1, 1, Answer::truth},
    Operator{"!!", 1, 1, Answer::truth},
    Operator{"all", 2, 2, Answer::truth},
    Operator{"none", 2, 2, Answer::truth},
    Operator{"some", 2, 2, Answer::truth},
    Operator{"in", 2, 2, Answer::truth},
    Operator{"or", 1, kTargetingMany, Answer::anything},
    Operator{"and", 1, kTargetingMany, Answer::anything},
    Operator{"+", 2, kTargetingMany, Answer::anything},
    Operator{"*", 2, kTargetingMany, Answer::anything},
    Operator{"-", 1, 2, Answer::anything},
    Operator{"/", 2, 2, Answer::anything},
    Operator{"%", 2, 2, Answer::anything},
    Operator{"max", 1, kTargetingMany, Answer::anything},
    Operator{"min", 1, kTargetingMany, Answer::anything},
    Operator{"map", 2, 2, Answer::anything},
    Operator{"filter", 2, 2, Answer::anything},
    Operator{"reduce", 3, 3, Answer::anything},
    Operator{"merge", 1, kTargetingMany, Answer::anything},
    Operator{"cat", 1, kTargetingMany, Answer::anything},
    Operator{"substr", 2, 3, Answer::anything},
    Operator{"if", 2, kTargetingMany, Answer::anything},
    Operator{"starts_with", 2, 2, Answer::truth},
    Operator{"ends_with", 2, 2, Answer::truth},
    Operator{"sem_ver", 3, 3, Answer::truth},
    Operator{"fractional", 1, kTargetingMany, Answer::anything},
    Operator{"missing", 0, kTargetingMany, Answer::anything},
    Operator{"missing_some", 2, 2, Answer::anything},
};

constexpr std::array kComparisons = {"=", "!=", ">", "<", ">=", "<=", "~", "^"};

const Operator* operator_named(std::string_view name) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [&](const Operator& each) { return each.name == name; });
  return found == kOperators.end() ? nullptr : &*found;
}

bool is_rule(const Json& value) {
  return value.is_object() && value.size() == 1;
}

bool has_operator(const Json& value, std::string_view word) {
  return is_rule(value) && value.begin().key() == word;
}

std::string operands_text(const Operator& known) {
  if (known.least == known.most) return std::to_string(known.least);
  return known.most == kTargetingMany ? format("at least {}", known.least)
                                      : format("{} to {}", known.least, known.most);
}

// Judges a rule by what flagd's schema says of each operator: an application that cannot read a
// rule falls back to what its code says, without a word to anybody here.
class Check {
 public:
  // Null: a rule that flags share, which names no other and answers nobody yet.
  Check(const Json* evaluators, const std::map<std::string, Json>* variants)
      : evaluators_(evaluators), variants_(variants) {}

  std::vector<TargetingMistake> run(const Json& rule) {
    if (!is_rule(rule)) {
      add("", "found no rule, expected one operator and its operands");
    } else if (has_operator(rule, "$ref")) {
      add("/$ref", "found $ref alone", "use it inside another rule, such as if");
    } else {
      check(rule, "", 1);
      if (variants_ != nullptr) check_answer(rule, "");
    }
    return std::move(mistakes_);
  }

 private:
  void add(const std::string& pointer, std::string found, std::string hint = {}) {
    mistakes_.push_back({pointer, std::move(found), std::move(hint)});
  }

  // A rule, a list or a plain value anywhere in targeting.
  void check(const Json& value, const std::string& at, std::size_t depth) {
    if (is_over_limits(at, depth)) return;
    if (value.is_array()) {
      check_each(value, at, depth);
    } else if (value.is_object()) {
      check_rule(value, at, depth);
    }
  }

  void check_each(const Json& list, const std::string& at, std::size_t depth) {
    for (std::size_t i = 0; i < list.size(); ++i) check(list[i], format("{}/{}", at, i), depth + 1);
  }

  bool is_over_limits(const std::string& at, std::size_t depth) {
    if (depth > kMaxTargetingDepth) {
      add(at, format("found nesting deeper than {}", kMaxTargetingDepth));
      return true;
    }
    if (++nodes_ <= kMaxTargetingNodes) return false;
    if (nodes_ == kMaxTargetingNodes + 1) {
      add(at, format("found more than {} parts of a rule", kMaxTargetingNodes));
    }
    return true;
  }

  void check_rule(const Json& rule, const std::string& at, std::size_t depth) {
    if (rule.size() != 1) {
      add(at, format("found {} operators, expected one", rule.size()));
      return;
    }
    const std::string& word = rule.begin().key();
    const Json& operands = rule.begin().value();
    const std::string inside = format("{}/{}", at, word);
    if (word == "var") return check_var(operands, inside);
    if (word == "$ref") return check_reference(operands, inside);
    const Operator* known = operator_named(word);
    if (known == nullptr) {
      std::vector<std::string> words = {"var", "$ref"};
      for (const Operator& each : kOperators) words.emplace_back(each.name);
      const std::string near = nearest(word, words);
      add(inside, format("unknown operator \"{}\"", printable(word, 80)),
          near.empty() ? "operators are: " + joined(words) : format("did you mean \"{}\"?", near));
      return;
    }
    const bool is_single = known->least == 1 && known->most == 1 && is_rule(operands);
    if (is_single) return check(operands, inside, depth + 1);
    if (!operands.is_array() || operands.size() < known->least || operands.size() > known->most) {
      add(inside, format("found {}, expected a list of {}",
                         operands.is_array() ? format("{} operands", operands.size())
                                             : std::string("no list"),
                         operands_text(*known)));
      return;
    }
    if (word == "missing") return check_names(operands, inside);
    if (word == "missing_some") return check_missing_some(operands, inside);
    if (word == "sem_ver") check_sem_ver(operands, inside);
    if (word == "starts_with" || word == "ends_with") check_texts(operands, inside);
    if (word == "fractional") return check_fractional(operands, inside, depth);
    check_each(operands, inside, depth);
  }

  // "user.country", or the same and a value for where there is none.
  void check_var(const Json& operand, const std::string& at) {
    const bool is_list = operand.is_array() && (operand.size() == 1 || operand.size() == 2);
    const Json& path = is_list ? operand[0] : operand;
    if (!path.is_string() || (is_list && operand.size() == 2 && operand[1].is_structured())) {
      add(at, "found no name, expected that of a property, or [NAME, VALUE]");
      return;
    }
    const std::string name = path;
    if (name.starts_with("$flagd.") && name != "$flagd.timestamp" && name != "$flagd.flagKey") {
      add(at,
          format("found \"{}\", expected $flagd.timestamp or $flagd.flagKey", printable(name, 80)));
    }
  }

  void check_reference(const Json& operand, const std::string& at) {
    if (evaluators_ == nullptr) {
      add(at, "found a reference in a shared rule", "write out what it refers to");
      return;
    }
    if (operand.is_string() && evaluators_->contains(operand.get<std::string>())) return;
    std::vector<std::string> known;
    for (const auto& [name, unused] : evaluators_->items()) known.push_back(name);
    const std::string typed = operand.is_string() ? operand.get<std::string>() : operand.dump();
    const std::string near = nearest(typed, known);
    add(at, format("found \"{}\", which evaluators does not have", printable(typed, 80)),
        near.empty() ? "" : format("did you mean \"{}\"?", printable(near, 80)));
  }

  void check_names(const Json& names, const std::string& at) {
    const bool all =
        std::all_of(names.begin(), names.end(), [](const Json& each) { return each.is_string(); });
    if (!all) add(at, "found something else, expected names of properties");
  }

  // [HOW MANY, [NAME, ...]]
  void check_missing_some(const Json& operands, const std::string& at) {
    if (operands[0].is_number() && operands[1].is_array()) {
      return check_names(operands[1], at + "/1");
    }
    add(at, "expected a number and a list of names");
  }

  void check_sem_ver(const Json& operands, const std::string& at) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
      if (has_operator(operands[i], "var")) continue;
      try {
        Version::parse(operands[i].is_string() ? operands[i].get<std::string>() : "");
      } catch (const Error&) {
        add(format("{}/{}", at, i), format("found {}, expected a semantic version or var",
                                           printable(operands[i].dump(), 80)));
      }
    }
    if (std::find(kComparisons.begin(), kComparisons.end(), operands[1]) == kComparisons.end()) {
      add(at + "/1", format("found {}, expected one of = != > < >= <= ~ ^",
                            printable(operands[1].dump(), 40)));
    }
  }

  void check_texts(const Json& operands, const std::string& at) {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].is_string() || is_rule(operands[i])) continue;
      add(format("{}/{}", at, i), "expected text or a rule");
    }
  }

  // By what, where it is said, then [VARIANT, WEIGHT] each.
  void check_fractional(const Json& operands, const std::string& at, std::size_t depth) {
    std::size_t first = 0;
    if (is_rule(operands[0])) {
      check(operands[0], at + "/0", depth + 1);
      first = 1;
    }
    if (first == operands.size()) add(at, "found no share, expected [VARIANT, WEIGHT]");
    std::uint64_t sum = 0;
    for (std::size_t i = first; i < operands.size(); ++i) {
      const std::string inside = format("{}/{}", at, i);
      const Json& share = operands[i];
      if (!share.is_array() || share.empty() || share.size() > 2) {
        add(inside, "found no share, expected [VARIANT, WEIGHT]");
        continue;
      }
      check(share[0], inside + "/0", depth + 2);
      if (share.size() == 1) {
        sum += 1;
      } else if (share[1].is_number_unsigned() && share[1].get<std::uint64_t>() <= kMaxWeights) {
        sum += share[1].get<std::uint64_t>();
      } else {
        add(inside + "/1", format("found the weight {}, expected a whole number from 0",
                                  printable(share[1].dump(), 40)));
      }
    }
    if (sum > kMaxWeights) add(at, format("found weights of more than {} in all", kMaxWeights));
  }

  // What the rule may answer, as far as that stands in it, must be a variant.
  void check_answer(const Json& value, const std::string& at) {
    if (value.is_null()) return;
    if (value.is_object()) return check_answer_of(value, at);
    const std::string answer = value.is_string()    ? value.get<std::string>()
                               : value.is_boolean() ? value.dump()
                                                    : "";
    if (value.is_string() || value.is_boolean()) {
      if (variants_->contains(answer)) return;
      std::vector<std::string> known;
      for (const auto& [name, unused] : *variants_) known.push_back(name);
      const std::string near = nearest(answer, known);
      add(at, format("answers \"{}\", which is no variant of the flag", printable(answer, 80)),
          near.empty() ? "variants are: " + printable(joined(known), 400)
                       : format("did you mean \"{}\"?", printable(near, 80)));
      return;
    }
    add(at, "answers with something that is no variant of the flag");
  }

  void check_answer_of(const Json& rule, const std::string& at) {
    if (rule.size() != 1) return;  // said already
    const std::string& word = rule.begin().key();
    const Json& operands = rule.begin().value();
    const std::string inside = format("{}/{}", at, word);
    if (word == "$ref" && evaluators_ != nullptr && operands.is_string()) {
      const auto shared = evaluators_->find(operands.get<std::string>());
      // Said at the reference: the shared rule may suit other flags.
      if (shared != evaluators_->end() && is_rule(*shared)) check_answer_at(*shared, inside);
    } else if (word == "if" && operands.is_array()) {
      for (std::size_t i = 0; i < operands.size(); ++i) {
        const bool is_otherwise = i + 1 == operands.size() && i % 2 == 0;
        if (i % 2 == 1 || is_otherwise) check_answer(operands[i], format("{}/{}", inside, i));
      }
    } else if (word == "fractional" && operands.is_array()) {
      for (std::size_t i = 0; i < operands.size(); ++i) {
        if (!operands[i].is_array() || operands[i].empty()) continue;
        check_answer(operands[i][0], format("{}/{}/0", inside, i));
      }
    } else if (const Operator* known = operator_named(word);
               known != nullptr && known->answer == Answer::truth &&
               !(variants_->contains("true") && variants_->contains("false"))) {
      add(inside, "answers true or false, which are no variants of the flag",
          "say which variant: if: [..., VARIANT, VARIANT]");
    }
  }

  void check_answer_at(const Json& rule, const std::string& at) {
    Check other(nullptr, variants_);
    other.check_answer_of(rule, "");
    for (TargetingMistake& mistake : other.mistakes_) {
      mistakes_.push_back({at, std::move(mistake.found), std::move(mistake.hint)});
    }
  }

  const Json* evaluators_;
  const std::map<std::string, Json>* variants_;
  std::size_t nodes_ = 0;
  std::vector<TargetingMistake> mistakes_;
};

}  // namespace

std::vector<TargetingMistake> check_targeting(const Json& rule, const Json& evaluators,
                                              const std::map<std::string, Json>& variants) {
  return Check(&evaluators, &variants).run(rule);
}

std::vector<TargetingMistake> check_evaluator(const Json& rule) {
  return Check(nullptr, nullptr).run(rule);
}

}  // namespace sealift::release
