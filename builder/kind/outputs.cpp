// SPDX-License-Identifier: Apache-2.0
#include "builder/kind/outputs.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/path.hpp"
#include "release/text/glob.hpp"
#include "release/text/schema.hpp"

namespace sealift::builder {

namespace {

using release::OutputEntry;

struct Key {
  std::string name;
  bool is_secret = false;
  bool may_be_absent = false;  // the contract asks for no value
};

// The keys of every environment and of the contract, sorted: an output has the same lines for all
// sites of a release, so that a diff of two sites shows values and nothing else.
std::vector<Key> keys_of(const release::Release& release) {
  std::map<std::string, Key> keys;
  for (const release::Environment& environment : release.environments) {
    for (const auto& [name, unused] : environment.values) keys[name].name = name;
  }
  for (const auto& [name, key] : release.contract.keys()) {
    keys[name] = {name, key.secret, !key.required && key.fallback.is_null()};
  }
  std::vector<Key> all;
  all.reserve(keys.size());
  for (const auto& [unused, key] : keys) all.push_back(key);
  return all;
}

// As globs of release.yaml are written; a name of a key has neither.
bool is_pattern(const std::string& text) {
  return text.find_first_of("*?") != std::string::npos;
}

// Which keys an output has.
class OutputChoice {
 public:
  OutputChoice(const OutputEntry& output, const std::vector<Key>& all, const std::string& where,
               Problems& problems)
      : output_(output), all_(all), where_(where), problems_(problems) {}

  std::vector<Key> make() {
    if (all_.empty() && output_.keys.empty()) return {};  // a configuration without keys
    if (output_.keys.empty()) take("*", "keys");
    for (const std::string& pattern : output_.keys) take(pattern, "keys");
    std::set<std::string> left_out;
    for (const std::string& pattern : output_.exclude_keys) {
      left_out.merge(matching(pattern, "exclude_keys"));
    }
    std::vector<Key> chosen;
    for (const Key& key : all_) {
      if (taken_.contains(key.name) && !left_out.contains(key.name)) chosen.push_back(key);
    }
    if (chosen.empty() && problems_.empty()) {
      problems_.add(format("{}: has no key, expected at least one", where_));
    }
    return chosen;
  }

 private:
  // A secret goes where it is named, not where a pattern happens to match it; Kubernetes has a
  // place of its own for it.
  void take(const std::string& pattern, const char* what) {
    const bool with_secrets = !is_pattern(pattern) || output_.format == "kubernetes";
    for (const std::string& name : matching(pattern, what)) {
      const auto key = std::find_if(all_.begin(), all_.end(),
                                    [&](const Key& each) { return each.name == name; });
      if (!key->is_secret || with_secrets) taken_.insert(name);
    }
  }

  // A pattern or name that fits nothing is most often a key that was renamed.
  std::set<std::string> matching(const std::string& pattern, const char* what) {
    const release::Glob glob(pattern);
    std::set<std::string> names;
    std::vector<std::string> known;
    for (const Key& key : all_) {
      known.push_back(key.name);
      if (is_pattern(pattern) ? glob.matches(key.name) : key.name == pattern) {
        names.insert(key.name);
      }
    }
    if (!names.empty()) return names;
    const std::string near = is_pattern(pattern) ? "" : nearest(pattern, known);
    problems_.add(format("{}.{}: \"{}\" is no key of the configuration", where_, what,
                         printable(pattern, 80)),
                  near.empty() ? "keys are in environments/schema.json and environments/NAME.yaml"
                               : format("did you mean \"{}\"?", near));
    return names;
  }

