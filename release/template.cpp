// SPDX-License-Identifier: Apache-2.0
#include "release/template.hpp"

#include <map>
#include <set>

#include "base/format.hpp"
#include "release/schema.hpp"
#include "release/template_scanner.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::size_t kBytesPerStep = 256;  // what a filter writes counts too

using Kind = TemplateNode::Kind;

const Json kTrue = true;
const Json kFalse = false;

enum class Unset { refused, passed_over };

class Renderer {
 public:
  Renderer(const std::string& where, const std::vector<TemplateNode>& nodes,
           const std::vector<TemplateUse>& uses, const Values& values, std::size_t limit,
           Unset unset)
      : where_(where), nodes_(nodes), uses_(uses), values_(values), limit_(limit), unset_(unset) {}

  std::string render() {
    check();
    problems_.throw_if_any(Errc::invalid_input);
    render(0, nodes_.size());
    problems_.throw_if_any(Errc::invalid_input);
    return std::move(out_);
  }

 private:
  struct Item {
    const Json& value;
    bool is_first;
    bool is_last;
  };

  // What can be said before anything is rendered, of parts that are left out too. A name inside a
  // list waits until there is an item.
  void check() {
    for (const TemplateNode& node : nodes_) {
      if (node.use < 0 || is_in_list(node.use)) continue;
      const Json* value = value_of(node);
      if (value == nullptr || value->is_null() || !node.expression.filters.empty()) continue;
      if (node.kind == Kind::section || node.kind == Kind::inverted) check_condition(node, *value);
    }
  }

  bool is_in_list(int use) const {
    for (int each = uses_[static_cast<std::size_t>(use)].around; each >= 0;
         each = uses_[static_cast<std::size_t>(each)].around) {
      const auto found = values_.find(uses_[static_cast<std::size_t>(each)].name);
      if (found != values_.end() && found->second.is_array()) return true;
    }
    return false;
  }

