// SPDX-License-Identifier: Apache-2.0
#include "builder/rendering/render_source.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/program_file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "builder/kind/templates.hpp"
#include "builder/rendering/chart_documents.hpp"
#include "builder/rendering/pass_through.hpp"
#include "builder/rendering/source_files.hpp"
#include "kubernetes/manifests.hpp"
#include "release/templates/references.hpp"
#include "release/templates/settings.hpp"
#include "release/text/glob.hpp"

namespace sealift::builder {

namespace {

using release::Rendering;

// A chart that no namespace was said for must not say one: a site's target does.
constexpr const char* kNoNamespace = "sealift-no-namespace";
constexpr const char* kHelmHint =
    "install it, so that `helm version` runs, or render the chart elsewhere and give its output as "
    "source";
constexpr const char* kKubectlHint =
    "install kubectl (Debian: kubernetes-client), or render the folder elsewhere and give its "
    "output as source";

// Files for one program, only of this user, gone with it.
class Workplace {
 public:
  Workplace() : path_(temporary_folder() / ("sealift-render-" + random_hex(8))) {
    make_dirs(path_, 0700);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace() {
    try {
      Dir::open(path_.parent_path()).remove_tree(path_.filename().string());
    } catch (const Error&) {  // nothing of worth or secret is left in it
    }
  }

  // A path in it, whether something is there or not.
  std::string in(const std::string& path) const { return (path_ / path).string(); }
  void put(const std::string& folder, const Texts& files) const {
    for (const auto& [path, text] : files) {
      const fs::path place = path_ / folder / path;
      make_dirs(place.parent_path());
      write_file(place, text);
    }
  }

 private:
  fs::path path_;
};

// A program of this host. It is called by its arguments, never by a shell, and what it says about
// its own copies of the files is said about the source's. It runs without its user's plugins,
// repositories and contexts, and without a way out: what it would fetch is no part of the release.
class Tool {
 public:
  Tool(const std::string& name, const char* hint, const Workplace& place) : place_(place) {
    const char* path = std::getenv("PATH");
    program_ = find_program(name, path == nullptr ? "/usr/bin:/bin" : path).string();
    if (program_.empty()) {
      throw Error(Errc::incompatible, format("the program {} was not found", name), hint);
    }
    environment_ = {{"LANG", "C.UTF-8"},         {"PATH", path == nullptr ? "/usr/bin:/bin" : path},
                    {"HOME", place.in("home")},  {"KUBECONFIG", "/dev/null"},
                    {"HELM_NO_PLUGINS", "1"},    {"GIT_ALLOW_PROTOCOL", "none"},
                    {"GIT_TERMINAL_PROMPT", "0"}};
    for (const char* name_of_proxy : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"}) {
      environment_.emplace_back(name_of_proxy, "http://127.0.0.1:9");
    }
  }

  // What it writes. Error{invalid_input} with what it says otherwise, for its input is the
  // project's.
  std::string call(const std::vector<std::string>& words) const {
    std::vector<std::string> all = {program_};
    all.insert(all.end(), words.begin(), words.end());
    const auto outcome = run({.arguments = std::move(all),
                              .folder = place_.in(""),
                              .input = {},
                              .output_limit = kubernetes::kMaxManifestsBytes,
                              .environment = environment_,
                              .inherit = Inherit::nothing,
                              .privileges = Privileges::no_new});
    const std::string what = format("{} {}", fs::path(program_).filename().string(), words.front());
    if (!outcome) throw Error(Errc::incompatible, format("{}: cannot be run", what));
    if (outcome->status != 0) {
      std::string words_of_it = said(*outcome);
      replace_all(words_of_it, place_.in(""), "");
      throw Error(Errc::invalid_input, format("{}: {}", what, words_of_it),
                  "numbers stand for values that only a site knows; see docs/kubernetes.md");
    }
    if (outcome->output.size() >= kubernetes::kMaxManifestsBytes) {
      throw Error(Errc::invalid_input,
                  format("{}: wrote more than {} bytes", what, kubernetes::kMaxManifestsBytes));
    }
    return outcome->output;
  }

