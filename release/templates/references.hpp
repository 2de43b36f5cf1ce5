// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values that are made of others: API_URL: "https://{{PUBLIC_HOST}}/api". The texts of an
// environment and a site are templates without sections, of the merged values, so a site's
// PUBLIC_HOST is used. A text without "{{" stays as it is; {{"{{"}} writes one.
// Pure and bounded: a chain has at most 16 values, a text at most 64 KiB, all together 8 MiB.

#include <set>
#include <string>

#include "release/templates/template.hpp"
#include "release/values/environment.hpp"

namespace sealift::release {

// Every text, also those in lists, with what it refers to in place; null where it refers to a value
// that is not set. The values named by `literal` are taken as they are: what no person wrote as a
// template, such as secrets. Throws Error{invalid_input} with every mistake, also "A -> B -> A".
Values resolve(const Values& values, const std::set<std::string>& literal = {});

// What values become as far as that is known here: those that refer to nothing, and those whose
// references lead to values that are set. The others are left out.
Values known_of(const Values& values);

// `name` and every value that its text refers to, directly or through others. Values that cannot be
// read are passed over: resolve() says so.
std::set<std::string> reached_from(const std::string& name, const Values& values);

// Every value that a template's text may depend on, through references too. Never too few: a name
// that may be a field of a list's item is among them.
std::set<std::string> names_used(const Template& text, const Values& values);

}  // namespace sealift::release