  void render(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end;) {
      const TemplateNode& node = nodes_[i];
      step(node, 1);
      switch (node.kind) {
        case Kind::text:
          put(node.text);
          break;
        case Kind::value:
          put_value(node);
          break;
        default:
          put_section(node, i + 1);
      }
      i = node.kind == Kind::text || node.kind == Kind::value ? i + 1 : node.end;
    }
  }

  void put(const std::string& piece) {
    if (out_.size() + piece.size() > limit_) {
      throw Error(Errc::invalid_input, format("{}: renders to more than {} bytes", where_, limit_));
    }
    out_ += piece;
  }

  void put_value(const TemplateNode& node) {
    Json filtered;
    const Json* value = filtered_value(node, filtered);
    if (value == nullptr) return;
    if (value->is_structured()) {
      refuse(node, format("is {}, expected text, a number, true or false", sort_of(*value)),
             "name one field, repeat a section for each item, or write it whole: | json");
      return;
    }
    put(value->is_string() ? value->get_ref<const std::string&>() : scalar_text(*value));
  }

  void put_section(const TemplateNode& node, std::size_t inside) {
    Json filtered;
    const Json* value = filtered_value(node, filtered);
    if (value == nullptr || !check_condition(node, *value)) return;
    if (value->is_boolean() || node.kind == Kind::inverted) {
      const bool holds = value->is_boolean() ? value->get<bool>() : !value->empty();
      if (holds == (node.kind == Kind::section)) render(inside, node.end);
      return;
    }
    for (std::size_t i = 0; i < value->size(); ++i) {
      step(node, 1);
      items_.push_back({(*value)[i], i == 0, i + 1 == value->size()});
      render(inside, node.end);
      items_.pop_back();
    }
  }

  bool check_condition(const TemplateNode& node, const Json& value) {
    if (value.is_boolean() || value.is_array()) return true;
    add(node,
        format("the condition {} is {}, expected true or false, or a list", node.expression.name,
               sort_of(value)),
        format("whether it has a value asks {{{{#{} | set}}}}", node.expression.name));
    return false;
  }

  // Null where there is none, which was said.
  const Json* value_of(const TemplateNode& node) {
    const std::string& name = node.expression.name;
    const Json* value = find(name);
    if (value == nullptr && node.expression.is_of_item()) {
      add(node, format("found {{{{{}}}}} outside of a list", name), "");
    } else if (value == nullptr) {
      add(node, format("no value is named \"{}\"", name), hint_for(name));
    } else if (value->is_null() &&
               !(node.use >= 0 && uses_[static_cast<std::size_t>(node.use)].guarded)) {
      if (unset_ == Unset::refused) {
        add(node, format("the value {} is not set", name),
            format("each site must set it: add {} to values in site.yaml", name));
      }
      return nullptr;
    }
    return value;
  }

  // Kept: comparing a name with all others takes its time.
  const std::string& hint_for(const std::string& missing) {
    std::string& hint = hints_[missing];
    if (!hint.empty()) return hint;
    std::vector<std::string> known;
    for (const auto& [each, unused] : values_) known.push_back(each);
    const std::string near = nearest(missing, known);
    hint =
        near.empty() ? "add it to the environment's values" : format("did you mean \"{}\"?", near);
    return hint;
  }

  const Json* find(const std::string& name) const {
    if (name.front() == '.') {
      if (items_.empty()) return nullptr;
      if (name == ".") return &items_.back().value;
      const bool holds = name == ".first" ? items_.back().is_first : items_.back().is_last;
      return holds ? &kTrue : &kFalse;
    }
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
      if (!item->value.is_object()) continue;
      const auto field = item->value.find(name);
      if (field != item->value.end()) return &*field;
    }
    const auto value = values_.find(name);
    return value == values_.end() ? nullptr : &value->second;
  }

  // The value behind all filters, which is kept in `filtered`; null where there is none.
  const Json* filtered_value(const TemplateNode& node, Json& filtered) {
    const Json* value = value_of(node);
    if (value == nullptr) return nullptr;
    try {
      for (const Filter& filter : node.expression.filters) {
        filtered = apply_filter(filter, *value);
        value = &filtered;
        if (filtered.is_string()) {
          step(node, 1 + filtered.get_ref<const std::string&>().size() / kBytesPerStep);
        }
      }
    } catch (const Error& error) {
      refuse(node, error.message(), error.hint());
      return nullptr;
    }
    return value;
  }

  void step(const TemplateNode& node, std::size_t count) {
    steps_ += count;
    if (steps_ <= kMaxRenderSteps) return;
    throw Error(
        Errc::invalid_input,
        format("{}:{}: rendering takes more than {} steps", where_, node.line, kMaxRenderSteps),
        "the steps of a list inside a list multiply");
  }

  void refuse(const TemplateNode& node, const std::string& found, const std::string& hint) {
    const std::string& name = node.expression.name;
    add(node, format("{} {}", name == "." ? "the item" : name, found), hint);
  }

  // A mistake that each item of a list repeats is said once.
  void add(const TemplateNode& node, const std::string& found, const std::string& hint) {
    std::string message = format("{}:{}: {}", where_, node.line, found);
    if (!said_.insert(message).second) return;
    problems_.add(std::move(message), hint);
    if (said_.size() >= kMaxProblems) problems_.throw_if_any(Errc::invalid_input);
  }

  const std::string& where_;
  const std::vector<TemplateNode>& nodes_;
  const std::vector<TemplateUse>& uses_;
  const Values& values_;
  const std::size_t limit_;
  const Unset unset_;
  std::vector<Item> items_;
  std::string out_;
  std::uint64_t steps_ = 0;
  std::set<std::string> said_;
  std::map<std::string, std::string> hints_;
  Problems problems_;
};

}  // namespace

Values builtin_values(const std::string& release, const std::string& version,
                      const std::string& environment) {
  return {{"release.name", release}, {"release.version", version}, {"environment", environment}};
}

bool may_be_field(const std::string& name, const std::vector<std::string>& sections,
                  const Values& values) {
  for (const std::string& section : sections) {
    const auto found = values.find(section);
    if (found == values.end() || found->second.is_null()) return true;
    const Json& list = found->second;
    if (!list.is_array()) continue;
    if (list.empty()) return true;
    for (const Json& item : list) {
      if (item.is_object() && item.contains(name)) return true;
    }
  }
  return false;
}

Template Template::parse(std::string_view text, const std::string& where) {
  if (text.size() > kMaxTemplateBytes) {
    throw Error(Errc::invalid_input,
                format("{}: {} bytes, expected at most {}", where, text.size(), kMaxTemplateBytes));
  }
  Template result;
  result.where_ = where;
  TemplateScanner scanner(text, where);
  scanner.scan();
  result.nodes_ = scanner.take_nodes();
  result.uses_ = scanner.take_uses();
  return result;
}

std::vector<std::string> Template::sections_around(const TemplateUse& use) const {
  std::vector<std::string> names;
  for (int each = use.around; each >= 0;) {
    const TemplateUse& section = uses_[static_cast<std::size_t>(each)];
    names.push_back(section.name);
    each = section.around;
  }
  return names;
}

std::string Template::render(const Values& values, std::size_t limit) const {
  return Renderer(where_, nodes_, uses_, values, limit, Unset::refused).render();
}

void Template::check(const Values& values) const {
  Renderer(where_, nodes_, uses_, values, kMaxRenderedBytes, Unset::passed_over).render();
}

}  // namespace sealift::release
