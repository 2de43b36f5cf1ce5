// SPDX-License-Identifier: Apache-2.0
#include "release/templates/template.hpp"

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <map>
#include <set>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "release/templates/template_scanner.hpp"
#include "release/text/schema.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::size_t kBytesPerStep = 256;  // what a filter writes counts too

using Kind = TemplateNode::Kind;

const Json kTrue = true;
const Json kFalse = false;

using Data = kainjow::mustache::data;

enum class Unset { refused, passed_over };

// Renders with the library. It is given tags alone, each the number of a part: "{{&0}}{{#1}}..." So
// nothing that a text holds can be taken for a tag, and every question comes back here, where
// lines are known and steps and bytes are counted.
class Renderer {
 public:
  Renderer(const std::string& where, const std::vector<TemplateNode>& nodes,
           const std::vector<TemplateUse>& uses, const Values& values, std::size_t limit,
           Unset unset)
      : where_(where), nodes_(nodes), uses_(uses), values_(values), limit_(limit), unset_(unset) {}

  std::string render() {
    check();
    problems_.throw_if_any(Errc::invalid_input);
    std::string tags;
    write_tags(0, nodes_.size(), tags);
    kainjow::mustache::mustache engine(tags);
    engine.set_custom_escape([](const std::string& text) { return text; });
    Questions questions(*this);
    engine.render(questions, *this);
    problems_.throw_if_any(Errc::invalid_input);
    if (!engine.is_valid()) throw Error(Errc::internal, engine.error_message());
    return std::move(out_);
  }

  // What the library writes: nothing. It keeps whatever it was given until a line ends, which here
  // is never, so parts are written when it asks for them, and counted before they take memory.
  Renderer& operator<<(const std::string&) { return *this; }

 private:
  // What the library asks.
  class Questions : public kainjow::mustache::basic_context<std::string> {
   public:
    explicit Questions(Renderer& renderer) : renderer_(renderer) {}
    const Data* get(const std::string& part) const override {
      return &renderer_.answer(static_cast<std::size_t>(std::stoul(part)));
    }
    const Data* get_partial(const std::string&) const override { return nullptr; }
    void push(const Data* section) override { renderer_.enter(*section); }
    void pop() override { renderer_.items_.pop_back(); }

   private:
    Renderer& renderer_;
  };

  struct Item {
    const Json* value = nullptr;  // null: of a section that is no list
    bool is_first = false;
    bool is_last = false;
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

  void write_tags(std::size_t begin, std::size_t end, std::string& tags) const {
    for (std::size_t i = begin; i < end;) {
      const TemplateNode& node = nodes_[i];
      if (node.kind == Kind::text || node.kind == Kind::value) {
        tags += format("{{{{&{}}}}}", i++);
        continue;
      }
      tags += format("{{{{{}{}}}}}", node.kind == Kind::section ? '#' : '^', i);
      write_tags(i + 1, node.end, tags);
      tags += format("{{{{/{}}}}}", i);
      i = node.end;
    }
  }

  const Data& answer(std::size_t part) {
    const TemplateNode& node = nodes_[part];
    step(node, 1);
    Data& kept = answers_[part];
    if (node.kind == Kind::text) {
      put(node.text);
    } else if (node.kind == Kind::value) {
      put(text_of(node));
    } else {
      kept = section(node, part);
    }
    return kept;
  }

  void put(const std::string& piece) {
    if (out_.size() + piece.size() > limit_) {
      throw Error(Errc::invalid_input, format("{}: renders to more than {} bytes", where_, limit_));
    }
    out_ += piece;
  }

  // Goes into a section that is no list, or into an item of one: "PART ITEM".
  void enter(const Data& section) {
    items_.emplace_back();
    if (!section.is_string()) return;
    const std::string& place = section.string_value();
    const Json& list = *lists_[std::stoul(place)];
    const std::size_t item = std::stoul(place.substr(place.find(' ')));
    items_.back() = {&list[item], item == 0, item + 1 == list.size()};
  }

  std::string text_of(const TemplateNode& node) {
    Json filtered;
    const Json* value = filtered_value(node, filtered);
    if (value == nullptr) return "";
    if (value->is_structured()) {
      refuse(node, format("is {}, expected text, a number, true or false", sort_of(*value)),
             "name one field, repeat a section for each item, or write it whole: | json");
      return "";
    }
    return value->is_string() ? value->get<std::string>() : scalar_text(*value);
  }

  Data section(const TemplateNode& node, std::size_t part) {
    Json filtered;
    const Json* value = filtered_value(node, filtered);
    if (value == nullptr || !check_condition(node, *value)) return left_out(node);
    if (value->is_boolean()) return Data(value->get<bool>());
    lists_[part] = value;
    Data list(Data::type::list);
    for (std::size_t item = 0; item < value->size(); ++item) {
      if (node.kind == Kind::section) step(node, 1);
      list.push_back(Data(format("{} {}", part, item)));
    }
    return list;
  }

  static Data left_out(const TemplateNode& node) { return Data(node.kind == Kind::inverted); }

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
      const auto item = std::find_if(items_.rbegin(), items_.rend(),
                                     [](const Item& each) { return each.value != nullptr; });
      if (item == items_.rend()) return nullptr;
      if (name == ".") return item->value;
      return (name == ".first" ? item->is_first : item->is_last) ? &kTrue : &kFalse;
    }
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
      if (item->value == nullptr || !item->value->is_object()) continue;
      const auto field = item->value->find(name);
      if (field != item->value->end()) return &*field;
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
          step(node, 1 + filtered.text().size() / kBytesPerStep);
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
  std::map<std::size_t, const Json*> lists_;  // by their parts; no filter makes one
  std::map<std::size_t, Data> answers_;       // by their parts: the library points to them
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

Template Template::verbatim(std::string text, const std::string& where) {
  Template result;
  result.where_ = where;
  result.nodes_.push_back({.kind = TemplateNode::Kind::text,
                           .text = std::move(text),
                           .expression = {},
                           .line = 1,
                           .use = -1,
                           .end = 0});
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
