// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a placement on Kubernetes remembers: all that running it takes beside its files, with its
// one reader and its one writer. The reader is strict: Error{corrupt} that names the place and the
// key.

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "installer/drivers/runtime/workload_step.hpp"
#include "kubernetes/object.hpp"

namespace sealift::installer {

// An object as it was given to the server.
struct ObjectSettings {
  kubernetes::Reference reference;
  std::string digest;                 // of all of it, in hex
  std::string fixed;                  // of the fields that no server changes; empty: none is known
  bool is_replaced_if_fixed = false;  // may be deleted and created anew where they change

  friend bool operator==(const ObjectSettings&, const ObjectSettings&) = default;
};

struct KubernetesSettings {
  std::vector<std::string> kubectl;
  std::string kubeconfig;  // empty: kubectl's usual one
  std::string context;     // empty: its current one
  std::string name_space;
  std::string inventory;               // the ConfigMap that stands for all objects of the component
  std::string site;                    // its id
  unsigned timeout = 0;                // seconds
  std::vector<std::string> take_over;  // KIND/NAME of objects whose conflicts are won
  std::vector<std::string> canary;     // names of workloads of which one new pod goes first
  std::vector<std::string> files;
  std::map<std::string, std::string> pins;  // an image as a file names it -> as it is called here
  std::vector<ObjectSettings> objects;      // in the order in which they are applied

  friend bool operator==(const KubernetesSettings&, const KubernetesSettings&) = default;
};

Json to_json(const KubernetesSettings& settings);
KubernetesSettings kubernetes_settings_from_json(const Json& value, const std::string& where);
KubernetesSettings kubernetes_settings_of(const Deployment& deployment);

}  // namespace sealift::installer
