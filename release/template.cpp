// SPDX-License-Identifier: Apache-2.0
#include "release/template.hpp"

#include <algorithm>
#include <kainjow/mustache.hpp>

#include "base/format.hpp"
#include "base/path.hpp"
#include "release/schema.hpp"
#include "release/tls.hpp"

namespace sealift::release {

namespace {

constexpr std::size_t kMaxDepth = 16;

const std::vector<std::string> kBuiltins = {"release.name", "release.version", "environment"};

// A digit may come first here: image names have them.
bool is_image_name(std::string_view name) {
  constexpr std::string_view kImage = "image.";
  return name.starts_with(kImage) && is_value_name(format("_{}", name.substr(kImage.size())));
}

bool is_name(std::string_view name) {
  return is_value_name(name) || is_image_name(name) || !tls_name(name).empty() ||
         std::find(kBuiltins.begin(), kBuiltins.end(), name) != kBuiltins.end();
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Finds the tags, says what the renderer would pass over in silence, and writes each in the one
// form that the renderer is given: conditions are looked up as "NAME?", because a boolean is either
// true or false there and text everywhere else.
class Scanner {
 public:
  Scanner(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  std::vector<TemplateUse> scan() {
    while (true) {
      const std::size_t open = rest_.find("{{");
      normal_ += rest_.substr(0, open);
      if (open == std::string_view::npos) break;
      skip(open);
      if (!tag()) break;
    }
    for (const TemplateUse& section : open_) {
      problems_.add(format("{}:{}: the section \"{}\" is not closed", where_, section.line,
                           printable(section.name, 80)));
    }
    problems_.throw_if_any(Errc::invalid_input);
    return std::move(uses_);
  }
  std::string take_normal() { return std::move(normal_); }

 private:
  void skip(std::size_t count) {
    line_ += static_cast<int>(
        std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(count), '\n'));
    rest_.remove_prefix(count);
  }

  void refuse(const std::string& found, const std::string& hint = {}) {
    problems_.add(format("{}:{}: {}", where_, line_, found), hint);
  }

  // Takes one tag from the front; false where it never ends.
  bool tag() {
    const bool triple = rest_.starts_with("{{{");
    const std::string_view closing = triple ? "}}}" : "}}";
    const std::size_t begin = triple ? 3 : 2;
    const std::size_t end = rest_.find(closing, begin);
    if (end == std::string_view::npos) {
      refuse("found \"{{\" without its \"}}\"");
      return false;
    }
    std::string_view inside = trimmed(rest_.substr(begin, end - begin));
    const char sign = inside.empty() ? ' ' : inside.front();
    if (sign == '!' && !triple) {
      normal_ += "{{!}}";
    } else if (sign == '>' || sign == '=') {
      refuse(sign == '>' ? "found a partial, which this language does not have"
                         : "found other delimiters, which this language does not have");
    } else if (!triple && (sign == '#' || sign == '^')) {
      open(sign, trimmed(inside.substr(1)));
    } else if (!triple && sign == '/') {
      close(trimmed(inside.substr(1)));
    } else {
      if (sign == '&' && !triple) inside = trimmed(inside.substr(1));
      use(inside, false);
      normal_ += format("{{{{&{}}}}}", inside);
    }
    skip(end + closing.size());
    return true;
  }

  void use(std::string_view name, bool section) {
    if (!is_name(name)) {
      refuse(format("found \"{}\", expected the name of a value", printable(name, 80)),
             "names are letters, digits and _, or release.name, release.version, environment");
      return;
    }
    uses_.push_back({std::string(name), line_, section});
  }

  void open(char sign, std::string_view name) {
    use(name, true);
    normal_ += format("{{{{{}{}?}}}}", sign, name);
    if (open_.size() >= kMaxDepth)
      refuse(format("found sections nested deeper than {}", kMaxDepth));
    open_.push_back({std::string(name), line_, true});
  }

  void close(std::string_view name) {
    if (open_.empty() || open_.back().name != name) {
      refuse(format("found the end of \"{}\", expected that of \"{}\"", printable(name, 80),
                    open_.empty() ? "nothing" : printable(open_.back().name, 80)));
      return;
    }
    open_.pop_back();
    normal_ += format("{{{{/{}?}}}}", name);
  }

  std::string_view rest_;
  std::string where_;
  int line_ = 1;
  std::string normal_;
  std::vector<TemplateUse> uses_;
  std::vector<TemplateUse> open_;
  Problems problems_;
};

// Looks names up by their whole spelling: "release.name" is one name.
class Lookup : public kainjow::mustache::basic_context<std::string> {
 public:
  explicit Lookup(const Values& values) {
    for (const auto& [name, value] : values) {
      data_.emplace(name, kainjow::mustache::data(scalar_text(value)));
      if (value.is_boolean()) {
        data_.emplace(name + "?", kainjow::mustache::data(value.get<bool>()));
      }
    }
  }
  void push(const kainjow::mustache::data*) override {}
  void pop() override {}
  const kainjow::mustache::data* get(const std::string& name) const override {
    const auto found = data_.find(name);
    return found == data_.end() ? nullptr : &found->second;
  }
  const kainjow::mustache::data* get_partial(const std::string&) const override { return nullptr; }

 private:
  std::map<std::string, kainjow::mustache::data> data_;
};

// What the renderer writes to.
struct Rendered {
  std::string where;
  std::string text;

  Rendered& operator<<(const std::string& piece) {
    if (text.size() + piece.size() > kMaxRenderedBytes) {
      throw Error(Errc::invalid_input,
                  format("{}: renders to more than {} bytes", where, kMaxRenderedBytes));
    }
    text += piece;
    return *this;
  }
};

}  // namespace

Values builtin_values(const std::string& release, const std::string& version,
                      const std::string& environment) {
  return {{"release.name", release}, {"release.version", version}, {"environment", environment}};
}

Template Template::parse(std::string_view text, const std::string& where) {
  if (text.size() > kMaxTemplateBytes) {
    throw Error(Errc::invalid_input,
                format("{}: {} bytes, expected at most {}", where, text.size(), kMaxTemplateBytes));
  }
  Template result;
  result.where_ = where;
  Scanner scanner(text, where);
  result.uses_ = scanner.scan();
  result.normal_ = scanner.take_normal();
  return result;
}

std::string Template::render(const Values& values) const {
  std::vector<std::string> known;
  for (const auto& [name, unused] : values) known.push_back(name);
  Problems problems;
  for (const TemplateUse& use : uses_) {
    const std::string place = format("{}:{}", where_, use.line);
    const auto found = values.find(use.name);
    if (found == values.end()) {
      const std::string near = nearest(use.name, known);
      problems.add(format("{}: no value is named \"{}\"", place, use.name),
                   near.empty() ? "add it to the environment's values"
                                : format("did you mean \"{}\"?", near));
    } else if (found->second.is_null()) {
      problems.add(format("{}: the value {} is not set", place, use.name),
                   format("each site must set it: add {} to values in site.yaml", use.name));
    } else if (use.section && !found->second.is_boolean()) {
      problems.add(format("{}: the condition {} is {}, expected true or false", place, use.name,
                          printable(found->second.dump(), 40)));
    }
  }
  problems.throw_if_any(Errc::invalid_input);

  Lookup lookup(values);
  kainjow::mustache::mustache engine(normal_);
  engine.set_custom_escape([](const std::string& text) { return text; });
  Rendered rendered{.where = where_, .text = {}};
  engine.render(lookup, rendered);
  if (!engine.is_valid()) {
    throw Error(Errc::invalid_input, format("{}: {}", where_, engine.error_message()));
  }
  return rendered.text;
}

}  // namespace sealift::release
