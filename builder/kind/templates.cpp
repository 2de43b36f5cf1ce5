// SPDX-License-Identifier: Apache-2.0
#include "builder/kind/templates.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "content/media_types.hpp"
#include "release/templates/template.hpp"
#include "release/text/glob.hpp"

namespace sealift::builder {

namespace {

// The value of `image:` in a line of a compose file or manifest; empty where the line has none, or
// leaves it to a template. Line by line and not as YAML: a template is no YAML before it is
// rendered.
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

// Only there does `image:` mean an image.
bool is_yaml(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

// With the line, for a message when no component carries it.
std::vector<ValueUse> images_in(std::string_view text, const std::string& path) {
  std::vector<ValueUse> found;
  int number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    if (std::string name = image_in(line); !name.empty()) {
      found.push_back({std::move(name), format("{}:{}", path, number)});
    }
  }
  return found;
}

// The files that are no templates. Whether a file is one is told by its content or by `raw`; only
// those are listed whose bytes a rendering would change.
class RawFiles {
 public:
  explicit RawFiles(const std::vector<release::RawGlob>& globs) {
    for (const release::RawGlob& each : globs) globs_.push_back({each, release::Glob(each.glob)});
  }

  bool takes(const std::string& path, const FileText& file) {
    bool is_named = false;
    for (Named& each : globs_) {
      if (!each.glob.matches(path)) continue;
      each.is_used = true;
      is_named = true;
    }
    const bool is_raw = is_named || file.is_binary() || !file.has_braces();
    // Rendering any other would change nothing of it, as older installers do.
    if (is_raw && (file.has_braces() || !file.is_whole())) listed_.push_back(path);
    return is_raw;
  }

  // Sorted; Error{invalid_input} where a glob has no file.
  std::vector<std::string> finish() {
    Problems problems;
    for (const Named& each : globs_) {
      if (each.is_used) continue;
      problems.add(format("{}: \"{}\" matches no file of this component", each.said.where,
                          printable(each.said.glob, 200)),
                   "paths begin below source, as in dashboards/**");
    }
    if (listed_.size() > release::kMaxRawFiles) {
      problems.add(format("found {} files with braces that are no templates, expected at most {}",
                          listed_.size(), release::kMaxRawFiles),
                   "put them into a component of kind assets");
    }
    problems.throw_if_any(Errc::invalid_input);
    std::sort(listed_.begin(), listed_.end());
    return std::move(listed_);
  }

 private:
  struct Named {
    const release::RawGlob& said;
    release::Glob glob;
    bool is_used = false;
  };
  std::vector<Named> globs_;
  std::vector<std::string> listed_;
};

// A mistake in braces is most often another program's language.
release::Template parsed_of(const std::string& path, const FileText& file) {
  try {
    return release::Template::parse(file.whole(path), path);
  } catch (const Error& error) {
    throw error.advising(kBracesOfOtherPrograms);
  }
}

}  // namespace

BuiltComponent build_templates(const release::ComponentEntry& entry, const Workshop& workshop,
                               std::string_view artifact_type, MadeFiles made, const See& see,
                               const std::function<void(PackedTree&)>& finish,
                               std::set<std::string> replaced) {
  std::vector<ValueUse> uses;
  std::vector<ValueUse> images;
  std::vector<release::Template> templates;
  std::map<std::string, EntryType> paths;
  RawFiles raw(entry.raw);
  Beside beside{.made = std::move(made), .replaced = std::move(replaced)};
  beside.see_row = [&](const release::FileEntry& row) { paths.emplace(row.path.str(), row.type); };
  beside.inspect = [&](const std::string& path, const FileText& file) {
    if (see) see(path, file.beginning());
    if (is_yaml(path)) {
      for (ValueUse& image : images_in(file.beginning(), path)) images.push_back(std::move(image));
    }
    if (!beside.made.contains(path) && raw.takes(path, file)) {
      // Compose reads it as it is.
      if (file.is_whole() && !file.is_binary()) {
        templates.push_back(release::Template::verbatim(file.beginning(), path));
      }
      return;
    }
    templates.push_back(parsed_of(path, file));
    const release::Template& parsed = templates.back();
    for (const release::TemplateUse& use : parsed.uses()) {
      uses.push_back({.name = use.name,
                      .where = format("{}:{}", path, use.line),
                      .guarded = use.guarded,
                      .sections = parsed.sections_around(use)});
    }
  };
  PackedTree packed = pack_tree(workshop, entry, media_type::kMustacheTree, beside);
  packed.document.raw = raw.finish();
  if (finish) finish(packed);
  return {tree_component(entry, artifact_type, packed), std::move(uses), std::move(images),
          std::move(templates), std::move(paths)};
}

}  // namespace sealift::builder