  const OutputEntry& output_;
  const std::vector<Key>& all_;
  const std::string& where_;
  Problems& problems_;
  std::set<std::string> taken_;
};

// `line`, which has "NAME" for the key, for each key. A section's tags take no line of their own. A
// key that may be absent has its line only where a site has given it a value.
std::string lines(const std::vector<Key>& keys, const std::string& line) {
  std::string all;
  for (const Key& key : keys) {
    std::string here = line;
    for (std::size_t at = here.find("NAME"); at != std::string::npos;
         at = here.find("NAME", at + key.name.size())) {
      here.replace(at, 4, key.name);
    }
    all += key.may_be_absent
               ? format("{{{{#{0} | given}}}}\n{1}{{{{/{0} | given}}}}\n", key.name, here)
               : here;
  }
  return all;
}

// Outputs are templates, not values: the site fills them in, and only there a secret is in clear.
// Quoted where the value needs it, which a filter decides on the target.
std::string dotenv(const std::vector<Key>& keys) {
  return lines(keys, "NAME={{NAME | text | dotenv}}\n");
}

// Only what every reader reads the same; the override has the others.
std::string portable_dotenv(const std::vector<Key>& keys) {
  return lines(keys,
               "{{#NAME | text | portable}}\n"
               "NAME={{NAME | text}}\n"
               "{{/NAME | text | portable}}\n");
}

// A mapping in braces may be empty, and Compose refuses an `environment` without a value. The same
// variables for each service that was named.
std::string compose(const std::vector<std::string>& services, const std::string& variables) {
  std::string text = "services:\n";
  for (const std::string& service : services) {
    text += format("  \"{}\":\n    environment: {{\n{}      }}\n", service, variables);
  }
  return text;
}

std::string variables(const std::vector<Key>& keys) {
  return lines(keys, "      \"NAME\": {{NAME | text | compose}},\n");
}

std::string variables_that_are_not_portable(const std::vector<Key>& keys) {
  return lines(keys,
               "{{^NAME | text | portable}}\n"
               "      \"NAME\": {{NAME | text | compose}},\n"
               "{{/NAME | text | portable}}\n");
}

// JSON and YAML can say that there is no value.
std::string typed(const std::vector<Key>& keys, std::string_view filter, std::string_view before,
                  std::string_view between) {
  std::string all;
  for (const Key& key : keys) {
    if (!all.empty()) all += between;
    all += format("{}\"{}\": ", before, key.name);
    const std::string value = format("{{{{{} | {}}}}}", key.name, filter);
    all += key.may_be_absent ? format(
                                   "{{{{#{0} | given}}}}{1}{{{{/{0} | given}}}}{{{{^{0} | "
                                   "given}}}}null{{{{/{0} | given}}}}",
                                   key.name, value)
                             : value;
  }
  return all;
}

// Indented as people and `jq` write it; a value is in its own type.
std::string json(const std::vector<Key>& keys) {
  if (keys.empty()) return "{}\n";
  return "{\n" + typed(keys, "json", "  ", ",\n") + "\n}\n";
}

// Names are quoted: YAML takes a bare `no` or `1e3` for something else. "{}" for none: an empty
// document is null to a reader.
std::string yaml(const std::vector<Key>& keys) {
  return keys.empty() ? "{}\n" : typed(keys, "yaml", "", "\n") + "\n";
}

// ConfigMaps take texts alone, so numbers are written as texts too.
std::string kubernetes_document(const OutputEntry& output, std::string_view kind,
                                std::string_view data, const std::vector<Key>& keys) {
  std::string text =
      format("apiVersion: v1\nkind: {}\nmetadata:\n  name: \"{}\"\n", kind, output.name);
  if (!output.name_space.empty()) text += format("  namespace: \"{}\"\n", output.name_space);
  return text + format("{}:\n", data) + lines(keys, "  \"NAME\": {{NAME | text | yaml}}\n");
}

// One file, as kubectl apply takes it: a ConfigMap and, where there are secrets, a Secret behind
// it.
std::string kubernetes(const OutputEntry& output, const std::vector<Key>& keys) {
  std::vector<Key> plain;
  std::vector<Key> secret;
  for (const Key& key : keys) (key.is_secret ? secret : plain).push_back(key);
  std::string text;
  if (!plain.empty() || secret.empty())
    text = kubernetes_document(output, "ConfigMap", "data", plain);
  if (!plain.empty() && !secret.empty()) text += "---\n";
  if (!secret.empty()) text += kubernetes_document(output, "Secret", "stringData", secret);
  return text;
}

// Each file of one output, by its path. A dotenv with services is two files: what every reader
// takes alike, and the rest for Compose.
std::map<std::string, std::string> files_of(const OutputEntry& output,
                                            const std::vector<Key>& keys) {
  if (output.format == "json") return {{output.file, json(keys)}};
  if (output.format == "yaml") return {{output.file, yaml(keys)}};
  if (output.format == "kubernetes") return {{output.file, kubernetes(output, keys)}};
  if (output.format == "compose") {
    return {{output.file, compose(output.services, variables(keys))}};
  }
  if (output.services.empty()) return {{output.file, dotenv(keys)}};
  return {{output.file, portable_dotenv(keys)},
          {output.file + ".override.yaml",
           compose(output.services, variables_that_are_not_portable(keys))}};
}

}  // namespace

std::map<std::string, std::string> outputs_of(const release::ComponentEntry& entry,
                                              const release::Release& release) {
  std::map<std::string, std::string> files;
  const std::vector<Key> all = keys_of(release);
  Problems problems;
  for (const OutputEntry& output : entry.outputs) {
    const std::string where =
        format("release.yaml:{}: components.{}: outputs.{}", output.line, entry.name, output.file);
    Problems here;
    const std::vector<Key> keys = OutputChoice(output, all, where, here).make();
    for (const Problem& problem : here.all()) problems.add(problem.message, problem.hint);
    if (!here.empty()) continue;
    for (auto& [path, text] : files_of(output, keys)) {
      if (files.emplace(path, std::move(text)).second) continue;
      problems.add(format("{}: two outputs write {}", where, path));
    }
  }
  problems.throw_if_any(Errc::invalid_input);
  return files;
}

std::string compose_variables(const std::set<std::string>& names, const release::Release& release) {
  std::vector<Key> keys;
  for (const Key& key : keys_of(release)) {
    if (names.contains(key.name)) keys.push_back(key);
  }
  // In single quotes where not every reader takes a plain value the same.
  return lines(keys,
               "{{#NAME | text | portable}}\n"
               "NAME={{NAME | text}}\n"
               "{{/NAME | text | portable}}\n"
               "{{^NAME | text | portable}}\n"
               "NAME={{NAME | text | shell}}\n"
               "{{/NAME | text | portable}}\n");
}

}  // namespace sealift::builder
