// SPDX-License-Identifier: Apache-2.0
#pragma once

// `outputs` of a component of configuration: files that are made from the keys of the
// configuration, in a format that a program reads. Each becomes the text of a template, so a target
// renders it like any other; docs/templates.md says what each format writes.

#include <map>
#include <set>
#include <string>

#include "release/project/release_file.hpp"

namespace sealift::builder {

// The templates by their path in the component's tree. Throws Error{invalid_input} with every
// mistake: keys that do not exist, patterns that match none, secrets that only a pattern names.
std::map<std::string, std::string> outputs_of(const release::ComponentEntry& entry,
                                              const release::Release& release);

// The template of a file .env from which Compose fills in the variables of its own file: those of
// `names` that the configuration has. Empty where it has none of them.
std::string compose_variables(const std::set<std::string>& names, const release::Release& release);

}  // namespace sealift::builder
