// SPDX-License-Identifier: Apache-2.0
#include "release/templates/references.hpp"

#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "base/text.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxChain = 16;
constexpr std::size_t kReferencesMaxText = 64U << 10;
constexpr std::size_t kMaxTotal = 8U << 20;

bool refers(const Json& text) {
  return text.is_string() && text.text().find("{{") != std::string::npos;
}

// Calls `visit` with every text of a value that may refer to others, and where it stands.
template <typename Value, typename Visit>
void each_text(Value& value, const std::string& where, Visit&& visit) {
  if (refers(value)) {
    visit(value, where);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      each_text(value[i], format("{}[{}]", where, i), visit);
    }
  } else if (value.is_object()) {
    for (auto field = value.begin(); field != value.end(); ++field) {
      each_text(field.value(), format("{}.{}", where, field.key()), visit);
    }
  }
}

class Resolver {
 public:
  Resolver(const Values& values, const std::set<std::string>& literal)
      : values_(values), literal_(literal) {}

  Values resolve() {
    for (const auto& [name, unused] : values_) visit(name);
    problems_.throw_if_any(Errc::invalid_input);
    return std::move(resolved_);
  }

 private:
  // Only what people write: a builtin name, such as that of a list of files, is taken as it is.
  bool is_read(const std::string& name) const {
    return is_value_name(name) && !literal_.contains(name);
  }

  // Puts the value of `name` into resolved_, after those that it refers to.
  void visit(const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end() || resolved_.contains(name)) return;
    Json value = found->second;
    if (is_read(name)) {
      if (!enter(name)) return;
      bool is_set = true;
      std::size_t& depth = depth_[name];  // fill() makes it what the text asks for
      each_text(value, format("values.{}", name), [&](Json& text, const std::string& where) {
        is_set = fill(text, where, depth) && is_set;
      });
      if (++depth == kMaxChain + 1) {
        problems_.add(format("values.{}: begins a chain of more than {} values", name, kMaxChain),
                      "write one of them out");
      }
      chain_.pop_back();
      if (!is_set) value = nullptr;
    }
    resolved_.emplace(name, std::move(value));
  }

  bool enter(const std::string& name) {
    const auto begin = std::find(chain_.begin(), chain_.end(), name);
    const bool is_cycle = begin != chain_.end();
    if (!is_cycle && chain_.size() < kMaxChain) {
      chain_.push_back(name);
      return true;
    }
    std::vector<std::string> shown(is_cycle ? begin : chain_.begin(), chain_.end());
    shown.push_back(name);
    problems_.add(format("values.{}: {}: {}", shown.front(), joined(shown, " -> "),
                         is_cycle ? "the value refers to itself"
                                  : format("a chain of more than {} values", kMaxChain)),
                  "write one of them out");
    return false;
  }

  // False where the text refers to a value that is not set. `depth` becomes that of the deepest.
  bool fill(Json& text, const std::string& where, std::size_t& depth) {
    try {
      const Template parsed = Template::parse(text.text(), where);
      bool is_set = true;
      for (const TemplateUse& use : parsed.uses()) {
        if (use.section) {
          throw Error(Errc::invalid_input,
                      format("{}: found a section, expected only names of values", where));
        }
        visit(use.name);
        depth = std::max(depth, depth_[use.name]);
        const auto found = resolved_.find(use.name);
        if (found == resolved_.end() && values_.contains(use.name)) return true;  // said by enter()
        if (found != resolved_.end() && found->second.is_null() && !use.guarded) is_set = false;
      }
      if (!is_set) return false;
      std::string filled = parsed.render(resolved_, kReferencesMaxText);
      total_ += filled.size();
      if (total_ > kMaxTotal) {
        throw Error(Errc::invalid_input,
                    format("{}: all values have more than {} bytes", where, kMaxTotal));
      }
      text = std::move(filled);
    } catch (const Error& error) {
      problems_.add(error.advising(kBracesOfOthers));
      if (total_ > kMaxTotal || problems_.all().size() > 100) {
        problems_.throw_if_any(Errc::invalid_input);
      }
    }
    return true;
  }

  const Values& values_;
  const std::set<std::string>& literal_;
  Values resolved_;
  std::vector<std::string> chain_;
  std::map<std::string, std::size_t> depth_;  // how many values a chain from there has
  std::size_t total_ = 0;
  Problems problems_;
};

// Adds `name` and what it refers to.
void reach(const std::string& name, const Values& values, std::set<std::string>& reached) {
  std::vector<std::string> waiting = {name};
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.back());
    waiting.pop_back();
    if (!reached.insert(next).second || !is_value_name(next)) continue;
    const auto found = values.find(next);
    if (found == values.end()) continue;
    each_text(found->second, next, [&](const Json& text, const std::string& where) {
      try {
        const Template parsed = Template::parse(text.get<std::string>(), where);
        for (const TemplateUse& use : parsed.uses()) waiting.push_back(use.name);
      } catch (const Error&) {  // no template: it refers to nothing
      }
    });
  }
}

}  // namespace

Values resolve(const Values& values, const std::set<std::string>& literal) {
  return Resolver(values, literal).resolve();
}

Values known_of(const Values& values) {
  Values all = values;
  for (const auto& [name, unused] : values) {
    for (const std::string& reached : reached_from(name, values)) all.emplace(reached, nullptr);
  }
  Values known;
  try {
    all = resolve(all);
  } catch (const Error&) {
    // Who asks resolve() is told; what refers to nothing is known all the same.
    for (auto& [name, value] : all) {
      bool refers = false;
      each_text(value, name, [&](const Json&, const std::string&) { refers = true; });
      if (refers) value = nullptr;
    }
  }
  for (const auto& [name, value] : values) {
    if (value.is_null() || !all.at(name).is_null()) known.emplace(name, all.at(name));
  }
  return known;
}

std::set<std::string> reached_from(const std::string& name, const Values& values) {
  std::set<std::string> reached;
  reach(name, values, reached);
  return reached;
}

std::set<std::string> names_used(const Template& text, const Values& values) {
  std::set<std::string> used;
  for (const TemplateUse& use : text.uses()) reach(use.name, values, used);
  return used;
}

}  // namespace sealift::release