 private:
  const Workplace& place_;
  std::string program_;
  std::vector<std::pair<std::string, std::string>> environment_;
};

// By its type in the contract, or as the environments have it.
Sort sort_of(const release::Release& release, const std::string& name) {
  if (const release::Key* key = release.contract.find(name)) {
    if (key->type == "integer") return Sort::integer;
    if (key->type == "boolean") return Sort::boolean;
    return key->type == "list" ? Sort::list : Sort::text;
  }
  for (const release::Environment& environment : release.environments) {
    const auto value = environment.values.find(name);
    if (value == environment.values.end() || value->second.is_null()) continue;
    if (value->second.is_array()) return Sort::list;
    if (value->second.is_boolean()) return Sort::boolean;
    return value->second.is_number() ? Sort::integer : Sort::text;
  }
  return Sort::unknown;
}

// As templates see them there, with what they refer to in place. A value that a site must set is
// null, and is a stand-in in its environment.
ByEnvironment values_by_environment(const release::Release& release) {
  ByEnvironment all;
  for (const release::Environment& each : release.environments) {
    release::Values values =
        values_of(release.contract, merge(release.contract, each.values, {}, {}));
    values.merge(release::builtin_values(release.name, release.version.str(), each.name));
    all.emplace_back(each.name, release::known_of(values));
  }
  return all;
}

// One component's source, once.
class Renderer {
 public:
  Renderer(const release::ComponentEntry& entry, const release::Release& release)
      : entry_(entry), release_(release) {}

  RenderedSource render() {
    place_.put("home", {{".keep", ""}});
    files_ = source_files(release_.folder, entry_);
    return entry_.rendering.program == release::kHelm ? chart() : kustomization();
  }

 private:
  // What both have in common: the placeholders, the passage, and what is told of it.
  RenderedSource finish(const Texts& templates, const Program& program, std::string version) {
    const Placeholders placeholders(
        templates, [&](const std::string& name) { return sort_of(release_, name); }, problems_);
    PassedThrough passed =
        pass_through(placeholders, values_by_environment(release_), program, problems_);
    refuse_unseen(passed.unseen);
    refuse_unknown(placeholders, passed.unseen);
    problems_.throw_if_any(Errc::invalid_input);
    for (const std::string& doubt : passed.doubts) {
      log::warning(format("components.{}: {}", entry_.name, doubt));
    }
    return {std::move(passed.files), std::move(version)};
  }

  // What a chart makes something else of would surprise the site that sets it. A kustomization has
  // files that this one does not take, and nothing in it looks at a text.
  void refuse_unseen(const std::vector<Placeholders::Named>& unseen) {
    if (entry_.rendering.program != release::kHelm) return;
    for (const Placeholders::Named& each : unseen) {
      problems_.add(format("{}: {{{{{}}}}} is nowhere in what is written", each.where, each.name),
                    "take it out; or say in environments/schema.json that it is an integer or a "
                    "boolean, for a text where a chart wants a number becomes 0");
    }
  }

  // Here, for what is written has no place that a person knows. Names with a dot are not of
  // environments.
  void refuse_unknown(const Placeholders& placeholders,
                      const std::vector<Placeholders::Named>& unseen) {
    for (const Placeholders::Named& each : placeholders.all()) {
      const bool is_unseen = std::any_of(
          unseen.begin(), unseen.end(), [&](const auto& other) { return other.name == each.name; });
      if (is_unseen || each.name.find('.') != each.name.npos || is_known(each.name)) continue;
      problems_.add(
          format("{}: no environment has a value named \"{}\"", each.where, each.name),
          format("add it to each, empty where sites set their own; {}", kBracesOfOtherPrograms));
    }
  }

  bool is_known(const std::string& name) const {
    return release_.contract.find(name) != nullptr ||
           std::any_of(release_.environments.begin(), release_.environments.end(),
                       [&](const release::Environment& each) {
                         return each.values.contains(name) ||
                                release::sealed_keys(release_.sealed, each.name).contains(name);
                       });
  }

