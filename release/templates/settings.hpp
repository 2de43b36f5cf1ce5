// SPDX-License-Identifier: Apache-2.0
#pragma once

// The values of one site, each with who said it. Later sources win:
//   the contract's default < the environment in the bundle < site.yaml < --set
// A null of the environment stays until the site says a value.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "release/values/contract.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

enum class Origin { contract, environment, site, command_line };
// "default", "environment", "site.yaml", "--set".
std::string_view name(Origin source);

struct Setting {
  Json value;
  Origin source;

  friend bool operator==(const Setting&, const Setting&) = default;
};
using Settings = std::map<std::string, Setting>;

// Without a contract there are no defaults.
Settings merge(const Contract& contract, const Values& environment, const Values& site,
               const Values& set);

// As templates see them: an optional key that nobody set is empty text, false or an empty list.
// Secrets that nobody set are left out; their values come from elsewhere.
Values values_of(const Contract& contract, const Settings& settings);

// The names of secrets for which a sealed value is there.
using Sealed = std::set<std::string>;

// What keeps a site from taking these settings: breaches, values that the site must set still, and
// secrets in clear. Without a contract nothing.
std::vector<Breach> breaches(const Contract& contract, const Settings& settings,
                             const Sealed& sealed);

// How an environment leaves a value to each site, for a hint. In a .env file nothing behind "=" is
// empty text.
std::string left_to_sites(const Environment& environment, const std::string& key);

// What is wrong with one environment of a release, each problem with its place. Without a contract
// nothing.
std::vector<Problem> mistakes_in(const Contract& contract, const Environment& environment,
                                 const Sealed& sealed);

}  // namespace sealift::release
