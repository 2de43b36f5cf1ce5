// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/config.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "builder/kinds/tree.hpp"
#include "content/media_types.hpp"
#include "release/template.hpp"

namespace sealift::builder {

namespace {

// The value of `image:` in a line of a compose file or manifest; empty where the line has none, or
// leaves it to a template.
std::string image_in(std::string_view line) {
  const auto skip = [&](std::string_view characters) {
    line.remove_prefix(std::min(line.find_first_not_of(characters), line.size()));
  };
  constexpr std::string_view kKey = "image:";
  skip(" -");
  if (!line.starts_with(kKey)) return "";
  line.remove_prefix(kKey.size());
  skip(" \"'");
  std::string value(line.substr(0, line.find_first_of(" \"'#\r")));
  return value.find_first_of("{$") == std::string::npos ? value : "";
}

bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

std::vector<ValueUse> images_in(std::string_view text, const std::string& path) {
  std::vector<ValueUse> found;
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (std::string name = image_in(text.substr(0, end)); !name.empty()) {
      found.push_back({std::move(name), format("{}:{}", path, line)});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

// Declared, or sealed for any environment.
bool is_secret(const release::Release& release, const std::string& key) {
  return release.contract.is_secret(key) ||
         std::any_of(release.sealed.begin(), release.sealed.end(),
                     [&](const auto& each) { return each.second.contains(key); });
}

class Config : public Kind {
 public:
  std::string_view name() const override { return "config"; }
  BuiltComponent build(const release::ComponentEntry& entry,
                       const Workshop& workshop) const override {
    std::vector<ValueUse> uses;
    std::vector<ValueUse> images;
    const Inspect inspect = [&](const std::string& path, const std::string& content) {
      const release::Template parsed = release::Template::parse(content, path);
      Problems problems;
      for (const release::TemplateUse& use : parsed.uses()) {
        uses.push_back({use.name, format("{}:{}", path, use.line)});
        if (!use.section || !is_secret(workshop.release, use.name)) continue;
        problems.add(format("{}:{}: the condition {} is a secret, expected a value that is none",
                            path, use.line, use.name));
      }
      problems.throw_if_any(Errc::invalid_input);
      if (!is_yaml(path)) return;
      for (ValueUse& image : images_in(content, path)) images.push_back(std::move(image));
    };
    const PackedTree packed = pack_tree(workshop.release.folder, entry, media_type::kMustacheTree,
                                        workshop.spool, workshop.progress, inspect);
    return {tree_component(entry, media_type::kConfig, packed), std::move(uses), std::move(images)};
  }
};

}  // namespace

const Kind& config_kind() {
  static const Config kind;
  return kind;
}

}  // namespace sealift::builder