  // Hooks stay in what helm writes, so that none is left out in silence; tests among them are, for
  // no release is tested by them.
  RenderedSource chart() {
    const Rendering& rendering = entry_.rendering;
    check_chart(files_, problems_);
    problems_.throw_if_any(Errc::invalid_input);
    place_.put("chart", files_);
    const Tool helm("helm", kHelmHint, place_);
    Texts templates;
    for (const std::string& path : rendering.values) {
      if (!path_exists(release_.folder / path)) {
        throw Error(Errc::invalid_input, format("{}: found no such file", path),
                    "paths in values begin at release.yaml");
      }
      templates[path] = read_file(release_.folder / path, kubernetes::kMaxManifestBytes);
    }
    const std::string name_space =
        rendering.name_space.empty() ? kNoNamespace : rendering.name_space;
    templates[kSpaceKey] = name_space;
    std::vector<std::string> words = {"template", rendering.release, place_.in("chart")};
    for (std::size_t i = 0; i < rendering.values.size(); ++i) {
      words.insert(words.end(), {"--values", place_.in(format("values/{}.yaml", i))});
    }
    if (!rendering.version.empty()) {
      words.insert(words.end(), {"--kube-version", rendering.version});
    }
    const Program program = [&](const Texts& filled) {
      Texts values;
      for (std::size_t i = 0; i < rendering.values.size(); ++i) {
        values[format("{}.yaml", i)] = filled.at(rendering.values[i]);
      }
      place_.put("values", values);
      std::vector<std::string> all = words;
      all.insert(all.end(), {"--namespace", filled.at(kSpaceKey)});
      return without_name_space(helm.call(all), kNoNamespace);
    };
    std::string version = helm.call({"version", "--template", "{{.Version}}"});
    RenderedSource rendered =
        finish(templates, program, format("helm {}", printable(trimmed(version, " \r\n"), 80)));
    refuse_name_space(rendered.files);
    return rendered;
  }

  // Where the chart writes its namespace into a text, the release has to know it.
  void refuse_name_space(const MadeFiles& files) {
    for (const auto& [path, text] : files) {
      if (text.find(kNoNamespace) == text.npos) continue;
      problems_.add(format("{}: writes the namespace beside metadata.namespace", path),
                    "say it: chart: {namespace: NAME}, that of the target, or a value, "
                    "\"{{NAMESPACE}}\"");
    }
    problems_.throw_if_any(Errc::invalid_input);
  }

  // Its files are templates themselves: those with braces are filled anew in each round. What they
  // name is looked at when they are filled, for before that they are no YAML.
  RenderedSource kustomization() {
    const std::string& folder = entry_.rendering.folder;
    const bool is_there = std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
      return is_kustomization(file.first) && fs::path(file.first).parent_path() == folder;
    });
    if (!is_there) {
      throw Error(Errc::invalid_input,
                  format("{}: found no kustomization.yaml", folder.empty() ? "source" : folder),
                  "kustomize: FOLDER names the one to begin with, below source");
    }
    const Tool kubectl("kubectl", kKubectlHint, place_);
    place_.put("source", files_);  // those that are no templates stay as they are
    std::vector<release::Glob> raw;
    for (const release::RawGlob& each : entry_.raw) raw.emplace_back(each.glob);
    Texts templates;
    for (const auto& file : files_) {
      const bool is_raw = std::any_of(raw.begin(), raw.end(), [&](const release::Glob& glob) {
        return glob.matches(file.first);
      });
      const std::string& text = file.second;
      if (!is_raw && text.find("{{") != text.npos && text.find('\0') == text.npos) {
        templates.insert(file);
      }
    }
    bool is_checked = false;
    const Program program = [&](const Texts& filled) {
      if (!std::exchange(is_checked, true)) {
        Texts all = filled;
        all.insert(files_.begin(), files_.end());
        Problems elsewhere;
        check_kustomization(all, elsewhere);
        elsewhere.throw_if_any(Errc::invalid_input);
      }
      place_.put("source", filled);
      return kubectl.call({"kustomize", place_.in("source/" + folder)});
    };
    const std::string version = kubectl.call({"version", "--client", "-o", "json"});
    return finish(templates, program, read_version(version));
  }

  // Until 1.20 kubectl does not say which kustomize is in it.
  static std::string read_version(const std::string& text) {
    const Json said = parse_json(text, "kubectl version", Errc::invalid_input, Numbers::any);
    const std::string kustomize = text_at(said, "kustomizeVersion");
    return printable(format("kubectl {}{}", text_at(object_at(said, "clientVersion"), "gitVersion"),
                            kustomize.empty() ? "" : format(" (kustomize {})", kustomize)),
                     80);
  }

  static constexpr const char* kSpaceKey = "chart.namespace";

  const release::ComponentEntry& entry_;
  const release::Release& release_;
  Workplace place_;
  Texts files_;
  Problems problems_;
};

}  // namespace

RenderedSource render_source(const release::ComponentEntry& entry, const Workshop& workshop) {
  return while_doing(format("components.{}", entry.name),
                     [&] { return Renderer(entry, workshop.release).render(); });
}

}  // namespace sealift::builder
