// SPDX-License-Identifier: Apache-2.0
#pragma once

// An object of Kubernetes as a file of a release describes it, and the order in which objects are
// given to a server. Read on both sides of the gap: by the builder to refuse what no site could
// take, by the installer to apply it.

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace sealift::kubernetes {

// Of an API, where a server has several.
enum class Version { said, preferred };

// Which object; its namespace is that of the site's target.
struct Reference {
  std::string api_version;  // "apps/v1"
  std::string kind;         // "Deployment"
  std::string name;

  // For people: "Deployment web".
  std::string str() const;
  // "apps"; empty: the core group.
  std::string group() const;
  // As kubectl takes it: "Deployment.v1.apps", or "Deployment.apps" for the version that the server
  // prefers; "Pod".
  std::string resource(Version version) const;
  // Two versions of one API have the same objects.
  bool is_same(const Reference& other) const;

  friend bool operator==(const Reference&, const Reference&) = default;
};

// An image that an object names.
struct ImageUse {
  std::string name;   // empty: its container says none
  std::string place;  // "web.yaml:20: spec.template.spec.containers[0].image"

  friend bool operator==(const ImageUse&, const ImageUse&) = default;
};

struct Object {
  Reference reference;
  Json body;          // all of it
  std::string place;  // "web.yaml:12", for messages
  std::vector<ImageUse> images = {};

  friend bool operator==(const Object&, const Object&) = default;
};

// What an object says of itself; empty texts where it says nothing.
Reference reference_of(const Json& body);

// Whether objects of that kind belong to no namespace, as far as kinds of Kubernetes itself go.
bool is_of_cluster(std::string_view kind);

// Before others what others need when they begin: accounts and rights, configuration, storage,
// services, then what runs, then what watches over that. Objects of one rank stay as they stood.
void put_in_order(std::vector<Object>& objects);

}  // namespace sealift::kubernetes
