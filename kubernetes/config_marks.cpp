// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/config_marks.hpp"

#include <map>
#include <set>

#include "base/digest.hpp"
#include "kubernetes/object.hpp"
#include "kubernetes/pods.hpp"

namespace sealift::kubernetes {

namespace {

using Name = std::pair<std::string, std::string>;  // kind, name

// The keys under which a description of pods names one, with the key of the name beside it,
// wherever they stand: in variables, in all variables, in volumes and in what a volume is put
// together from.
struct Mention {
  std::string_view key;
  std::string_view name;
  const char* kind;
};
constexpr Mention kMentions[] = {{"configMapKeyRef", "name", "ConfigMap"},
                                 {"configMapRef", "name", "ConfigMap"},
                                 {"configMap", "name", "ConfigMap"},
                                 {"secretKeyRef", "name", "Secret"},
                                 {"secretRef", "name", "Secret"},
                                 {"secret", "secretName", "Secret"},
                                 {"secret", "name", "Secret"}};

void find_mentions(const Json& value, std::set<Name>& found) {
  if (value.is_array()) {
    for (const Json& each : value) find_mentions(each, found);
  } else if (value.is_object()) {
    for (const auto& [key, each] : value.items()) {
      for (const Mention& mention : kMentions) {
        const std::string name = key == mention.key ? text_at(each, mention.name) : "";
        if (!name.empty()) found.insert({mention.kind, name});
      }
      find_mentions(each, found);
    }
  }
}

}  // namespace

void add_config_marks(std::vector<Json>& bodies) {
  std::map<Name, std::string> digests;
  for (const Json& each : bodies) {
    const Reference reference = reference_of(each);
    if (reference.kind != "ConfigMap" && reference.kind != "Secret") continue;
    digests[{reference.kind, reference.name}] = Digest::of(to_canonical(each)).hex();
  }
  for (Json& each : bodies) {
    if (!keeps_pods(reference_of(each).kind)) continue;
    for_each_pod_template(each, [&](Json& pods) {
      std::set<Name> mentioned;
      find_mentions(pods, mentioned);
      std::string all;
      for (const Name& name : mentioned) {
        if (const auto known = digests.find(name); known != digests.end()) all += known->second;
      }
      if (!all.empty()) pods["metadata"]["annotations"][kConfigMark] = Digest::of(all).hex();
    });
  }
}

}  // namespace sealift::kubernetes
