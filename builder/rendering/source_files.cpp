// SPDX-License-Identifier: Apache-2.0
#include "builder/rendering/source_files.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/format.hpp"
#include "base/lines.hpp"
#include "base/path.hpp"
#include "base/stream.hpp"
#include "builder/kind/selection.hpp"
#include "release/text/yaml.hpp"

namespace sealift::builder {

namespace {

constexpr const char* kChartFile = "Chart.yaml";
constexpr std::array kKustomizations = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
// The lists of a kustomization that name files, and may name what lies elsewhere.
constexpr std::array kLists = {"resources", "bases",        "components", "generators",
                               "crds",      "transformers", "validators", "configurations"};

// Reads a tree into memory: a program is given copies, so that it can change or follow nothing of
// the project.
class SourceReader {
 public:
  SourceReader(const Selection& selection, const std::string& source)
      : selection_(selection), source_(source) {}

  void read(const Dir& folder, const std::string& prefix) {
    for (const Entry& entry : folder.entries()) {
      const std::string path = prefix + entry.name;
      if (selection_.excludes(path)) continue;
      if (entry.type == EntryType::directory) {
        read(folder.descend(entry.name), path + "/");
      } else if (entry.type == EntryType::file) {
        add(folder, entry.name, path);
      } else {
        problems_.add(format("{}/{}: found no regular file", source_, printable(path, 200)),
                      "put a copy there: a link would lead elsewhere on another machine");
      }
    }
  }

  Texts finish() {
    problems_.throw_if_any(Errc::invalid_input);
    return std::move(files_);
  }

 private:
  void add(const Dir& folder, const std::string& name, const std::string& path) {
    const Fd file = folder.open_file(name);
    FdSource source(file.get(), path);
    bytes_ += (files_[path] = read_all(source, kMaxSourceBytes, path)).size();
    if (files_.size() <= kMaxSourceFiles && bytes_ <= kMaxSourceBytes) return;
    throw Error(Errc::invalid_input,
                format("{}: found more than {} files or {} bytes", source_, kMaxSourceFiles,
                       kMaxSourceBytes),
                "exclude what is no part of it");
  }

  const Selection& selection_;
  const std::string& source_;
  Texts files_;
  std::size_t bytes_ = 0;
  Problems problems_;
};

// A call in an action of a Go template; a mention in a comment is none.
bool calls_lookup(std::string_view line) {
  constexpr std::string_view kName = "lookup";
  for (std::size_t at = line.find(kName); at != line.npos; at = line.find(kName, at + 1)) {
    const std::size_t end = at + kName.size();
    const bool begins = at > 0 && std::string_view(" \t({|-").find(line[at - 1]) != line.npos;
    const bool ends = end < line.size() && (line[end] == ' ' || line[end] == '\t');
    if (begins && ends && line.find("/*") == line.npos && line.find("{{") < at) return true;
  }
  return false;
}

// As kustomize tells them: URLs, what go-getter takes for a repository, and "//" before the folder
// in one.
bool is_elsewhere(const std::string& resource) {
  return resource.find("://") != resource.npos || resource.find("?ref=") != resource.npos ||
         resource.find("//") != resource.npos || resource.starts_with("git@") ||
         resource.starts_with("github.com");
}

}  // namespace

// The tree is walked as the packer of trees walks it, in the order of names.
Texts source_files(const fs::path& folder, const release::ComponentEntry& entry) {
  const Selection selection = selection_of(entry);
  SourceReader reader(selection, entry.source);
  reader.read(Dir::open(source_folder(folder, selection.root, entry)), "");
  return reader.finish();
}

// Templates are looked at in dependencies too: charts/NAME/templates.
void check_chart(const Texts& files, Problems& problems) {
  if (!files.contains(kChartFile)) {
    problems.add(format("found no {}, expected a chart of Helm", kChartFile),
                 "source is the folder of the chart");
  }
  for (const auto& [path, text] : files) {
    if (path.ends_with(".tgz") && path.find("charts/") != path.npos) {
      problems.add(format("{}: found a packed chart", path),
                   "unpack it beside the others, where people can review it: tar xzf");
    }
    if (path.find("templates/") == path.npos) continue;
    int number = 0;
    for (const std::string_view line : split_lines(text)) {
      ++number;
      if (!calls_lookup(line)) continue;
      problems.add(format("{}:{}: found a call of lookup, which asks a cluster", path, number),
                   "no cluster is asked in CI: take the call out, or give the value in values");
    }
  }
}

void check_kustomization(const Texts& files, Problems& problems) {
  for (const auto& [path, text] : files) {
    if (!is_kustomization(path)) continue;
    try {
      const auto document = release::YamlDocument::parse(text, path, release::Yaml::foreign);
      for (const char* key : kLists) {
        const Json& list = list_at(document.value(), key);
        for (std::size_t i = 0; i < list.size(); ++i) {
          if (!list[i].is_string() || !is_elsewhere(list[i].text())) continue;
          problems.add(
              format("{}: found {}, which lies elsewhere", document.where(format("/{}/{}", key, i)),
                     printable(list[i].text(), 200)),
              "put a copy into source: nothing is fetched while a release is built");
        }
      }
    } catch (const Error& error) {
      problems.add(error);
    }
  }
}

bool is_kustomization(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return std::find(kKustomizations.begin(), kKustomizations.end(), name) != kKustomizations.end();
}

}  // namespace sealift::builder
