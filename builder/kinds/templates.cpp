// SPDX-License-Identifier: Apache-2.0
#include "builder/kinds/templates.hpp"

#include <algorithm>

#include "base/format.hpp"
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

}  // namespace

BuiltComponent build_templates(const release::ComponentEntry& entry, const Workshop& workshop,
                               std::string_view artifact_type, MadeFiles made, const Inspect& see,
                               const std::function<void(PackedTree&)>& finish) {
  std::vector<ValueUse> uses;
  std::vector<ValueUse> images;
  std::vector<release::Template> templates;
  std::map<std::string, EntryType> paths;
  const Inspect inspect = [&](const std::string& path, const std::string& content) {
    templates.push_back(release::Template::parse(content, path));
    const release::Template& parsed = templates.back();
    for (const release::TemplateUse& use : parsed.uses()) {
      uses.push_back({.name = use.name,
                      .where = format("{}:{}", path, use.line),
                      .guarded = use.guarded,
                      .sections = parsed.sections_around(use)});
    }
    if (see) see(path, content);
    if (!is_yaml(path)) return;
    for (ValueUse& image : images_in(content, path)) images.push_back(std::move(image));
  };
  PackedTree packed = pack_tree(
      workshop, entry, media_type::kMustacheTree,
      {.inspect = inspect,
       .see_row = [&](const release::FileEntry& row) { paths.emplace(row.path.str(), row.type); },
       .made = std::move(made)});
  if (finish) finish(packed);
  return {tree_component(entry, artifact_type, packed), std::move(uses), std::move(images),
          std::move(templates), std::move(paths)};
}

}  // namespace sealift::builder
